/**
 * True where one resourceVersion is surely of an earlier moment than the other. Versions are compared only where they are
 * numbers, as those of the API server are.
 */
export function isOlder(version: string | undefined, than: string | undefined): boolean {
  const [one, other] = [numberOf(version), numberOf(than)];
  return one !== undefined && other !== undefined && one < other;
}

function numberOf(resourceVersion: string | undefined): bigint | undefined {
  return resourceVersion !== undefined && /^\d+$/.test(resourceVersion) ? BigInt(resourceVersion) : undefined;
}
