import { execFile } from 'node:child_process';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { findConnection } from '../../../src/kube/connection.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const clock = new ManualClock();

interface Made {
  readonly server?: string;
  readonly cluster?: object;
  readonly user?: object;
  readonly context?: string;
}

/** A kubeconfig with one context. */
function kubeconfig({
  server = 'https://api.example:6443',
  cluster = {},
  user = { token: 't' },
  context = 'c',
}: Made = {}): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': context,
    contexts: [{ name: 'c', context: { cluster: 'k', user: 'u' } }],
    clusters: [{ name: 'k', cluster: { server, ...cluster } }],
    users: [{ name: 'u', user }],
  });
}

async function write(file: string, text: string): Promise<string> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
  return file;
}

/** The refusal's text. */
async function refusal(work: () => Promise<unknown>): Promise<string> {
  return work().then(
    () => 'accepted',
    (thrown: unknown) => String(thrown),
  );
}

describe('which API server', () => {
  const path = temporaryFolder();

  test('the flag wins over KUBECONFIG, that over the home folder, that over the pod', async () => {
    const [flag, variable, home] = ['flag', 'variable', 'home'].map((name) => `https://${name}.example`);
    const inPod = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' };
    const serviceAccountFolder = path('account');
    await write(join(serviceAccountFolder, 'token'), 'secret\n');
    await write(join(serviceAccountFolder, 'ca.crt'), 'CA');
    const KUBECONFIG = await write(path('variable.conf'), kubeconfig({ server: variable! }));
    await write(path('home/.kube/config'), kubeconfig({ server: home! }));
    const option = await write(path('flag.conf'), kubeconfig({ server: flag! }));
    const origin = async (environment: Record<string, string>, file?: string): Promise<string> => {
      const connection = await findConnection({ kubeconfig: file, environment, clock, serviceAccountFolder });
      return (await connection.current()).origin;
    };
    const HOME = path('home');
    expect(await origin({ ...inPod, HOME, KUBECONFIG }, option)).toBe(flag);
    expect(await origin({ ...inPod, HOME, KUBECONFIG })).toBe(variable);
    expect(await origin({ ...inPod, HOME })).toBe(home);
    expect(await origin({ ...inPod, HOME: path('empty') })).toBe('https://10.96.0.1');
  });

  test('says what to do where nothing is configured', async () => {
    const text = await refusal(() => findConnection({ environment: {}, clock }));
    expect(text).toMatch(/\[config-invalid\].*--kubeconfig.*KUBECONFIG.*~\/\.kube\/config.*pod/);
  });
});

describe('in a pod', () => {
  const path = temporaryFolder();
  const environment = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '6443' };

  test('token and CA of the service account are used, and read again', async () => {
    const serviceAccountFolder = path('account');
    await write(path('account/ca.crt'), 'CA');
    await write(path('account/token'), 'one\n');
    const time = new ManualClock();
    const connection = await findConnection({ environment, clock: time, serviceAccountFolder });
    expect(await connection.current()).toEqual({
      origin: 'https://[fd00::1]:6443',
      prefix: '',
      tls: { ca: 'CA', rejectUnauthorized: true },
      headers: { authorization: 'Bearer one' },
    });
    await write(path('account/token'), 'two\n');
    expect((await connection.current()).headers).toEqual({ authorization: 'Bearer one' });
    time.advance(10_000);
    expect((await connection.current()).headers).toEqual({ authorization: 'Bearer two' });
    await write(path('account/token'), 'three\n');
    connection.renew();
    expect((await connection.current()).headers).toEqual({ authorization: 'Bearer three' });
    // In the middle of a replacement by a kubelet that is less careful than most.
    await write(path('account/token'), '');
    time.advance(10_000);
    expect((await connection.current()).headers).toEqual({ authorization: 'Bearer three' });
  });

  test('says which file is missing', async () => {
    const connection = await findConnection({ environment, clock, serviceAccountFolder: path('none') });
    expect(await refusal(() => connection.current())).toMatch(
      /\[config-invalid\].*none\/(token|ca\.crt).*automountServiceAccountToken/,
    );
  });

  test('@kubernetes/client-node is not loaded, other than for a kubeconfig', async () => {
    await write(path('account/ca.crt'), 'CA');
    await write(path('account/token'), 'one');
    await write(path('kubeconfig'), kubeconfig());
    const script = fileURLToPath(import.meta.resolve('./loaded-modules.mjs'));
    const loaded = async (arguments_: string[]): Promise<string[]> => {
      const { stdout } = await promisify(execFile)(process.execPath, [script, ...arguments_]);
      return JSON.parse(stdout) as string[];
    };
    const inPod = await loaded(['pod', path('account')]);
    expect(inPod.filter((url) => url.endsWith('/src/kube/in-cluster.ts'))).toHaveLength(1);
    expect(inPod.filter((url) => url.includes('client-node'))).toEqual([]);
    expect(
      (await loaded(['kubeconfig', path('kubeconfig')])).some((url) => url.includes('client-node')),
    ).toBe(true);
  });
});

