/** Which of two objects wins a label that both give. */
export type Precedence = 'first' | 'last';

/** Labels of several objects of one node as one set; a Map, so that `__proto__` is a key like any other. */
export function mergeLabels(
  contributions: readonly Readonly<Record<string, string>>[],
  precedence: Precedence,
): ReadonlyMap<string, string> {
  const merged = new Map<string, string>();
  for (const labels of contributions) {
    for (const [key, value] of Object.entries(labels)) {
      if (precedence === 'last' || !merged.has(key)) merged.set(key, value);
    }
  }
  return merged;
}
