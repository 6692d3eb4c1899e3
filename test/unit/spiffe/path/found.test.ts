import { describe, expect, test } from '@jest/globals';
import { createTestCa, generateKeys } from '../../../support/certificates.ts';
import { reasonOf } from '../../../support/reason.ts';
import { now, spiffeId, trustDomain, useAuthority, year } from '../authority.ts';
import { after, expired, find, keyIdOf, second } from './find.ts';

const ca = useAuthority();

describe('findPath', () => {
  test('finds the path under three intermediates, in whatever order they come', async () => {
    const a = await ca().intermediate(year);
    const b = await a.intermediate(year);
    const c = await b.intermediate(year);
    const { chain } = await c.issue({ spiffeId, ...year });
    const [leaf = new Uint8Array()] = chain;
    const path = await find([leaf, a.certificate, ca().root, c.certificate, b.certificate], [ca().root]);
    expect(path.certificates.map(({ der }) => der)).toEqual([
      leaf,
      c.certificate,
      b.certificate,
      a.certificate,
      ca().root,
    ]);
  });

  test('is valid until the first certificate of the path expires', async () => {
    const notAfter = after(60 * second);
    const intermediate = await ca().intermediate({ ...year, notAfter });
    const { chain } = await intermediate.issue({ spiffeId, ...year });
    expect((await find(chain, [ca().root])).notAfter).toEqual(notAfter);
  });

  test('ends at an anchor that another CA has signed', async () => {
    const anchor = await ca().intermediate(year);
    const { chain } = await anchor.issue({ spiffeId, ...year });
    const path = await find([...chain, ca().root], [anchor.certificate]);
    expect(path.certificates).toHaveLength(2);
  });

  test('finds the right one of three roots of the same name without key identifiers', async () => {
    const same = { trustDomain, ...year, withKeyIds: false };
    const roots = [await createTestCa(same), await createTestCa(same), await createTestCa(same)];
    for (const root of roots) {
      const { chain } = await root.issue({ spiffeId, ...year, withKeyIds: false });
      expect(
        (
          await find(
            chain,
            roots.map((each) => each.root),
          )
        ).certificates[1]?.der,
      ).toEqual(root.root);
    }
  });

  test('follows a root that lies about its key identifier: a hint orders, it does not exclude', async () => {
    const keys = await generateKeys();
    const other = await createTestCa({ trustDomain, ...year });
    // One name and key, two certificates; the anchor's identifier is of another key.
    const lying = await createTestCa({
      trustDomain,
      ...year,
      keys,
      withKeyIds: false,
      extraExtensions: [keyIdOf(other)],
    });
    const { chain } = await lying.issue({ spiffeId, ...year });
    expect((await find(chain, [other.root, lying.root])).certificates[1]?.der).toEqual(lying.root);
  });

  test('uses the good one of two certificates of the same intermediate', async () => {
    const keys = await generateKeys();
    const subject = 'CN=Twin, O=SPIFFE';
    const old = await ca().intermediate({ keys, subject, ...expired });
    const current = await ca().intermediate({ keys, subject, ...year });
    const { chain } = await old.issue({ spiffeId, ...year });
    const path = await find([...chain, current.certificate], [ca().root]);
    expect(path.certificates[1]?.der).toEqual(current.certificate);
  });

  test('takes a CA with names of other forms than a URI', async () => {
    const names = [
      { type: 'dns', value: 'ca.example.org' } as const,
      { type: 'ip', value: '192.0.2.1' } as const,
    ];
    const intermediate = await ca().intermediate({ ...year, names });
    const { chain } = await intermediate.issue({ spiffeId, ...year });
    expect((await find(chain, [ca().root])).certificates).toHaveLength(3);
  });

  test('counts both dates in, to the millisecond', async () => {
    const { chain } = await ca().issue({ spiffeId, notBefore: now, notAfter: after(second) });
    const reasonAt = (milliseconds: number): Promise<string> =>
      reasonOf(() => find(chain, [ca().root], { at: after(milliseconds) }));
    expect(await reasonAt(-1)).toBe('certificate-not-yet-valid');
    expect(await reasonAt(0)).toBe('accepted');
    expect(await reasonAt(second)).toBe('accepted');
    expect(await reasonAt(second + 1)).toBe('certificate-expired');
  });

  test('refuses a time that is none', async () => {
    const { chain } = await ca().issue({ spiffeId, ...year });
    expect(await reasonOf(() => find(chain, [ca().root], { at: new Date('soon') }))).toBe('usage');
  });
});
