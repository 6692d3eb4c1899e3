import { Crypto as PeculiarCrypto } from '@peculiar/webcrypto';
import { describe, expect, test } from '@jest/globals';
import type { CertificateInput } from '../../../src/spiffe/pem.ts';
import { verifyX509Svid } from '../../../src/spiffe/verify-svid.ts';
import { createTestCa, toPem } from '../../support/certificates.ts';
import { prepared } from '../../support/prepared.ts';
import { reasonOf } from '../../support/reason.ts';
import { now, spiffeId, useAuthority, year } from './authority.ts';

const ca = useAuthority();
const partner = prepared(() => createTestCa({ trustDomain: 'partner.org', ...year }));
const svid = prepared(async () => (await ca().intermediate(year)).issue({ spiffeId, ...year }));

const bundlesOf = (
  ...entries: readonly (readonly [string, CertificateInput])[]
): ReadonlyMap<string, CertificateInput> => new Map(entries);
const both = (): ReadonlyMap<string, CertificateInput> =>
  bundlesOf(['example.org', [ca().root]], ['partner.org', [partner().root]]);
const reason = (chain: CertificateInput, bundles = both()): Promise<string> =>
  reasonOf(() => verifyX509Svid({ chain, bundles, now }));

describe('verifyX509Svid', () => {
  test('tells the ID, its trust domain and until when this holds', async () => {
    const expected = { spiffeId, trustDomain: 'example.org', notAfter: year.notAfter };
    expect(await verifyX509Svid({ chain: svid().chain, bundles: both(), now })).toEqual(expected);
    const pem = { chain: toPem(svid().chain), bundles: bundlesOf(['example.org', toPem([ca().root])]) };
    expect(await verifyX509Svid({ ...pem, now })).toEqual(expected);
  });

  test('verifies with the provider that it is given', async () => {
    const crypto = new PeculiarCrypto();
    expect(await verifyX509Svid({ chain: svid().chain, bundles: both(), now, crypto })).toMatchObject({
      spiffeId,
    });
  });

  test('verifies an SVID of a federated trust domain as one of that domain', async () => {
    const { chain } = await partner().issue({ spiffeId: 'spiffe://partner.org/worker/node-a', ...year });
    expect(await verifyX509Svid({ chain, bundles: both(), now })).toMatchObject({
      trustDomain: 'partner.org',
    });
  });

  test('refuses an ID of ours that a federated CA issued', async () => {
    const { chain } = await partner().issue({ spiffeId, ...year });
    expect(await reason(chain)).toBe('certificate-signature');
    expect(await reason([...chain, partner().root])).toBe('issuer-spiffe-id');
  });

  test('refuses an ID of ours from a federated CA that one of our roots signed', async () => {
    const subject = 'CN=Partner';
    const crossSigned = await ca().intermediate({
      ...year,
      subject,
      keys: partner().keys,
      spiffeId: 'spiffe://partner.org',
    });
    const { chain } = await crossSigned.issue({ spiffeId, ...year });
    expect(await reason(chain)).toBe('issuer-spiffe-id');
  });

  test.each<[string, string, ReadonlyMap<string, CertificateInput>]>([
    ['bundle-missing', 'no bundle', bundlesOf()],
    ['bundle-missing', 'an empty bundle', bundlesOf(['example.org', []])],
    ['bundle-missing', 'an empty bundle file', bundlesOf(['example.org', ''])],
    ['bundle-missing', 'a bundle of a subdomain alone', bundlesOf(['a.example.org', []])],
    ['certificate-malformed', 'a bundle of junk', bundlesOf(['example.org', [new Uint8Array(3)]])],
  ])('refuses with %s where there is %s', async (code, _what, bundles) => {
    expect(await reason(svid().chain, bundles)).toBe(code);
  });

  test('refuses once the bundle has dropped the root, and accepts when it is back', async () => {
    const other = await createTestCa({ trustDomain: 'example.org', ...year });
    expect(await reason(svid().chain, bundlesOf(['example.org', [other.root]]))).toBe(
      'certificate-signature',
    );
    expect(await reason(svid().chain, bundlesOf(['example.org', [other.root, ca().root]]))).toBe('accepted');
  });

  test('judges the leaf before it looks for a bundle', async () => {
    const { chain } = await partner().issue({ spiffeId: 'spiffe://unknown.org', ...year });
    expect(await reason(chain)).toBe('spiffe-id-no-path');
  });
});
