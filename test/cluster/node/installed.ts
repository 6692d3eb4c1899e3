import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Kubectl } from './kubectl.ts';

interface Named {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

interface NodeFeature extends Named {
  readonly spec: { readonly labels?: Readonly<Record<string, string>> };
}

interface Items<T> {
  readonly items: readonly T[];
}

const repository = join(import.meta.dirname, '../../..');
const namespace = 'featureseal';
const identityNamespace = 'featureseal-identity';
const ours = /^(?:feature|profile)\.node\.kubernetes\.io\//;
const seal = 'featureseal.io/signature';

/**
 * What holds of an installation on any cluster; `cluster` is asked once tests run.
 *
 * @param folder of the overlay, or of another one that builds on it
 */
export function describeInstalled(
  overlay: string,
  cluster: () => Kubectl,
  folder = join(repository, 'deploy/overlays', overlay),
): void {
  const kubectl = (...args: readonly string[]): Promise<string> => cluster().run(...args);
  let temporary = '';
  let node = '';

  beforeAll(async () => {
    temporary = await mkdtemp(join(tmpdir(), 'fs-e2e-'));
    await kubectl('apply', '-k', folder);
    for (const workload of ['daemonset/featureseal-worker', 'deployment/featureseal-master']) {
      await kubectl('-n', namespace, 'rollout', 'status', workload, '--timeout=180s');
    }
    const workers = await kubectl(...workerPods, '-o', 'jsonpath={.items[0].spec.nodeName}');
    node = workers.trim();
    await labelled();
  });
  afterAll(() => rm(temporary, { recursive: true, force: true }));

  const workerPods = ['-n', namespace, 'get', 'pods', '-l', 'app.kubernetes.io/component=worker'];
  const nodeObject = (): Promise<Named> => cluster().json<Named>('node', node);
  const ownLabels = async (): Promise<readonly string[]> =>
    Object.keys((await nodeObject()).metadata.labels ?? {}).filter((key) => ours.test(key));
  const labelled = (): Promise<void> =>
    cluster().until(`${node} is labelled`, async () => (await ownLabels()).length > 3);
  const nodeFeature = (): Promise<NodeFeature> =>
    cluster().json<NodeFeature>('-n', namespace, 'nodefeature', node);
  const sealOf = async (): Promise<string> => (await nodeFeature()).metadata.annotations?.[seal] ?? '';
  const rollout = (inNamespace: string, workload: string): Promise<string> =>
    kubectl('-n', inNamespace, 'rollout', 'status', workload, '--timeout=120s');

  test('labels every node that has a worker', async () => {
    const { items } = await cluster().json<Items<NodeFeature>>('-n', namespace, 'nodefeatures');
    expect(items.length).toBeGreaterThan(0);
    for (const { metadata } of items) {
      const { labels = {}, annotations = {} } = (await cluster().json<Named>('node', metadata.name)).metadata;
      expect(Object.keys(labels)).toContain('feature.node.kubernetes.io/kernel-version.full');
      expect(annotations['featureseal.io/accepted']).toContain(`${namespace}/${metadata.name}`);
    }
  });

  test('stands in manifests that a strict API server takes', async () => {
    await kubectl('apply', '--dry-run=server', '--validate=strict', '-k', folder);
  });

  test("lets a worker write its own node's object, and no other's", async () => {
    const pod = (await kubectl(...workerPods, '-o', 'jsonpath={.items[0].metadata.name}')).trim();
    const bound = ['--bound-object-kind=Pod', `--bound-object-name=${pod}`];
    const token = (await kubectl('-n', namespace, 'create', 'token', 'featureseal-worker', ...bound)).trim();
    const asWorker = await kubeconfigWith(token);
    const own = await nodeFeature();
    await cluster().with({ input: JSON.stringify(own), env: asWorker }, 'replace', '-f', '-');

    const { uid: _, ...rest } = own.metadata;
    const metadata = { ...rest, name: 'another-node', resourceVersion: undefined };
    const input = JSON.stringify({ ...own, metadata });
    await expect(cluster().with({ input, env: asWorker }, 'create', '-f', '-')).rejects.toThrow(
      /a worker writes the NodeFeature of its own node only/,
    );
    await expect(
      cluster().with({ env: asWorker }, '-n', namespace, 'delete', 'nodefeature', node),
    ).rejects.toThrow(/Forbidden/);
  });

  test('refuses what was edited by hand, and puts it back', async () => {
    const before = await ownLabels();
    const edit = { spec: { labels: { 'feature.node.kubernetes.io/by-hand': 'true' } } };
    await kubectl('-n', namespace, 'patch', 'nodefeature', node, '--type=merge', '-p', JSON.stringify(edit));
    await cluster().until('the worker has put it back', async () => {
      const { spec } = await nodeFeature();
      return !Object.hasOwn(spec.labels ?? {}, 'feature.node.kubernetes.io/by-hand');
    });
    expect(await ownLabels()).toEqual(before);
  });

  test('keeps every label while a worker is replaced', async () => {
    const [before, sealed] = [await ownLabels(), await sealOf()];
    await kubectl('-n', namespace, 'delete', 'pods', '-l', 'app.kubernetes.io/component=worker', '--force');
    expect(await ownLabels()).toEqual(before);
    await rollout(namespace, 'daemonset/featureseal-worker');
    await cluster().until('the new worker has signed', async () => (await sealOf()) !== sealed);
    expect(await ownLabels()).toEqual(before);
  });

  test('keeps every label while the leading master is replaced', async () => {
    const before = await ownLabels();
    const holder = (): Promise<string> =>
      kubectl('-n', namespace, 'get', 'lease', 'featureseal-master', '-o', 'jsonpath={.spec.holderIdentity}');
    const led = await holder();
    await kubectl('-n', namespace, 'delete', 'pod', led.split('_')[0] ?? '', '--force');
    await cluster().until('another master leads', async () => {
      const now = await holder();
      return now !== '' && now !== led;
    });
    await kubectl('label', 'node', node, 'feature.node.kubernetes.io/kernel-version.full-');
    await cluster().until('the new leader has put a label back', async () => {
      return (await ownLabels()).length === before.length;
    });
    expect(await ownLabels()).toEqual(before);
    await rollout(namespace, 'deployment/featureseal-master');
  });

  if (overlay === 'development') {
    test('gives a pod of another service account no identity', async () => {
      const image = '{.spec.template.spec.containers[0].image}';
      const worker = ['daemonset/featureseal-worker', '-o', `jsonpath=${image}`];
      await cluster().apply(stranger(await kubectl('-n', namespace, 'get', ...worker)));
      await cluster().until('the authority has refused it', async () => {
        const log = await kubectl(
          '-n',
          identityNamespace,
          'logs',
          'deployment/featureseal-identity-authority',
        );
        return log.includes('no identity is listed for the service account default/default');
      });
      await cluster().until('the pod has heard it', async () =>
        (await kubectl('logs', 'stranger')).includes('workload-api-denied'),
      );
      expect(await kubectl('logs', 'stranger')).not.toContain('CERTIFICATE');
      await kubectl('delete', 'pod', 'stranger', '--timeout=60s');
    });

    test('keeps every label while the node plugin is replaced', async () => {
      const [before, sealed] = [await ownLabels(), await sealOf()];
      const plugins = ['pods', '-l', 'app.kubernetes.io/component=node-plugin'];
      await kubectl('-n', identityNamespace, 'delete', ...plugins, '--force');
      await rollout(identityNamespace, 'daemonset/featureseal-identity-node-plugin');
      // A new worker has to have its identity from the new plugin.
      await kubectl('-n', namespace, 'delete', 'pods', '-l', 'app.kubernetes.io/component=worker');
      await rollout(namespace, 'daemonset/featureseal-worker');
      await cluster().until('the new worker has signed', async () => (await sealOf()) !== sealed);
      expect(await ownLabels()).toEqual(before);
    });
  }

  /** A kubeconfig with that token and no certificate, as environment. */
  async function kubeconfigWith(token: string): Promise<NodeJS.ProcessEnv> {
    const config = JSON.parse(await kubectl('config', 'view', '--raw', '--minify', '-o', 'json')) as {
      users: readonly { readonly name: string }[];
    };
    const users = config.users.map(({ name }) => ({ name, user: { token } }));
    const file = join(temporary, 'worker.kubeconfig');
    await writeFile(file, JSON.stringify({ ...config, users }), { mode: 0o600 });
    return { KUBECONFIG: file };
  }
}

/** A pod that nobody has listed; of the same image, which the nodes have. */
const stranger = (image: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'stranger', namespace: 'default' },
  spec: {
    restartPolicy: 'Never',
    terminationGracePeriodSeconds: 2,
    dnsPolicy: 'Default',
    containers: [
      {
        name: 'svid',
        image,
        imagePullPolicy: 'IfNotPresent',
        args: ['svid', '--watch'],
        env: [{ name: 'SPIFFE_ENDPOINT_SOCKET', value: 'unix:///spiffe-workload-api/spire-agent.sock' }],
        volumeMounts: [{ name: 'spiffe', mountPath: '/spiffe-workload-api', readOnly: true }],
      },
    ],
    volumes: [{ name: 'spiffe', csi: { driver: 'csi.spiffe.io', readOnly: true } }],
  },
});
