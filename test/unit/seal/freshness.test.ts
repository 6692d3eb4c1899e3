import { describe, expect, test } from '@jest/globals';
import type { ReasonCode } from '../../../src/error-codes.ts';
import type { AcceptedSeal } from '../../../src/seal/freshness.ts';
import { verifyNodeFeature, type VerifyOptions } from '../../../src/seal/verify.ts';
import { prepared } from '../../support/prepared.ts';
import {
  bundlesOf,
  changed,
  day,
  hour,
  issue,
  minute,
  nodeFeature,
  noon,
  rawSeal,
  rootCa,
  seal,
  testPolicy,
  workerId,
} from '../../support/sealing.ts';
import { useVerifier, type Verdict } from './verifier.ts';

const { ca, good, sealed, svid, verdict: verdictOn } = useVerifier();
const digest = prepared(async () => (await verifyNodeFeature(sealed(), good())).digest);

const signer = workerId();
/** The mark's entry for what was sealed. */
const accepted = (change: Partial<AcceptedSeal> = {}): AcceptedSeal => ({
  iat: noon,
  digest: digest(),
  signer,
  ...change,
});
const verdict = (options: Partial<VerifyOptions>, object: unknown = sealed()): Promise<Verdict> =>
  verdictOn(object, options);

describe('freshness', () => {
  type Row = [Verdict, string, () => Partial<VerifyOptions>];
  test.each<Row>([
    ['accepted', 'no mark, nothing known of the Node', () => ({})],
    ['accepted', 'an older mark', () => ({ accepted: { iat: noon - 1, digest: 'other', signer } })],
    ['accepted', 'the mark itself', () => ({ accepted: accepted() })],
    [
      'accepted',
      'a mark that lost its digest, of the same time',
      () => ({ accepted: { iat: noon, signer } }),
    ],
    [
      'replayed',
      'a mark one millisecond newer',
      () => ({ accepted: { iat: noon + 1, digest: 'other', signer } }),
    ],
    ['replayed', 'a newer mark of the same content', () => ({ accepted: accepted({ iat: noon + 1 }) })],
    ['replayed', 'a newer mark that lost its digest', () => ({ accepted: { iat: noon + 1, signer } })],
    ['replayed', 'a mark at most maxAge ahead', () => ({ accepted: accepted({ iat: noon + day }) })],
    [
      'accepted',
      'a mark more than maxAge ahead, which counts as none',
      () => ({ accepted: { iat: noon + day + 1, digest: 'x', signer } }),
    ],
    [
      'replayed',
      'the same with a longer maxAge',
      () => ({ maxAge: 2 * day, accepted: { iat: noon + day + 1, digest: 'x', signer } }),
    ],
    [
      'conflicting-seal',
      'a mark of the same time and another content',
      () => ({ accepted: { iat: noon, digest: 'other', signer } }),
    ],
    ['accepted', 'a Node as old as the seal', () => ({ nodeCreated: new Date(noon) })],
    ['accepted', 'a Node a minute younger than the seal', () => ({ nodeCreated: new Date(noon + minute) })],
    [
      'before-node',
      'a Node more than a minute younger',
      () => ({ nodeCreated: new Date(noon + minute + 1) }),
    ],
    [
      'accepted',
      'a younger Node that has a mark',
      () => ({ nodeCreated: new Date(noon + hour), accepted: accepted({ iat: noon - 1 }) }),
    ],
    [
      'before-node',
      'a younger Node with a mark that counts as none',
      () => ({ nodeCreated: new Date(noon + hour), accepted: accepted({ iat: noon + 2 * day }) }),
    ],
    ['accepted', 'a clock a minute behind the seal', () => ({ now: new Date(noon - minute) })],
    ['from-the-future', 'a clock more than a minute behind', () => ({ now: new Date(noon - minute - 1) })],
    [
      'from-the-future',
      'the same where the mark knows it',
      () => ({ now: new Date(noon - minute - 1), accepted: accepted() }),
    ],
  ])('%s: %s', async (outcome, _, options) => {
    expect(await verdict(options())).toBe(outcome);
  });

  test('a refusal says by how much', async () => {
    const ahead = { ...good(), now: new Date(noon - minute - 1) };
    await expect(verifyNodeFeature(sealed(), ahead)).rejects.toThrow('iat is 60001 ms ahead of the clock');
    const below = { ...good(), accepted: accepted({ iat: noon + 7 }) };
    await expect(verifyNodeFeature(sealed(), below)).rejects.toThrow('iat is 7 ms below the mark');
  });

  test.each([NaN, Infinity, 0.5])('a mark of iat %s is a mistake of the caller, not a mark', async (iat) => {
    expect(await verdict({ accepted: accepted({ iat }) })).toBe('usage');
  });

  test('what is newer than the mark becomes the next mark', async () => {
    const verified = await verifyNodeFeature(sealed(), {
      ...good(),
      accepted: { iat: noon - 1, digest: 'other', signer: workerId('node-b') },
    });
    expect(verified.accepted).toEqual(accepted());
  });

  test('2^53-1 as counter is far in the future and changes nothing', async () => {
    const forever = await rawSeal(nodeFeature(), svid(), { at: Number.MAX_SAFE_INTEGER });
    expect(await verdict({}, forever)).toBe('seal-outside-validity');
    expect(await verdict({ accepted: accepted({ iat: Number.MAX_SAFE_INTEGER }) })).toBe('accepted');
  });

  test('a seal older than maxAge is accepted and shown as stale', async () => {
    const long = await issue(ca(), {
      notBefore: new Date(noon - 3 * day),
      notAfter: new Date(noon + 3 * day),
    });
    const object = await seal(nodeFeature(), long, { at: noon - day });
    expect(await verifyNodeFeature(object, good())).toMatchObject({ stale: false });
    expect(await verifyNodeFeature(object, { ...good(), now: new Date(noon + 1) })).toMatchObject({
      stale: true,
    });
    expect(await verifyNodeFeature(object, { ...good(), maxAge: day - 1 })).toMatchObject({ stale: true });
  });
});

