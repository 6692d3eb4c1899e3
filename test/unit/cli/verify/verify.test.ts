import { writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { toPem } from '../../../support/certificates.ts';
import { changed, nodeFeature, policyText, workerId } from '../../../support/sealing.ts';
import { useVerifiedFiles } from './verified-files.ts';

const { ca, sealed, path, bundle, policy, verify } = useVerifiedFiles();
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
    await writeFile(path('bad.json'), JSON.stringify(changed(sealed(), ({ spec }) => (spec.labels = {}))));
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

  test('reads YAML, as kubectl get -o yaml and sign write it', async () => {
    await writeFile(path('object.yaml'), stringify(sealed()));
    expect(await verify(all('object.yaml'))).toMatchObject({ status: 0 });
  });

  test.each([
    ['a text that holds the object', () => stringify(JSON.stringify(sealed()))],
    ['a list', () => '[]'],
    ['two documents', () => `${stringify(sealed())}---\na: 1\n`],
    ['one key twice', () => `kind: NodeFeature\n${stringify(sealed())}`],
    ['an alias', () => `a: &x 1\nb: *x\n${stringify(sealed())}`],
    ['nothing', () => ''],
  ])('refuses YAML that is %s', async (_, text) => {
    await writeFile(path('odd.yaml'), text());
    const { status, out } = await verify(all('odd.yaml'));
    expect(status).toBe(1);
    expect(out).toContain('refused at step 1: [object-malformed]');
  });

  test('reads the object from standard input', async () => {
    const input = (async function* () {
      yield JSON.stringify(sealed());
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
        x5c: [Buffer.from(ca().root).toString('base64')],
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
    const hostile = changed(sealed(), ({ metadata }) => (metadata.namespace = '\u009b2J\u202e'));
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
