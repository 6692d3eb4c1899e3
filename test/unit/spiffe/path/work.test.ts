import { describe, expect, test } from '@jest/globals';
import { createTestCa, generateKeys } from '../../../support/certificates.ts';
import { countingCrypto } from '../../../support/counting-crypto.ts';
import { reasonOf } from '../../../support/reason.ts';
import { spiffeId, trustDomain, useAuthority, year } from '../authority.ts';
import { expired, find } from './find.ts';

const ca = useAuthority();

describe('the work of a search', () => {
  test('ends after 16 signature checks in a lattice of 5 by 8 intermediates', async () => {
    const subjectOf = (level: number): string => `CN=Level ${level}`;
    let above = await createTestCa({ trustDomain, ...year, subject: subjectOf(6) });
    const pool: Uint8Array[] = [];
    for (let level = 5; level >= 1; level -= 1) {
      const keys = await generateKeys();
      const twins = Array.from({ length: 8 }, () =>
        above.intermediate({ ...year, keys, subject: subjectOf(level) }),
      );
      const made = await Promise.all(twins);
      pool.push(...made.map(({ certificate }) => certificate));
      [above = above] = made;
    }
    const { chain } = await above.issue({ spiffeId, ...year });
    const [leaf = new Uint8Array()] = chain;

    const counting = countingCrypto();
    const search = find([leaf, ...pool], [ca().root], counting);
    expect(await reasonOf(() => search)).toBe('path-too-much-work');
    expect(counting.calls('verify')).toBe(16);
  });

  test('stops at two CAs that sign each other', async () => {
    const [keysA, keysB] = [await generateKeys(), await generateKeys()];
    const a = await createTestCa({ trustDomain, ...year, keys: keysA, subject: 'CN=A' });
    const b = await createTestCa({ trustDomain, ...year, keys: keysB, subject: 'CN=B' });
    const aByB = await b.intermediate({ ...year, keys: keysA, subject: 'CN=A' });
    const bByA = await a.intermediate({ ...year, keys: keysB, subject: 'CN=B' });
    const { chain } = await a.issue({ spiffeId, ...year });
    const chainInCircle = [...chain, aByB.certificate, bByA.certificate];
    expect(await reasonOf(() => find(chainInCircle, [ca().root]))).toBe('path-not-found');
  });

  test('does not pay twice for copies of a certificate', async () => {
    const stranger = await createTestCa({ trustDomain, ...year, subject: 'CN=Stranger' });
    const intermediate = await stranger.intermediate(year);
    const { chain } = await intermediate.issue({ spiffeId, ...year });
    const copies = Array<Uint8Array>(100).fill(intermediate.certificate);
    const counting = countingCrypto();
    const search = find([...chain, ...copies], [ca().root], counting);
    expect(await reasonOf(() => search)).toBe('path-not-found');
    expect(counting.calls('verify')).toBe(1);
  });

  test('does not pay twice for a step that two paths share', async () => {
    const top = await (await createTestCa({ trustDomain, ...year, subject: 'CN=Gone' })).intermediate(year);
    const shared = await top.intermediate(year);
    const twin = { ...year, subject: 'CN=Twin', keys: await generateKeys() };
    const [first, second] = [await shared.intermediate(twin), await shared.intermediate(twin)];
    const [leaf = new Uint8Array()] = (await first.issue({ spiffeId, ...year })).chain;
    const pool = [first, second, shared, top].map(({ certificate }) => certificate);
    const counting = countingCrypto();
    const search = find([leaf, ...pool], [ca().root], counting);
    expect(await reasonOf(() => search)).toBe('path-not-found');
    // The leaf by either twin, either twin by the shared CA, and that one by the top, once.
    expect(counting.calls('verify')).toBe(5);
  });

  test('finds one of 40 roots of one name by its key identifier', async () => {
    const others = await Promise.all(
      Array.from({ length: 39 }, () => createTestCa({ trustDomain, ...year })),
    );
    const { chain } = await ca().issue({ spiffeId, ...year });
    const counting = countingCrypto();
    const roots = [...others, ca()].map(({ root }) => root);
    await find(chain, roots, counting);
    expect(counting.calls('verify')).toBe(1);
  });

  test('spends no signature check on an issuer that may not issue', async () => {
    const old = await createTestCa({ trustDomain, ...expired });
    const { chain } = await old.issue({ spiffeId, ...year });
    const counting = countingCrypto();
    const search = find(chain, [old.root], counting);
    expect(await reasonOf(() => search)).toBe('certificate-expired');
    expect(counting.calls('verify')).toBe(0);
  });
});
