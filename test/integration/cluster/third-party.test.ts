// A third party that seals with `featureseal sign --publish`: its own labels arrive, and nothing beyond its grant.
import { writeFile } from 'node:fs/promises';
import { beforeAll, expect, test } from '@jest/globals';
import { runCli } from '../../../src/cli/run.ts';
import { signCommand } from '../../../src/cli/sign.ts';
import { apiVersion, kind, type NodeFeature } from '../../../src/feature/node-feature.ts';
import type { FeaturesealProcess } from '../../cluster/featureseal-process.ts';
import {
  carries,
  Installation,
  nodeFeaturePath,
  prepareCluster,
  type StoredNodeFeature,
} from '../../cluster/installation.ts';
import { grant } from '../../cluster/rbac.ts';
import { cluster, vendorId, vendorNamespace, workerId } from '../../cluster/scenario.ts';
import { controlPlane, describeOnCluster } from '../../cluster/suite.ts';
import { recordCli } from '../../support/cli-context.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { until } from '../../support/until.ts';

const node = 'node-a';
const labels = { 'vendor.example/model': 'example-100' };

describeOnCluster('featureseal sign --publish', () => {
  const plane = controlPlane();
  const path = temporaryFolder();
  let world: Installation;
  let master: FeaturesealProcess;
  let kubeconfig = '';
  const sockets = new Map<string, string>();

  beforeAll(async () => {
    await prepareCluster(plane());
    await grant(plane().admin, '../example-third-party/agent/rbac.yaml', 'vendors', vendorNamespace);
    world = await Installation.create(plane());
    kubeconfig = await plane().kubeconfig('vendor', ['vendors']);
    for (const id of [vendorId(node), vendorId('node-b'), workerId(node)])
      sockets.set(id, (await world.identity.serve(id)).address);
    await world.addNode(node);
    master = await world.startMaster();
  });

  interface Attempt {
    readonly labels?: Readonly<Record<string, string>>;
    readonly as?: string;
    readonly flags?: readonly string[];
  }

  /** Runs the command over a file that names neither node nor namespace, with the rights that the example ships. */
  async function publish({ labels: said = labels, as = vendorId(node), flags = [] }: Attempt = {}) {
    await writeFile(path('object.json'), JSON.stringify({ apiVersion, kind, spec: { labels: said } }));
    await writeFile(path('kubeconfig'), kubeconfig, { mode: 0o600 });
    const args = ['sign', path('object.json'), '--publish', '--cluster', cluster, '--node', node];
    const where = ['--namespace', vendorNamespace, '--kubeconfig', path('kubeconfig')];
    const cli = recordCli({ env: { SPIFFE_ENDPOINT_SOCKET: sockets.get(as) } });
    const commands = [{ name: 'sign', summary: '', load: async () => signCommand }];
    const all = [...args, ...where, ...flags];
    const status = await runCli({ args: all, commands, version: '0' }, cli.context);
    return { status, out: cli.out(), err: cli.err() };
  }

  const stored = async (): Promise<StoredNodeFeature> =>
    (await world.admin.get(nodeFeaturePath(vendorNamespace, node))) as StoredNodeFeature;
  const refused = (since: number): Promise<unknown> =>
    master.says((line) => line['audit'] === true && line['object'] === `${vendorNamespace}/${node}`, since);

  test("brings a vendor's labels onto its node", async () => {
    const { status, out, err } = await publish();
    expect({ status, err }).toEqual({ status: 0, err: '' });
    expect(out).toContain(`stored ${vendorNamespace}/${node}, sealed by ${vendorId(node)} until `);
    await world.nodeCarries(node, labels);
  });

  test('replaces the whole object, whatever stands there', async () => {
    const before = await stored();
    await world.put({ ...before, spec: { labels: { ...labels, 'vendor.example/by-hand': 'true' } } });
    const changed = { 'vendor.example/model': 'example-200' };
    expect(await publish({ labels: changed })).toMatchObject({ status: 0, err: '' });
    expect((await stored()).spec).toEqual({ labels: changed });
    const { metadata } = await world.nodeCarries(node, changed);
    expect(metadata.labels).not.toHaveProperty(['vendor.example/by-hand']);
  });

  test.each([
    ['a label outside its grant', 'label-not-granted', { labels: { 'feature.node.kubernetes.io/a': 'b' } }],
    ['another node in its name', 'signer-not-allowed', { as: vendorId('node-b') }],
    ["the worker's identity, in the vendor's namespace", 'signer-not-allowed', { as: workerId(node) }],
  ])('gains nothing by %s', async (_, code, attempt: Attempt) => {
    const since = master.mark;
    expect(await publish(attempt)).toMatchObject({ status: 0, err: '' });
    expect(await refused(since)).toMatchObject({ code });
    const said = attempt.labels ?? labels;
    const { metadata } = await world.admin.get(`/api/v1/nodes/${node}`);
    expect(carries(metadata.labels, said)).toBe(false);
    // What it says within its grant counts again at once.
    const own = { 'vendor.example/model': code };
    expect(await publish({ labels: own })).toMatchObject({ status: 0 });
    await world.nodeCarries(node, own);
  });

  test('stores nothing where the API server refuses, and says what', async () => {
    const { resourceVersion } = (await stored()).metadata;
    const elsewhere = await publish({ flags: ['--namespace', 'featureseal'] });
    expect(elsewhere).toMatchObject({ status: 1, out: '' });
    expect(elsewhere.err).toContain('[store-refused]');
    expect((await stored()).metadata.resourceVersion).toBe(resourceVersion);
  });

  test('goes on with --every: a changed file is sealed and stored, what fails is told and tried again', async () => {
    const stop = new AbortController();
    const cli = recordCli({
      env: { SPIFFE_ENDPOINT_SOCKET: sockets.get(vendorId(node)) },
      signal: stop.signal,
    });
    await writeFile(path('kubeconfig'), kubeconfig, { mode: 0o600 });
    const args = ['sign', path('late.json'), '--publish', '--every', '1s', '--cluster', cluster];
    const where = ['--node', node, '--namespace', vendorNamespace, '--kubeconfig', path('kubeconfig')];
    const commands = [{ name: 'sign', summary: '', load: async () => signCommand }];
    const running = runCli({ args: [...args, ...where], commands, version: '0' }, cli.context);
    await until(() => cli.err().includes('[file-unreadable]'));
    for (const model of ['late-1', 'late-2']) {
      const said = { 'vendor.example/model': model };
      const object: Omit<NodeFeature, 'metadata'> = { apiVersion, kind, spec: { labels: said } };
      await writeFile(path('late.json'), JSON.stringify(object));
      await world.nodeCarries(node, said);
    }
    stop.abort();
    expect(await running).toBe(0);
  });
});