describe('the exception for an expired leaf', () => {
  const later = new Date(noon + 2 * hour);

  test('what was accepted stays accepted, with the mark as it was', async () => {
    const newer = await seal(nodeFeature(), svid(), { at: noon + minute });
    const verified = await verifyNodeFeature(newer, { ...good(), now: later, accepted: accepted() });
    expect(verified).toMatchObject({ iat: noon, accepted: accepted(), stale: false, validUntil: undefined });
  });

  describe('has for its signer the one that was accepted', () => {
    const before = 'spiffe://example.org/before/demo/node-a';
    const migrating = () =>
      testPolicy((text) =>
        text.replace('spiffeIDs: [', 'spiffeIDs: ["spiffe://example.org/before/{cluster}/{node}", '),
      );
    const asked = (more: Partial<VerifyOptions>) => ({ ...good(), now: later, ...more });

    test('where the mark names one', async () => {
      const options = asked({ policy: migrating(), accepted: accepted({ signer: before }) });
      expect((await verifyNodeFeature(sealed(), options)).spiffeId).toBe(before);
    });
    test('else that of the leaf', async () => {
      const options = asked({ accepted: accepted({ signer: '' }) });
      expect((await verifyNodeFeature(sealed(), options)).spiffeId).toBe(signer);
    });
    test('who must still be allowed, whatever the leaf says that nobody vouches for', async () => {
      const options = { now: later, accepted: accepted({ signer: before }) };
      expect(await verdict(options)).toBe('signer-not-allowed');
    });
  });

  test('its age counts from the mark, not from its own iat', async () => {
    const newer = await seal(nodeFeature(), svid(), { at: noon + hour });
    const now = new Date(noon + day + 1);
    expect(await verifyNodeFeature(newer, { ...good(), now, accepted: accepted() })).toMatchObject({
      stale: true,
    });
  });

  test('leaves out step 4 alone: not even the bundle is asked', async () => {
    expect(await verdict({ now: later, accepted: accepted(), bundles: new Map() })).toBe('accepted');
  });

  test.each<[ReasonCode, string, () => Partial<VerifyOptions>]>([
    ['certificate-expired', 'there is no mark', () => ({})],
    [
      'certificate-expired',
      'the mark holds another content',
      () => ({ accepted: accepted({ digest: 'other' }) }),
    ],
    ['certificate-expired', 'the mark lost its digest', () => ({ accepted: { iat: noon, signer } })],
    [
      'certificate-expired',
      'the mark is from the far future and counts as none',
      () => ({ accepted: accepted({ iat: noon + 3 * day }) }),
    ],
    ['replayed', 'the mark is newer', () => ({ accepted: accepted({ iat: noon + 1 }) })],
    [
      'namespace-not-in-policy',
      'the policy dropped the namespace',
      () => ({
        accepted: accepted(),
        policy: testPolicy((text) => text.replace('namespace: featureseal', 'namespace: other')),
      }),
    ],
    [
      'signer-not-allowed',
      'the policy no longer names the signer',
      () => ({
        accepted: accepted(),
        policy: testPolicy((text) => text.replace('featureseal/worker', 'worker')),
      }),
    ],
    [
      'label-not-granted',
      'the policy no longer grants a label',
      () => ({
        accepted: accepted(),
        policy: testPolicy((text) => text.replace('labels: ["*"]', 'labels: []')),
      }),
    ],
    [
      'cluster-mismatch',
      'the cluster has another name',
      () => ({
        accepted: accepted(),
        policy: testPolicy((text) => text.replace('cluster: demo', 'cluster: other')),
      }),
    ],
  ])('does not hold, %s, where %s', async (code, _, options) => {
    expect(await verdict({ now: later, ...options() })).toBe(code);
  });

  test('does not hold for a leaf that is within its dates', async () => {
    expect(await verdict({ accepted: accepted(), bundles: new Map() })).toBe('bundle-missing');
    const lastMoment = new Date(noon + hour);
    expect(await verdict({ accepted: accepted(), bundles: new Map(), now: lastMoment })).toBe(
      'bundle-missing',
    );
    expect(await verdict({ accepted: accepted(), bundles: bundlesOf(await rootCa()) })).toBe(
      'certificate-signature',
    );
    expect(await verdict({ accepted: accepted(), now: new Date(noon + hour) })).toBe('accepted');
  });

  test('does not hold for an expired authority above a leaf that is within its dates', async () => {
    const intermediate = await ca().intermediate({
      notBefore: new Date(noon - day),
      notAfter: new Date(noon + minute),
    });
    const object = await seal(nodeFeature(), await issue(intermediate));
    const options = { now: new Date(noon + 2 * minute), accepted: accepted() };
    expect(await verdict({ accepted: accepted() }, object)).toBe('accepted');
    expect(await verdict(options, object)).toBe('certificate-expired');
  });

  test('holds for the signature, the leaf and the covered keys as ever', async () => {
    const options = { now: later, accepted: accepted() };
    const edited = changed(sealed(), ({ metadata }) => (metadata['x'] = 'not covered'));
    expect(await verdict(options, edited)).toBe('accepted');
    const stranger = await rawSeal(nodeFeature(), { ...svid(), key: (await issue(ca())).key });
    expect(await verdict(options, stranger)).toBe('signature-invalid');
    const agent = await issue(ca(), { spiffeId: 'spiffe://example.org/spire/agent/a' });
    expect(await verdict(options, await rawSeal(nodeFeature(), agent))).toBe('spiffe-id-reserved');
    const other = await issue(ca(), { spiffeId: workerId('node-b') });
    expect(await verdict(options, await rawSeal(nodeFeature(), other))).toBe('signer-not-allowed');
  });

  test('new content under an expired leaf is refused', async () => {
    const edited = await seal(nodeFeature({ labels: {} }), svid());
    expect(await verdict({ now: later, accepted: accepted() }, edited)).toBe('certificate-expired');
  });
});
