import { writeFile } from 'node:fs/promises';
import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { runCli } from '../../../src/cli/run.ts';
import { verifyCommand } from '../../../src/cli/verify.ts';
import type { NodeFeature } from '../../../src/feature/node-feature.ts';
import { verifyNodeFeature } from '../../../src/seal/verify.ts';
import { toPem, type TestCa, type TestSvid } from '../../support/certificates.ts';
import { recordCli } from '../../support/cli-context.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import {
  bundlesOf,
  changed,
  hour,
  issue,
  minute,
  nodeFeature,
  noon,
  policyText,
  rootCa,
  seal,
  testPolicy,
  workerId,
} from '../../support/sealing.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const path = temporaryFolder();
let ca: TestCa;
let svid: TestSvid;
let sealed: NodeFeature;
beforeAll(async () => {
  ca = await rootCa();
  svid = await issue(ca);
  sealed = await seal(nodeFeature(), svid);
});
beforeEach(async () => {
  await writeFile(path('object.json'), JSON.stringify(sealed));
  await writeFile(path('bundle.pem'), toPem([ca.root]));
  await writeFile(path('policy.yaml'), policyText);
});

async function verify(args: readonly string[], overrides = {}) {
  const cli = recordCli({ clock: new ManualClock(noon), ...overrides });
  const entry = { name: 'verify', summary: '', load: async () => verifyCommand };
  const failed = await runCli({ args: ['verify', ...args], commands: [entry], version: '0' }, cli.context);
  return { status: Math.max(failed, cli.exitCode()), out: cli.out(), err: cli.err() };
}

const bundle = () => ['--bundle', path('bundle.pem')];
const policy = () => ['--policy', path('policy.yaml')];
const all = (file = 'object.json') => [path(file), ...bundle(), ...policy()];

