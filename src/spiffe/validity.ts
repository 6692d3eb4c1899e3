import { type DerElement, type DerReader, malformed, tag } from './der.ts';

const utcTime = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;
const generalizedTime = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;

/** notBefore and notAfter (RFC 5280 section 4.1.2.5), both inclusive. */
export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** Reads Validity in the one form that RFC 5280 allows: whole seconds, Z, UTCTime through 2049, GeneralizedTime after. */
export function readValidity(reader: DerReader): Validity {
  const dates = reader.inside(tag.sequence, 'validity');
  const notBefore = time(dates.any('notBefore'), 'notBefore');
  const notAfter = time(dates.any('notAfter'), 'notAfter');
  dates.end('validity');
  return { notBefore, notAfter };
}

function time({ tag: type, content }: DerElement, what: string): Date {
  const text = Buffer.from(content).toString('latin1');
  const isShort = type === tag.utcTime;
  const match = isShort
    ? utcTime.exec(text)
    : type === tag.generalizedTime
      ? generalizedTime.exec(text)
      : null;
  if (match === null) throw malformed(`${what}: not a time as RFC 5280 writes it`);
  const [year = NaN, month = NaN, day = NaN, hour = NaN, minute = NaN, second = NaN] = match
    .slice(1)
    .map(Number);
  const fullYear = !isShort ? year : year < 50 ? 2000 + year : 1900 + year;
  if (!isShort && fullYear < 2050) throw malformed(`${what}: a year before 2050 as GeneralizedTime`);

  const date = new Date(Date.UTC(fullYear, month - 1, day, hour, minute, second));
  // Date.UTC carries over: 31 February or 60 seconds would silently become another time.
  const carried =
    date
      .toISOString()
      .replaceAll(/\D/g, '')
      .slice(isShort ? 2 : 0, 14) !== text.slice(0, -1);
  if (carried) throw malformed(`${what}: no such time`);
  return date;
}
