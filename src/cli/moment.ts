import { FeaturesealError } from '../error.ts';

const rfc3339 = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;

/** A moment as RFC 3339 text, for example 2026-11-22T12:00:00Z. @throws FeaturesealError usage */
export function parseMoment(text: string): Date {
  const moment = rfc3339.test(text) ? new Date(text) : new Date(NaN);
  if (!Number.isNaN(moment.getTime())) return moment;
  const message = `${JSON.stringify(text)} is not a time such as 2026-11-22T12:00:00Z (RFC 3339)`;
  throw new FeaturesealError({ code: 'usage', message });
}
