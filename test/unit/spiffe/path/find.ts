import type { Crypto } from '../../../../src/crypto.ts';
import { parseRoots } from '../../../../src/spiffe/bundle.ts';
import { findPath } from '../../../../src/spiffe/path.ts';
import { parseX509Svid } from '../../../../src/spiffe/svid.ts';
import { Extension, type TestCa } from '../../../support/certificates.ts';
import { now, trustDomain, year } from '../authority.ts';

export const second = 1000;
export const after = (milliseconds: number): Date => new Date(now.getTime() + milliseconds);
export const expired = { ...year, notAfter: after(-second) };

/** The path from the first certificate, over the others, to one of the roots. */
export function find(
  chain: readonly Uint8Array[],
  roots: readonly Uint8Array[],
  { at = now, crypto = globalThis.crypto }: { readonly at?: Date; readonly crypto?: Crypto } = {},
): ReturnType<typeof findPath> {
  const { leaf, pool } = parseX509Svid(chain);
  return findPath({ leaf, pool, roots: parseRoots(roots), trustDomain, now: at, crypto });
}

/** The subject key identifier of another authority, to lie with. */
export function keyIdOf(other: TestCa): InstanceType<typeof Extension> {
  const found = parseRoots([other.root])[0]?.extensions.subjectKeyId ?? new Uint8Array();
  return new Extension('2.5.29.14', false, Uint8Array.from([4, found.length, ...found]));
}
