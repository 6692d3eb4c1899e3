import { readFile, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { identityCommand } from '../../../src/cli/identity.ts';
import { runCli } from '../../../src/cli/run.ts';
import { certificatesFrom } from '../../../src/spiffe/pem.ts';
import { recordCli } from '../../support/cli-context.ts';
import { call } from '../../support/csi-call.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { until } from '../../support/until.ts';
import { audience, FakeTokenApi } from './fake-token-api.ts';
import { existsSync } from 'node:fs';

const path = temporaryFolder();

let fake: FakeTokenApi;
beforeEach(async () => {
  fake = await FakeTokenApi.start();
  await writeFile(path('kubeconfig'), fake.kubeconfig());
});
afterEach(() => fake.close());

function start(...args: string[]) {
  const stopping = new AbortController();
  const { context, err } = recordCli({ signal: stopping.signal, env: { POD_NAMESPACE: 'featureseal' } });
  const entry = { name: 'identity', summary: '', load: async () => identityCommand };
  const status = runCli({ args: ['identity', ...args], commands: [entry], version: '0' }, context);
  return { err, status, stop: () => stopping.abort() };
}

const common = () => ['--kubeconfig', path('kubeconfig'), '--health-port', '0', '--log-level', 'error'];
const names = ['--cluster', 'demo', '--trust-domain', 'example.org'];

describe('featureseal identity authority', () => {
  test('runs by its configuration file until it is stopped, and publishes its bundle', async () => {
    const lines = [
      'identities: [{serviceAccount: worker, path: "/featureseal/worker/{cluster}/{node}"}]',
      'bundleConfigMap: bundle',
      'listen: 127.0.0.1:0',
    ];
    await writeFile(path('config.yaml'), lines.join('\n'));
    const { status, stop, err } = start('authority', '--config', path('config.yaml'), ...names, ...common());
    expect(certificatesFrom(await fake.bundles.next())).toHaveLength(1);
    stop();
    expect([await status, err()]).toEqual([0, '']);
  });

  test.each([
    ['no identities', '', 'identities: is required'],
    ['an unknown key', 'identities: [{serviceAccount: a, path: /a, uid: 1}]', 'uid: is not a known key'],
    ['a path that is no ID', 'identities: [{serviceAccount: a, path: /a%2fb}]', 'the path of featureseal/a'],
    ['a life too short', 'identities: [{serviceAccount: a, path: /a}]\nsvidTtl: 1s', 'must be from 1m to 7d'],
    ['a name with a colon', 'identities: [{serviceAccount: "a:b", path: /a}]', 'is not the name'],
  ])('with %s ends with 2 and says why', async (_, text, why) => {
    await writeFile(path('config.yaml'), `listen: 127.0.0.1:0\n${text}\n`);
    const { status, err } = start('authority', '--config', path('config.yaml'), ...names, ...common());
    expect(await status).toBe(2);
    expect(err()).toContain('[config-invalid]');
    expect(err()).toContain(why);
  });
});

describe('featureseal identity node-plugin', () => {
  const args = () => [
    'node-plugin',
    ...names,
    '--node',
    'node-a',
    '--authority',
    '127.0.0.1:1',
    ...files(),
    ...common(),
  ];
  const files = () => ['--kubelet-dir', path('k'), '--bundle', path('b.pem'), '--token', path('token')];

  test('serves kubelet until it is stopped, and leaves no socket', async () => {
    fake.csiDriver = {
      metadata: { labels: { 'featureseal.io/identity': 'development' } },
      spec: {
        podInfoOnMount: true,
        requiresRepublish: true,
        volumeLifecycleModes: ['Persistent', 'Ephemeral'],
        tokenRequests: [{ audience }],
      },
    };
    const registry = path('k/plugins_registry/csi.spiffe.io-reg.sock');
    const { status, stop, err } = start(...args());
    await until(() => existsSync(registry));
    const info = await call(registry, 'pluginregistration.Registration', 'GetInfo', {});
    expect(info).toMatchObject({ name: 'csi.spiffe.io', endpoint: path('k/plugins/csi.spiffe.io/csi.sock') });
    stop();
    expect([await status, err()]).toEqual([0, '']);
    await expect(readFile(registry)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test("does not start over SPIFFE's own driver", async () => {
    fake.csiDriver = { metadata: {}, spec: { podInfoOnMount: true } };
    const { status, err } = start(...args());
    expect(await status).toBe(1);
    expect(err()).toContain('[driver-mismatch] CSIDriver csi.spiffe.io: it has no label');
    expect(existsSync(path('k'))).toBe(false);
  });

  test('without the name of its node ends with 2', async () => {
    const { status, err } = start(
      'node-plugin',
      ...names,
      '--authority',
      '127.0.0.1:1',
      ...files(),
      ...common(),
    );
    expect(await status).toBe(2);
    expect(err()).toContain('node: is required');
  });
});
