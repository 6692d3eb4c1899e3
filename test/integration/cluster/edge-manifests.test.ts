// The manifests of a site, to an API server that refuses what it does not know. There is no controller: no pod runs.
import { beforeAll, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { kubectlOf } from '../../cluster/kubectl-of.ts';
import type { Kubectl } from '../../cluster/node/kubectl.ts';
import { controlPlane, describeOnCluster } from '../../cluster/suite.ts';
import {
  find,
  manifestsOf,
  podOf,
  renderedOver,
  renderedText,
  type Workload,
} from '../../deploy/manifests.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const repository = join(import.meta.dirname, '../../..');
const overlay = (name: string): string => join(repository, 'deploy/overlays', name);

describeOnCluster('the manifests of a site', () => {
  const plane = controlPlane();
  const path = temporaryFolder();
  let kubectl: Kubectl;

  beforeAll(async () => {
    kubectl = await kubectlOf(plane());
    await kubectl.run('create', '--validate=strict', '-k', overlay('edge/crd'));
    await kubectl.run('wait', '--for=condition=Established', '--timeout=60s', 'crd', '--all');
  });

  test('are taken without a doubt, and a second time restart nothing', async () => {
    for (const _ of ['first', 'second'])
      await kubectl.run('apply', '--validate=strict', '-k', overlay('edge'));
    const { items } = await kubectl.json<{
      readonly items: readonly { readonly metadata: { readonly generation: number } }[];
    }>('ds,deploy,sts', '-A');
    expect(items.map(({ metadata }) => metadata.generation)).toEqual([1, 1, 1, 1, 1]);
  });

  test('make a pod of server and agent that the restricted level of its namespace allows', async () => {
    const server = find(manifestsOf(renderedText('edge')), 'StatefulSet', 'spire-server') as Workload;
    const { volumes = [], ...pod } = podOf(server);
    // The claim's volume is the StatefulSet's to add.
    const data = { name: 'data', persistentVolumeClaim: { claimName: 'data' } };
    const metadata = { name: 'spire-server-0', namespace: 'spire-server' };
    const object = { apiVersion: 'v1', kind: 'Pod', metadata, spec: { ...pod, volumes: [...volumes, data] } };
    await kubectl.apply(object, '--dry-run=server', '--validate=strict');
  });

  test.each([
    'deploy/components/host-path-socket',
    'deploy/components/kubeedge',
    'spire-config/edge/unix-attestor',
    'spire-config/edge/join-token',
  ])('with %s are taken too', async (component) => {
    renderedOver('edge', [component], path('deploy'));
    const own = path('deploy/overlays/own');
    await kubectl.run('apply', '--validate=strict', '--dry-run=server', '-k', own);
  });

  test.each(['site', 'unix-worker'])('are taken with the example %s', async (name) => {
    const file = join(repository, `spire-config/edge/examples/${name}.yaml`);
    await kubectl.run('apply', '--validate=strict', '--dry-run=server', '-f', file);
  });
});
