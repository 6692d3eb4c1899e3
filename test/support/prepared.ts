import { afterAll, beforeAll } from '@jest/globals';

/**
 * What is made once, before the tests that stand where this is called, and taken down after them. The tests ask for it
 * by calling what is returned.
 */
export function prepared<T>(make: () => Promise<T>, takeDown?: (made: T) => unknown): () => T {
  let made: { readonly value: T } | undefined;
  beforeAll(async () => {
    made = { value: await make() };
  });
  afterAll(async () => {
    if (made !== undefined) await takeDown?.(made.value);
  });
  return () => {
    if (made === undefined) throw new TypeError('it is made for tests: ask for it inside one');
    return made.value;
  };
}
