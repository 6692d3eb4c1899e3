import { writeFile } from 'node:fs/promises';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import type { CliContext } from '../../../src/cli/context.ts';
import type { NodeFeature } from '../../../src/feature/node-feature.ts';
import { DevelopmentIdentity } from '../../../src/identity/development-identity.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { verifyNodeFeature } from '../../../src/seal/verify.ts';
import { toPem, toPkcs8 } from '../../support/certificates.ts';
import { runCommandLine } from '../../support/cli-context.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { prepared } from '../../support/prepared.ts';
import { bundlesOf, issue, nodeFeature, noon, rootCa, testPolicy, workerId } from '../../support/sealing.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const path = temporaryFolder();
const ca = prepared(() => rootCa());
const svid = prepared(() => issue(ca()));
beforeEach(async () => {
  const key = Buffer.from(await toPkcs8(svid().key)).toString('base64');
  await writeFile(path('svid.pem'), toPem(svid().chain));
  await writeFile(path('key.pem'), `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`);
  await writeFile(path('object.json'), JSON.stringify(nodeFeature()));
});

const sign = (args: readonly string[], overrides: Partial<CliContext> = {}) =>
  runCommandLine(['sign', ...args], { clock: new ManualClock(noon), ...overrides });

const svidFiles = () => ['--svid', path('svid.pem'), '--key', path('key.pem')];
const verify = (object: unknown) =>
  verifyNodeFeature(object, { bundles: bundlesOf(ca()), policy: testPolicy(), now: new Date(noon) });

