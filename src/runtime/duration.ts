import { FeaturesealError } from '../error.ts';

const units: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `90s`, `15m`, `1h` or `2d` in milliseconds. */
export function parseDuration(text: string): number {
  const [, amount = '', unit = ''] = /^([1-9][0-9]{0,8})([smhd])$/.exec(text) ?? [];
  const ms = Number(amount) * (units[unit] ?? 0);
  if (ms > 0) return ms;
  throw new FeaturesealError({
    code: 'usage',
    message: `${JSON.stringify(text)} is no duration; write 90s, 15m, 1h or 2d`,
  });
}
