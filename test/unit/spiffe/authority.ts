import { createTestCa, type TestCa } from '../../support/certificates.ts';
import { prepared } from '../../support/prepared.ts';

export const trustDomain = 'example.org';
export const spiffeId = 'spiffe://example.org/worker/node-a';
export const now = new Date('2026-06-01T12:00:00Z');
/** The dates of what is valid. */
export const year = {
  notBefore: new Date('2026-01-01T00:00:00Z'),
  notAfter: new Date('2026-12-31T00:00:00Z'),
};

/** The authority of the trust domain, for the tests of a file. */
export function useAuthority(): () => TestCa {
  return prepared(() => createTestCa({ trustDomain, ...year }));
}