describe('featureseal sign', () => {
  test('seals a file with an SVID from files', async () => {
    const { status, out, err } = await sign([path('object.json'), ...svidFiles(), '--cluster', 'demo']);
    expect({ status, err }).toEqual({ status: 0, err: '' });
    expect(await verify(out)).toMatchObject({ node: 'node-a', iat: noon, spiffeId: workerId() });
  });

  test('reads standard input, and signs at the time that it is told', async () => {
    const input = (async function* () {
      yield JSON.stringify(nodeFeature());
    })();
    const { out } = await sign(
      ['-', ...svidFiles(), '--cluster', 'demo', '--now', '2026-06-01T11:59:59.5+00:00'],
      { input },
    );
    expect(await verify(out)).toMatchObject({ iat: noon - 500 });
  });

  test('answers YAML with YAML, or as it is asked', async () => {
    await writeFile(
      path('object.yaml'),
      'apiVersion: nfd.k8s-sigs.io/v1alpha1\nkind: NodeFeature\nmetadata:\n  name: node-a\n  namespace: featureseal\n  labels: {nfd.node.kubernetes.io/node-name: node-a}\nspec:\n  labels: {a: "1.10"}\n',
    );
    const yaml = await sign([path('object.yaml'), ...svidFiles(), '--cluster', 'demo']);
    expect(await verify(parse(yaml.out))).toMatchObject({
      labels: { 'feature.node.kubernetes.io/a': '1.10' },
    });
    const json = await sign([path('object.yaml'), ...svidFiles(), '--cluster', 'demo', '-o', 'json']);
    expect(await verify(json.out)).toMatchObject({ trust: 'verified' });
  });

  test('puts a file that leaves node and namespace open where the flags say', async () => {
    const { metadata: _, ...open } = nodeFeature();
    await writeFile(path('open.json'), JSON.stringify(open));
    const place = ['--node', 'node-a', '--namespace', 'featureseal'];
    const { out } = await sign([path('open.json'), ...svidFiles(), '--cluster', 'demo', ...place]);
    expect(await verify(out)).toMatchObject({ node: 'node-a', spiffeId: workerId() });
    // What the file says already may be said again.
    const again = await sign([path('object.json'), ...svidFiles(), '--cluster', 'demo', ...place]);
    expect(await verify(again.out)).toMatchObject({ node: 'node-a' });
  });

  test.each([
    ['name', '[object-malformed] the file has no metadata.name, the node that it is of', '--node NAME'],
    ['namespace', '[object-malformed] the file has no metadata.namespace', '--namespace NAME'],
    ['labels', '[covered-keys] the file has no label nfd.node.kubernetes.io/node-name', '--node NAME'],
  ])('says what to do about a file without metadata.%s', async (key, what, flag) => {
    const { metadata, ...rest } = nodeFeature();
    await writeFile(
      path('less.json'),
      JSON.stringify({ ...rest, metadata: { ...metadata, [key]: undefined } }),
    );
    const { status, err } = await sign([path('less.json'), ...svidFiles(), '--cluster', 'demo']);
    expect(status).toBe(1);
    expect(err).toContain(what);
    expect(err).toContain(`or give ${flag}`);
  });

  test('takes the SVID from a Workload API socket, named or of the environment', async () => {
    const clock = new ManualClock(noon);
    const options = {
      trustDomain: 'example.org',
      svidTtlMs: 3_600_000,
      clock,
      crypto: globalThis.crypto,
      log: silentLog,
      directory: path('s'),
    };
    const identity = await DevelopmentIdentity.create(options);
    const { address } = await identity.serve(workerId());
    const named = await sign([path('object.json'), '--socket', address, '--cluster', 'demo']);
    const fromEnvironment = await sign([path('object.json'), '--cluster', 'demo'], {
      env: { SPIFFE_ENDPOINT_SOCKET: address },
    });
    for (const { out } of [named, fromEnvironment]) {
      const judged = { bundles: identity.bundles(), policy: testPolicy(), now: new Date(noon) };
      expect(await verifyNodeFeature(out, judged)).toMatchObject({ spiffeId: workerId() });
    }
    await identity.close();
  });

  test.each<[string, number, string, () => string[]]>([
    ['no cluster', 2, '[usage]', () => [path('object.json'), ...svidFiles()]],
    [
      'a cluster that is none',
      2,
      '[config-invalid]',
      () => [path('object.json'), ...svidFiles(), '--cluster', 'a/b'],
    ],
    [
      'an SVID without its key',
      2,
      '[usage]',
      () => [path('object.json'), '--svid', path('svid.pem'), '--cluster', 'demo'],
    ],
    [
      'files and socket',
      2,
      '[usage]',
      () => [path('object.json'), ...svidFiles(), '--socket', 'unix:///x', '--cluster', 'demo'],
    ],
    [
      'a node that is not the one of the file',
      2,
      '[usage] name is "node-a" in the file, and "node-b" by the flag',
      () => [path('object.json'), ...svidFiles(), '--cluster', 'demo', '--node', 'node-b'],
    ],
    [
      '--every without --publish',
      2,
      '[usage]',
      () => [path('object.json'), ...svidFiles(), '--cluster', 'demo', '--every', '1h'],
    ],
    [
      '--publish with an SVID of files',
      2,
      '[usage] --publish takes the SVID from the Workload API',
      () => [path('object.json'), ...svidFiles(), '--cluster', 'demo', '--publish'],
    ],
    [
      '--publish at another time than now',
      2,
      '[usage]',
      () => [path('object.json'), '--cluster', 'demo', '--publish', '--now', '2026-06-01T12:00:00Z'],
    ],
    [
      '--every with standard input, which ends',
      2,
      '[usage] --every reads the file each time',
      () => ['-', '--cluster', 'demo', '--publish', '--every', '1h'],
    ],
    [
      '--every with something else than a duration',
      2,
      "[usage] option '--every <duration>' argument 'hourly' is invalid",
      () => [path('object.json'), '--cluster', 'demo', '--publish', '--every', 'hourly'],
    ],
    [
      '--publish without a Workload API',
      2,
      '[socket-invalid]',
      () => [path('object.json'), '--cluster', 'demo', '--publish', '--kubeconfig', '/none'],
    ],
    [
      '--publish without a kubeconfig that can be read',
      2,
      '[config-invalid]',
      () => [
        path('object.json'),
        '--cluster',
        'demo',
        '--publish',
        '--socket',
        'unix:///none',
        '--kubeconfig',
        path('none'),
      ],
    ],
    [
      'a time that is none',
      2,
      '[usage]',
      () => [path('object.json'), ...svidFiles(), '--cluster', 'demo', '--now', 'noon'],
    ],
    [
      'a file that is not there',
      2,
      '[file-unreadable]',
      () => [path('missing.json'), ...svidFiles(), '--cluster', 'demo'],
    ],
    [
      'a certificate where the key should be',
      1,
      '[key-mismatch]',
      () => [path('object.json'), '--svid', path('svid.pem'), '--key', path('svid.pem'), '--cluster', 'demo'],
    ],
    [
      'an object that is none',
      1,
      '[object-malformed]',
      () => [path('svid.pem'), ...svidFiles(), '--cluster', 'demo'],
    ],
    [
      'YAML that makes a number of 1.10',
      1,
      '[object-malformed] spec.labels.a: must be a string',
      () => [path('number.yaml'), ...svidFiles(), '--cluster', 'demo'],
    ],
  ])('says what is wrong and writes nothing: %s', async (_, status, message, args) => {
    await writeFile(
      path('number.yaml'),
      'apiVersion: nfd.k8s-sigs.io/v1alpha1\nkind: NodeFeature\nmetadata: {name: a, namespace: b}\nspec: {labels: {a: 1.10}}\n',
    );
    const result = await sign(args());
    expect(result).toMatchObject({ status, out: '' });
    expect(result.err).toContain(message);
  });

  test('never writes a word of the key', async () => {
    const secret = Buffer.from(await toPkcs8(svid().key)).toString('base64');
    await writeFile(
      path('key.pem'),
      `-----BEGIN PRIVATE KEY-----\n${secret.slice(4)}\n-----END PRIVATE KEY-----\n`,
    );
    const { out, err } = await sign([path('object.json'), ...svidFiles(), '--cluster', 'demo'], {
      env: { FEATURESEAL_DEBUG: '1' },
    });
    expect(err).toContain('[key-mismatch]');
    expect(out + err).not.toContain(secret.slice(8, 24));
  });
});

test('a sealed object in YAML means the same to a reader of YAML 1.1', async () => {
  const labels = Object.fromEntries(
    ['on', 'yes', 'y', 'off', '012', '1_000', '2026-01-01', '1e3', '~'].map((value, index) => [
      `l${index}`,
      value,
    ]),
  );
  await writeFile(path('object.json'), JSON.stringify(nodeFeature({ labels })));
  const { out } = await sign([path('object.json'), ...svidFiles(), '--cluster', 'demo', '-o', 'yaml']);
  expect((parse(out, { version: '1.1' }) as NodeFeature).spec.labels).toEqual(labels);
});
