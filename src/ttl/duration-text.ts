/** Milliseconds as SPIRE and Go write a duration, without parts that are zero: `96h`, `10h48m`, `90s`. Whole seconds. */
export function durationText(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const parts: readonly [number, string][] = [
    [Math.floor(seconds / 3600), 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ];
  const text = parts.map(([count, unit]) => (count === 0 ? '' : `${String(count)}${unit}`)).join('');
  return text === '' ? '0s' : text;
}
