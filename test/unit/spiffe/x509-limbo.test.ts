import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { verifyCertificatePath } from '../../../src/spiffe/path.ts';
import { verifyX509Svid } from '../../../src/spiffe/verify-svid.ts';
import { describeVectors } from '../../support/vectors.ts';
import { reasonOf } from '../../support/reason.ts';

const suiteSchema = z.object({
  testcases: z.array(
    z.object({
      id: z.string(),
      trusted_certs: z.array(z.string()),
      untrusted_intermediates: z.array(z.string()),
      peer_certificate: z.string(),
      validation_time: z.string().nullable(),
    }),
  ),
});
const selectionSchema = z.object({
  cases: z.record(
    z.string(),
    z.object({ path_expect: z.enum(['accept', 'reject', 'skip']), level: z.string() }),
  ),
});

/** Levels at which the verdict is fixed; `may` leaves it open. */
const binding = new Set(['must', 'should', 'policy']);

/**
 * Refused though the suite would rather accept it: self-issued intermediates count against a path length here, as
 * they do for Go's verifier. See path-rules.ts.
 */
const stricter = new Set(['pathlen::self-issued-certs-pathlen']);

describeVectors('x509-limbo', 'x509-limbo', (read) => {
  const selection = selectionSchema.safeParse(read('limbo-selection.json')).data?.cases ?? {};
  const cases = suiteSchema.safeParse(read('limbo.json')).data?.testcases ?? [];
  const input = ({ peer_certificate, untrusted_intermediates, validation_time }: (typeof cases)[number]) => ({
    chain: [peer_certificate, ...untrusted_intermediates].join('\n'),
    // The cases without a time are valid from 1970 to 2969.
    now: new Date(validation_time ?? '2026-06-01T00:00:00Z'),
  });
  const verdict = async (limbo: (typeof cases)[number]): Promise<'accept' | 'reject'> => {
    const roots = limbo.trusted_certs.join('\n');
    const reason = await reasonOf(() => verifyCertificatePath({ ...input(limbo), roots }));
    return reason === 'accepted' ? 'accept' : 'reject';
  };

  test('has its cases', () => {
    expect(cases.length).toBeGreaterThan(200);
    expect(cases.every(({ id }) => id in selection)).toBe(true);
  });

  test('every binding verdict is ours', async () => {
    const differing: string[] = [];
    for (const limbo of cases) {
      const expected = selection[limbo.id];
      if (expected === undefined || !binding.has(expected.level)) continue;
      if ((await verdict(limbo)) !== expected.path_expect) differing.push(limbo.id);
    }
    expect(differing).toEqual([...stricter]);
  });

  test('every other case gets a verdict, and none an error of another kind', async () => {
    for (const limbo of cases) expect(await verdict(limbo)).toMatch(/^(accept|reject)$/);
  });

  test('no case is an X.509-SVID', async () => {
    for (const limbo of cases) {
      const bundles = new Map([['example.com', limbo.trusted_certs.join('\n')]]);
      expect(await reasonOf(() => verifyX509Svid({ ...input(limbo), bundles }))).not.toBe('accepted');
    }
  });
});
