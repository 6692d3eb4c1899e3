import { FeaturesealError } from '../error.ts';

/** Text from outside as it may stand in a message: escaped, and cut so that nobody can flood a log. */
export function quote(text: string): string {
  const most = 80;
  return JSON.stringify(text.length > most ? `${text.slice(0, most)}…` : text);
}

/** A JSON object of unknown members. Read it only through own keys: `__proto__` and `constructor` are data here. */
export type UnknownObject = Readonly<Record<string, unknown>>;

/** True for what JSON calls an object: not null, not an array. */
export function isObject(value: unknown): value is UnknownObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The own member of an object, or undefined; never what a prototype holds. */
export function ownMember(object: UnknownObject, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

const plainPath = /^[\w./-]{1,160}$/;

/** The refusal of an object that is not a NodeFeature; `where` is a path such as `spec.labels`, of keys from outside. */
export function malformed(where: string, problem: string): FeaturesealError {
  const shown = plainPath.test(where) ? where : quote(where);
  return new FeaturesealError({ code: 'object-malformed', message: `${shown}: ${problem}` });
}
