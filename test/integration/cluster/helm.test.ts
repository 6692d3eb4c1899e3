// The Helm chart, to an API server that refuses what it does not know. There is no controller: no pod runs.
import { beforeAll, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { installCrds } from '../../cluster/crds.ts';
import type { ControlPlane } from '../../cluster/control-plane.ts';
import { kubectlOf } from '../../cluster/kubectl-of.ts';
import type { Kubectl } from '../../cluster/node/kubectl.ts';
import { spiffeCsiDriver } from '../../cluster/spiffe-csi-driver.ts';
import { controlPlane, describeOnCluster } from '../../cluster/suite.ts';
import { chart, chartArguments, runHelm, type Given } from '../../deploy/helm.ts';

const workloadPath = '/apis/apps/v1/namespaces/featureseal';
const spireDefinitions = join(chart, 'charts/spire-crds/crds');

interface Site {
  readonly kubectl: Kubectl;
  /** @returns what Helm printed @throws with what it said, where it did not end well */
  readonly helm: (...args: readonly string[]) => string;
}

/** helm and kubectl for a cluster; Helm's own files are in its folder. */
async function siteOf(plane: ControlPlane): Promise<Site> {
  const kubectl = await kubectlOf(plane);
  const home = join(plane.folder, 'helm');
  const env = { HELM_CACHE_HOME: home, HELM_CONFIG_HOME: home, HELM_DATA_HOME: home, ...kubectl.environment };
  return {
    kubectl,
    helm: (...args) => {
      const { status, stdout, stderr } = runHelm(args, env);
      if (status !== 0) throw new Error(stderr);
      return stdout;
    },
  };
}

async function createNamespace({ admin }: ControlPlane): Promise<void> {
  await admin.create('/api/v1/namespaces', { metadata: { name: 'featureseal' } });
}

/** What of a SPIRE that is there already the API server knows. */
async function bringSpire({ admin }: ControlPlane, kubectl: Kubectl): Promise<void> {
  await kubectl.run('create', '--filename', spireDefinitions);
  await admin.create('/apis/storage.k8s.io/v1/csidrivers', spiffeCsiDriver);
}

for (const file of ['development', 'spire', 'default'] as const) {
  describeOnCluster(`the Helm chart with the values of the overlay ${file}`, () => {
    const plane = controlPlane();

    test('installs, upgrades and goes, and leaves NodeFeatures where they are', async () => {
      const { admin } = plane();
      const { helm, kubectl } = await siteOf(plane());
      if (file === 'default') await bringSpire(plane(), kubectl);
      await createNamespace(plane());
      helm('install', ...chartArguments({ file }));
      const text = helm('template', ...chartArguments({ file }));
      await kubectl.with(
        { input: text },
        'apply',
        '--validate=strict',
        '--dry-run=server',
        '--filename',
        '-',
      );

      // A changed setting restarts the pods that read it, and no others.
      helm('upgrade', ...chartArguments({ file, set: ['worker.config.discoverInterval=5m'] }));
      expect(await admin.get(`${workloadPath}/daemonsets/featureseal-worker`)).toMatchObject({
        metadata: { generation: 2 },
      });
      expect(await admin.get(`${workloadPath}/deployments/featureseal-master`)).toMatchObject({
        metadata: { generation: 1 },
      });

      const nodeFeatures = '/apis/nfd.k8s-sigs.io/v1alpha1/namespaces/featureseal/nodefeatures';
      await admin.create(nodeFeatures, {
        apiVersion: 'nfd.k8s-sigs.io/v1alpha1',
        kind: 'NodeFeature',
        metadata: { name: 'node-a' },
        spec: {},
      });
      helm('uninstall', 'featureseal', '--namespace', 'featureseal');
      expect(await admin.list(`${workloadPath}/daemonsets`)).toEqual([]);
      expect(await admin.list(nodeFeatures)).toHaveLength(1);
      const definitions = await admin.list('/apis/apiextensions.k8s.io/v1/customresourcedefinitions');
      expect(definitions).toHaveLength(file === 'development' ? 3 : 6);
    });
  });
}

describeOnCluster('the Helm chart on a cluster that has something already', () => {
  const plane = controlPlane();
  let site: Site;

  beforeAll(async () => {
    site = await siteOf(plane());
    await createNamespace(plane());
    await installCrds(plane().admin);
    await plane().admin.create('/apis/storage.k8s.io/v1/csidrivers', spiffeCsiDriver);
  });

  const refused = (given: Given): readonly string[] => refusedAt(site, given);
  const there = (plural: string): string =>
    `- the definition ${plural}.nfd.k8s-sigs.io is there already, from NFD or from kubectl, and may know more fields: leave it with --set crds.install=false`;

  test("does not take over NFD's definitions, and says how to leave them", () => {
    const set = ['spire.identities=false'];
    expect(refused({ file: 'default', set })).toEqual(
      ['nodefeatures', 'nodefeaturerules', 'nodefeaturegroups'].map(there),
    );
    expect(refused({ file: 'default', set: [...set, 'crds.install=false'] })).toEqual([]);
  });

  test.each([['development'], ['spire']])("does not take SPIFFE's driver over: %s", (file) => {
    expect(refused({ file, set: ['crds.install=false'] })).toEqual([
      '- another driver has the name csi.spiffe.io in this cluster: SPIRE is there; use it with --set identity=spire,spire.enabled=false',
    ]);
  });
});

describeOnCluster('the Helm chart on a cluster without SPIRE', () => {
  const plane = controlPlane();

  test('makes no pods and no ClusterSPIFFEIDs that would wait for ever', async () => {
    const site = await siteOf(plane());
    await createNamespace(plane());
    const noDriver =
      "- no driver csi.spiffe.io is in this cluster, so no pod would get its socket: install SPIRE's, or bring SPIRE with --set spire.enabled=true";
    expect(refusedAt(site, { file: 'default' })).toEqual([
      noDriver,
      '- no spire-controller-manager is in this cluster, so nobody reads ClusterSPIFFEIDs: bring SPIRE with --set spire.enabled=true, or, where entries are made in another way, leave them out with --set spire.identities=false',
    ]);
    expect(refusedAt(site, { file: 'default', set: ['spire.identities=false'] })).toEqual([noDriver]);
  });
});

/** The faults for which Helm would not install. */
function refusedAt({ helm }: Site, given: Given): readonly string[] {
  try {
    helm('install', ...chartArguments(given), '--dry-run=server');
    return [];
  } catch (thrown) {
    const faults = String(thrown)
      .split('\n')
      .filter((line) => line.startsWith('- '));
    // Refused for another cause, the test would hold nothing.
    if (faults.length === 0) throw thrown;
    return faults;
  }
}
