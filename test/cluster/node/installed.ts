import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeIdentities } from './identities.ts';
import { InstalledCluster, namespace, type Named, type NodeFeature } from './installed-cluster.ts';
import type { Kubectl } from './kubectl.ts';

interface Items<T> {
  readonly items: readonly T[];
}

const repository = join(import.meta.dirname, '../../..');

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
  const installed = new InstalledCluster(cluster, overlay);
  const kubectl = (...args: readonly string[]): Promise<string> => cluster().run(...args);
  let temporary = '';

  beforeAll(async () => {
    temporary = await mkdtemp(join(tmpdir(), 'fs-e2e-'));
    await installed.install(folder);
  });
  afterAll(() => rm(temporary, { recursive: true, force: true }));

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
    const bound = ['--bound-object-kind=Pod', `--bound-object-name=${await installed.workerPod()}`];
    const token = (await kubectl('-n', namespace, 'create', 'token', 'featureseal-worker', ...bound)).trim();
    const asWorker = await kubeconfigWith(token);
    const own = await installed.nodeFeature();
    await cluster().with({ input: JSON.stringify(own), env: asWorker }, 'replace', '-f', '-');

    const { uid: _, ...rest } = own.metadata;
    const metadata = { ...rest, name: 'another-node', resourceVersion: undefined };
    const input = JSON.stringify({ ...own, metadata });
    await expect(cluster().with({ input, env: asWorker }, 'create', '-f', '-')).rejects.toThrow(
      /a worker writes the NodeFeature of its own node only/,
    );
    await expect(
      cluster().with({ env: asWorker }, '-n', namespace, 'delete', 'nodefeature', installed.node),
    ).rejects.toThrow(/Forbidden/);
  });

  test('refuses what was edited by hand, and puts it back', async () => {
    const before = await installed.ownLabels();
    const edit = { spec: { labels: { 'feature.node.kubernetes.io/by-hand': 'true' } } };
    const patch = ['patch', 'nodefeature', installed.node, '--type=merge', '-p', JSON.stringify(edit)];
    await kubectl('-n', namespace, ...patch);
    await installed.until('the worker has put it back', async () => {
      const { spec } = await installed.nodeFeature();
      return !Object.hasOwn(spec.labels ?? {}, 'feature.node.kubernetes.io/by-hand');
    });
    expect(await installed.ownLabels()).toEqual(before);
  });

  test('keeps every label while workers are replaced', async () => {
    const before = await installed.ownLabels();
    await installed.replaceWorkers(async () => {
      expect(await installed.ownLabels()).toEqual(before);
    });
    expect(await installed.ownLabels()).toEqual(before);
  });

  test('keeps every label while the leading master is replaced', async () => {
    const before = await installed.ownLabels();
    const holder = (): Promise<string> =>
      kubectl('-n', namespace, 'get', 'lease', 'featureseal-master', '-o', 'jsonpath={.spec.holderIdentity}');
    const led = await holder();
    await kubectl('-n', namespace, 'delete', 'pod', led.split('_')[0] ?? '', '--force');
    await installed.until('another master leads', async () => {
      const now = await holder();
      return now !== '' && now !== led;
    });
    await kubectl('label', 'node', installed.node, 'feature.node.kubernetes.io/kernel-version.full-');
    await installed.until('the new leader has put a label back', async () => {
      return (await installed.ownLabels()).length === before.length;
    });
    expect(await installed.ownLabels()).toEqual(before);
    await installed.rollout(namespace, 'deployment/featureseal-master');
  });

  describeIdentities(overlay, installed);

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
