import { describe, expect, test } from '@jest/globals';
import { verifyCertificatePath } from '../../../../src/spiffe/path.ts';
import { KeyUsageFlags, toPem, type TestCertificateOptions } from '../../../support/certificates.ts';
import { reasonOf } from '../../../support/reason.ts';
import { now, spiffeId, useAuthority, year } from '../authority.ts';

const ca = useAuthority();

describe('verifyCertificatePath', () => {
  test('verifies a path to a leaf that is no SVID, from PEM', async () => {
    const { chain } = await ca().issue({
      names: [{ type: 'dns', value: 'example.org' }],
      ...year,
      keyUsage: undefined,
    });
    const path = await verifyCertificatePath({ chain: toPem(chain), roots: toPem([ca().root]), now });
    expect(path.certificates).toHaveLength(2);
  });

  test.each<[string, TestCertificateOptions]>([
    ['svid-is-ca', { spiffeId, ...year, isCa: true }],
    ['svid-key-usage', { spiffeId, ...year, keyUsage: KeyUsageFlags.keyCertSign }],
  ])('refuses with %s a leaf that could issue', async (code, options) => {
    const { chain } = await ca().issue(options);
    expect(await reasonOf(() => verifyCertificatePath({ chain, roots: [ca().root], now }))).toBe(code);
  });

  test('refuses a leaf that is itself in the bundle', async () => {
    expect(await reasonOf(() => verifyCertificatePath({ chain: [ca().root], roots: [ca().root], now }))).toBe(
      'svid-is-ca',
    );
    const { chain } = await ca().issue({ spiffeId, ...year });
    const search = verifyCertificatePath({ chain, roots: chain, now });
    expect(await reasonOf(() => search)).toBe('path-not-found');
  });

  test('refuses an empty bundle', async () => {
    const { chain } = await ca().issue({ spiffeId, ...year });
    expect(await reasonOf(() => verifyCertificatePath({ chain, roots: [], now }))).toBe('bundle-missing');
  });
});
