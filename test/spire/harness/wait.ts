/** Something that changes by itself and tells of it. */
interface Changing<T> {
  current(): T | undefined;
  onChange(listener: () => void): () => void;
}

/** Resolves with the first value that fits; the test's own deadline is the only one. */
export async function untilValue<T>(source: Changing<T>, fits: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = source.current();
    if (value !== undefined && fits(value)) return value;
    await new Promise<void>((resolve) => {
      const stop = source.onChange(() => {
        stop();
        resolve();
      });
    });
  }
}