describe('a kubeconfig', () => {
  const path = temporaryFolder();

  async function connect(text: string): Promise<Awaited<ReturnType<typeof findConnection>>> {
    return findConnection({
      kubeconfig: await write(path('config'), text),
      environment: {},
      clock: new ManualClock(),
    });
  }

  test('gives address, path, CA and client certificate', async () => {
    const base64 = (text: string): string => Buffer.from(text).toString('base64');
    await write(path('client.key'), 'KEY');
    const connection = await connect(
      kubeconfig({
        server: 'https://rancher.example/k8s/clusters/c1/',
        cluster: { 'certificate-authority-data': base64('CA'), 'tls-server-name': 'kube' },
        user: { 'client-certificate-data': base64('CERT'), 'client-key': 'client.key' },
      }),
    );
    expect(await connection.current()).toEqual({
      origin: 'https://rancher.example',
      prefix: '/k8s/clusters/c1',
      tls: {
        ca: Buffer.from('CA'),
        cert: Buffer.from('CERT'),
        key: Buffer.from('KEY'),
        servername: 'kube',
        rejectUnauthorized: true,
      },
      headers: {},
    });
    expect(connection.source).toBe(`kubeconfig ${path('config')}, context c`);
  });

  test.each([
    ['a token', { token: 'abc' }, 'Bearer abc'],
    ['a token file, which wins', { token: 'abc', tokenFile: 'token' }, 'Bearer of-the-file'],
    [
      'a password',
      { username: 'me', password: 'pass' },
      `Basic ${Buffer.from('me:pass').toString('base64')}`,
    ],
    [
      'an exec plugin',
      { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'sh', args: ['plugin'] } },
      'Bearer of-the-plugin',
    ],
  ])('authenticates with %s', async (_, user, authorization) => {
    await write(path('token'), 'of-the-file\n');
    const plugin = await write(path('plugin'), `echo '{"status":{"token":"of-the-plugin"}}'\n`);
    await chmod(plugin, 0o755);
    const inFolder = JSON.parse(JSON.stringify(user).replace('"plugin"', JSON.stringify(plugin))) as object;
    const connection = await connect(kubeconfig({ user: inFolder }));
    expect((await connection.current()).headers).toEqual({ authorization });
  });

  test('is read again when it changes, and an exec plugin is asked again when its token is refused', async () => {
    const time = new ManualClock();
    const answers = await write(path('answer'), '{"status":{"token":"one"}}');
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: 'cat', args: [answers] };
    const file = await write(path('config'), kubeconfig({ user: { exec } }));
    const connection = await findConnection({ kubeconfig: file, environment: {}, clock: time });
    const authorization = async (): Promise<string | undefined> =>
      (await connection.current()).headers['authorization'];
    expect(await authorization()).toBe('Bearer one');
    await write(answers, '{"status":{"token":"two"}}');
    time.advance(10_000);
    expect(await authorization()).toBe('Bearer one');
    connection.renew();
    expect(await authorization()).toBe('Bearer two');
    await write(file, kubeconfig({ user: { token: 'three, of another file' } }));
    time.advance(10_000);
    expect(await authorization()).toBe('Bearer three, of another file');
  });

  test('several files are merged: the first one that says something wins, missing ones are left out', async () => {
    const first = await write(path('first'), stringify({ users: [{ name: 'u', user: { token: 'first' } }] }));
    const second = await write(path('second'), kubeconfig({ user: { token: 'second' } }));
    const environment = { KUBECONFIG: `${path('missing')}:${first}:${second}` };
    const connection = await findConnection({ environment, clock: new ManualClock() });
    expect(await connection.current()).toMatchObject({ headers: { authorization: 'Bearer first' } });
  });

  test.each([
    ['no YAML', 'a: [', /line 1: is not YAML/],
    ['no contexts', 'a: b', /there is no context/],
    ['no current context', kubeconfig({ context: '' }), /no current-context.*use-context/],
    ['a context that does not exist', kubeconfig({ context: 'other' }), /context other does not exist/],
    ['no https', kubeconfig({ server: 'http://api.example' }), /must be an https:\/\/ URL/],
    ['a proxy', kubeconfig({ cluster: { 'proxy-url': 'http://proxy' } }), /proxy-url.*not supported/],
    ['a missing key file', kubeconfig({ user: { 'client-key': 'none' } }), /credentials.*ENOENT/],
    ['a missing token file', kubeconfig({ user: { tokenFile: 'none' } }), /none cannot be read \(ENOENT\)/],
    [
      'a missing exec plugin',
      kubeconfig({ user: { exec: { command: 'no-such-command' } } }),
      /no-such-command/,
    ],
  ])('with %s is refused', async (_, text, why) => {
    const message = await refusal(() => connect(text));
    expect(message).toMatch(/\[config-invalid\]/);
    expect(message).toMatch(why);
  });

  test('that is missing is named', async () => {
    expect(await refusal(() => findConnection({ kubeconfig: path('none'), environment: {}, clock }))).toMatch(
      /\[config-invalid\].*\/none cannot be read \(ENOENT\)/,
    );
  });

  test('never shows a token, not even one that an exec plugin printed wrongly', async () => {
    await write(path('answer'), 'secret-token');
    const exec = { command: 'cat', args: [path('answer')] };
    const text = await refusal(() => connect(kubeconfig({ user: { exec } })));
    expect(text).toMatch(/\[config-invalid\]/);
    expect(text).not.toContain('secret-token');
    expect(await readFile(path('answer'), 'utf8')).toBe('secret-token');
  });
});