describe('featureseal verify', () => {
  test('exits 0 for an accepted object and says who signed it', async () => {
    expect(await verify(all())).toEqual({
      status: 0,
      out: `accepted: node node-a, signed 2026-06-01T12:00:00.000Z by ${workerId()}\n`,
      err: '',
    });
  });

  test('exits 1 for a refused one, with step and code', async () => {
    await writeFile(path('bad.json'), JSON.stringify(changed(sealed, ({ spec }) => (spec.labels = {}))));
    expect(await verify(all('bad.json'))).toEqual({
      status: 1,
      out: 'refused at step 5: [signature-invalid] the signature does not match the payload\n',
      err: '',
    });
  });

  test('-o json tells the same', async () => {
    const accepted = await verify([...all(), '-o', 'json']);
    expect(JSON.parse(accepted.out)).toEqual({
      verdict: 'accept',
      code: null,
      spiffeId: workerId(),
      node: 'node-a',
      signed: '2026-06-01T12:00:00.000Z',
      stale: false,
    });
    await writeFile(path('bad.json'), JSON.stringify(nodeFeature()));
    const refused = await verify([...all('bad.json'), '-o', 'json']);
    expect(refused.status).toBe(1);
    expect(JSON.parse(refused.out)).toMatchObject({
      verdict: 'refuse',
      code: 'seal-missing',
      spiffeId: null,
    });
  });

  test.each([
    ['2026-06-01T12:30:00Z', 0, 'accepted'],
    ['2026-06-01T15:00:00+02:00', 0, 'accepted'],
    ['2026-06-01T13:00:01Z', 1, '[certificate-expired]'],
    ['2026-06-01T11:58:00Z', 1, '[from-the-future]'],
  ])('--now %s: exit %d', async (now, status, text) => {
    const result = await verify([...all(), '--now', now]);
    expect(result.status).toBe(status);
    expect(result.out).toContain(text);
  });

  test('reads the object from standard input', async () => {
    const input = (async function* () {
      yield JSON.stringify(sealed);
    })();
    expect(await verify(['-', ...bundle(), ...policy()], { input })).toMatchObject({ status: 0 });
  });

  test('takes a bundle as SPIFFE JSON, and with its trust domain', async () => {
    const keys = [
      {
        kty: 'EC',
        use: 'x509-svid',
        crv: 'P-256',
        x: 'AA',
        y: 'AA',
        x5c: [Buffer.from(ca.root).toString('base64')],
      },
    ];
    await writeFile(path('bundle.json'), JSON.stringify({ keys }));
    expect(await verify([path('object.json'), '--bundle', path('bundle.json'), ...policy()])).toMatchObject({
      status: 0,
    });
    expect(
      await verify([path('object.json'), '--bundle', `example.org=${path('bundle.pem')}`, ...policy()]),
    ).toMatchObject({ status: 0 });
    const other = await verify([
      path('object.json'),
      '--bundle',
      `other.example=${path('bundle.pem')}`,
      ...policy(),
    ]);
    expect(other).toMatchObject({ status: 1, out: expect.stringContaining('[bundle-missing]') });
  });

  test('judges as enforce does whatever the mode of the policy', async () => {
    await writeFile(path('bad.json'), JSON.stringify(nodeFeature()));
    for (const mode of ['audit', 'off']) {
      await writeFile(path('policy.yaml'), `mode: ${mode}\n${policyText}`);
      expect(await verify(all('bad.json'))).toMatchObject({ status: 1 });
    }
  });

  test('what an object says cannot move the cursor', async () => {
    const hostile = changed(sealed, ({ metadata }) => (metadata.namespace = '\u009b2J\u202e'));
    await writeFile(path('bad.json'), JSON.stringify(hostile));
    const { out } = await verify(all('bad.json'));
    expect(out).toContain('\\u009b2J\\u202e');
  });

  test.each<[string, string, () => string[]]>([
    ['no bundle', "required option '--bundle", () => [path('object.json'), ...policy()]],
    ['no policy', "required option '--policy", () => [path('object.json'), ...bundle()]],
    ['no file', 'name a file, or say --batch', () => [...bundle(), ...policy()]],
    ['a file and --batch', '--batch reads standard input and takes no file', () => [...all(), '--batch']],
    ['a file that is not there', '[file-unreadable]', () => all('missing.json')],
    [
      'a bundle that is not there',
      '[file-unreadable]',
      () => [path('object.json'), '--bundle', path('missing'), ...policy()],
    ],
    [
      'a bundle that is none',
      'bundle ',
      () => [path('object.json'), '--bundle', path('object.json'), ...policy()],
    ],
    [
      'a bundle of bytes that are no certificate',
      '[certificate-malformed]',
      () => [path('object.json'), '--bundle', path('junk.pem'), ...policy()],
    ],
    [
      'a policy that is none',
      '[policy-invalid]',
      () => [path('object.json'), ...bundle(), '--policy', path('bundle.pem')],
    ],
    ['a time that is none', 'is not a time', () => [...all(), '--now', 'yesterday']],
    ['another format', 'argument', () => [...all(), '-o', 'yaml']],
    [
      'two bundles of one trust domain',
      'two bundles are given for trust domain example.org',
      () => [...all(), '--bundle', `example.org=${path('bundle.pem')}`],
    ],
    [
      'a bare bundle where the policy names two trust domains',
      'the policy names 2 trust domains',
      () => [path('object.json'), ...bundle(), '--policy', path('two.yaml')],
    ],
  ])('exits 2 and judges nothing: %s', async (_, message, args) => {
    await writeFile(path('junk.pem'), toPem([new Uint8Array([1, 2, 3])]));
    await writeFile(path('two.yaml'), policyText.replace('example.org/vendor', 'other.example/vendor'));
    const result = await verify(args());
    expect(result).toMatchObject({ status: 2, out: '' });
    expect(result.err).toContain(message);
  });
});

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
  const request = (id: unknown, more: object = {}, nodeFeatureValue: unknown = sealed) =>
    JSON.stringify({ id, nodeFeature: nodeFeatureValue, ...more });

  test('answers each line in order, objects and texts alike', async () => {
    const edited = changed(sealed, ({ spec }) => (spec.labels = {}));
    const lines = [
      request('a'),
      request(2, {}, edited),
      request('c', {}, JSON.stringify(sealed)),
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
    const { accepted } = await verifyNodeFeature(sealed, {
      bundles: bundlesOf(ca),
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
      JSON.stringify({ nodeFeature: sealed }),
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
    const unusual = await seal(nodeFeature({ labels: { text: 'a\u2028b\u2029c\u0085dé€😀' } }), svid);
    const bytes = Buffer.from(`${request('é', {}, unusual)}\r\n\n  \n${request('last')}`);
    const single = Array.from(bytes, (octet) => Uint8Array.of(octet));
    for (const chunks of [[bytes], single])
      expect(await batch(chunks)).toEqual([accept('é'), accept('last')]);
  });

  test('nothing in, nothing out', async () => {
    expect(await batch([])).toEqual([]);
  });
});
