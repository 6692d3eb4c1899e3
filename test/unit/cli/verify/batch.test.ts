import { describe, expect, test } from '@jest/globals';
import { verifyNodeFeature } from '../../../../src/seal/verify.ts';
import {
  bundlesOf,
  changed,
  hour,
  minute,
  nodeFeature,
  noon,
  seal,
  testPolicy,
  workerId,
} from '../../../support/sealing.ts';
import { useVerifiedFiles } from './verified-files.ts';

const { ca, svid, sealed, bundle, policy, verify } = useVerifiedFiles();

describe('featureseal verify --batch', () => {
  type Answer = { id: unknown; verdict: string; code: string | null; spiffeId: string | null };

  async function batch(chunks: readonly (string | Uint8Array)[], ...args: string[]): Promise<Answer[]> {
    const input = (async function* () {
      yield* chunks;
    })();
    const result = await verify(['--batch', ...bundle(), ...policy(), ...args], { input });
    expect(result).toMatchObject({ status: 0, err: '' });
    return result.out
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Answer);
  }

  const accept = (id: unknown) => ({ id, verdict: 'accept', code: null, spiffeId: workerId() });
  const refuse = (id: unknown, code: string) => ({ id, verdict: 'refuse', code, spiffeId: null });
  const bad = refuse(null, 'usage');
  const request = (id: unknown, more: object = {}, nodeFeatureValue: unknown = sealed()) =>
    JSON.stringify({ id, nodeFeature: nodeFeatureValue, ...more });

  test('answers each line in order, objects and texts alike', async () => {
    const edited = changed(sealed(), ({ spec }) => (spec.labels = {}));
    const lines = [
      request('a'),
      request(2, {}, edited),
      request('c', {}, JSON.stringify(sealed())),
      request('d', {}, 'text'),
      request('e', {}, null),
      request('', {}, nodeFeature()),
    ];
    expect(await batch([lines.join('\n')])).toEqual([
      accept('a'),
      refuse(2, 'signature-invalid'),
      accept('c'),
      refuse('d', 'object-malformed'),
      refuse('e', 'object-malformed'),
      refuse('', 'seal-missing'),
    ]);
  });

  test('a line may bring the mark and its time', async () => {
    const { accepted } = await verifyNodeFeature(sealed(), {
      bundles: bundlesOf(ca()),
      policy: testPolicy(),
      now: new Date(noon),
    });
    const lines = [
      request(1, { accepted }),
      request(2, { accepted: { ...accepted, iat: noon + 1 } }),
      request(3, { accepted: { iat: noon, digest: 'other' } }),
      request(4, { accepted: null }),
      request(5, { now: '2026-06-01T14:00:00Z' }),
      request(6, { now: noon + 2 * hour, accepted }),
      request(7, { now: noon - 2 * minute }),
    ];
    expect(await batch([`${lines.join('\n')}\n`])).toEqual([
      accept(1),
      refuse(2, 'replayed'),
      refuse(3, 'conflicting-seal'),
      accept(4),
      refuse(5, 'certificate-expired'),
      accept(6),
      refuse(7, 'from-the-future'),
    ]);
  });

  test('--now is the time of lines that name none', async () => {
    expect(await batch([request(1)], '--now', '2026-06-01T14:00:00Z')).toEqual([
      refuse(1, 'certificate-expired'),
    ]);
  });

  test('a bad line is refused with id null, and the others are answered', async () => {
    const lines = [
      'not JSON',
      '[]',
      '{}',
      '42',
      'null',
      '['.repeat(100_000),
      JSON.stringify({ nodeFeature: sealed() }),
      JSON.stringify({ id: 'x' }),
      request(null),
      request({ a: 1 }),
      request('x', { unknown: true }),
      request('x', { now: 'noon' }),
      request('x', { now: 1.5 }),
      request('x', { accepted: { iat: 'noon' } }),
      request('x', { accepted: { iat: 0 } }),
      `\ufeff${request('x')}`,
    ];
    expect(await batch([`${[...lines, request('last')].join('\n')}\n`])).toEqual([
      ...lines.map(() => bad),
      accept('last'),
    ]);
  });

  test('a line that is not UTF-8 is a bad line', async () => {
    const line = Buffer.from(`${request('x')}\n`);
    const broken = Buffer.from(line);
    broken[broken.indexOf('true')] = 0xff;
    expect(await batch([broken, line])).toEqual([bad, accept('x')]);
  });

  test('lines end at a line feed and nowhere else, however they arrive', async () => {
    const unusual = await seal(nodeFeature({ labels: { text: 'a\u2028b\u2029c\u0085dé€😀' } }), svid());
    const bytes = Buffer.from(`${request('é', {}, unusual)}\r\n\n  \n${request('last')}`);
    const single = Array.from(bytes, (octet) => Uint8Array.of(octet));
    for (const chunks of [[bytes], single])
      expect(await batch(chunks)).toEqual([accept('é'), accept('last')]);
  });

  test('nothing in, nothing out', async () => {
    expect(await batch([])).toEqual([]);
  });
});
