// An nfd-master beside this one: it is known by what a real API server notes of its writes, and by nothing else.
import { beforeAll, expect, test } from '@jest/globals';
import type { ApiClient, KubeObject } from '../../cluster/api-client.ts';
import type { FeaturesealProcess } from '../../cluster/featureseal-process.ts';
import { Installation, prepareCluster } from '../../cluster/installation.ts';
import { runCommand } from '../../cluster/command.ts';
import { markAnnotation } from '../../../src/seal/mark.ts';
import { foundLabels } from '../../cluster/scenario.ts';
import { controlPlane, describeOnCluster } from '../../cluster/suite.ts';

const feature = 'feature.node.kubernetes.io';
const tracking = 'nfd.node.kubernetes.io/feature-labels';
const nodes = ['node-a', 'node-before', 'node-same'];
const told = 'an nfd-master writes to a Node that this master labels; it ignores seals';

describeOnCluster('beside an nfd-master', () => {
  const plane = controlPlane();
  let world: Installation;
  let master: FeaturesealProcess;
  let nfdMaster: ApiClient;

  beforeAll(async () => {
    await prepareCluster(plane());
    world = await Installation.create(plane());
    // It names no field manager: the server takes the name of the program out of the user agent.
    nfdMaster = await plane().client('nfd', ['system:masters'], 'nfd-master/v0.19.0 (linux/amd64)');
    for (const name of nodes) {
      // As kubelet makes it: the server keeps no notes of who writes an object that had no fields when it was created.
      const labels = { 'kubernetes.io/hostname': name };
      await plane().admin.create('/api/v1/nodes', { metadata: { name, labels } });
    }
    await nfdWrites('node-before', { ...foundLabels, [`${feature}/old`]: 'true' });
    await nfdWrites('node-same', foundLabels);
    for (const node of nodes) await world.startWorker(node);
    master = await world.startMaster();
    for (const node of nodes)
      await plane().admin.until(
        '/api/v1/nodes',
        node,
        ({ metadata }) => markAnnotation in (metadata.annotations ?? {}),
      );
  });

  test('taking over what it left says nothing of it, and neither does doctor', async () => {
    const { metadata } = await world.fence('node-before');
    expect(metadata.labels).not.toHaveProperty([`${feature}/old`]);
    expect(await foreignWrites()).toBe(0);
    const { out } = await runCommand(plane(), ['doctor', '-o', 'json']);
    const { checks } = JSON.parse(out) as { checks: readonly { name: string; status: string }[] };
    expect(checks.find(({ name }) => name === 'foreign-master')).toMatchObject({ status: 'ok' });
  });

  test('edits by hand, of the tracking annotation too, say nothing of it', async () => {
    await plane().admin.patch('/api/v1/nodes/node-a', {
      metadata: { labels: { [`${feature}/mine`]: 'true' }, annotations: { [tracking]: 'mine' } },
    });
    await world.fence('node-a');
    expect(await foreignWrites()).toBe(0);
  });

  test('its write is told of in log, metric and Event, and taken back', async () => {
    const since = master.mark;
    await nfdWrites('node-a', { ...foundLabels, [`${feature}/forged`]: 'true' });
    const line = await master.says(({ message }) => message === told, since);
    expect(line).toMatchObject({ node: 'node-a', reason: expect.stringContaining(`${feature}/forged`) });
    const { metadata } = await world.fence('node-a');
    expect(metadata.labels).not.toHaveProperty([`${feature}/forged`]);
    expect(await foreignWrites()).toBe(1);
    const { uid } = metadata;
    expect(await eventOf('ForeignMaster')).toMatchObject({
      type: 'Warning',
      note: expect.stringContaining('featureseal doctor'),
      regarding: { kind: 'Node', name: 'node-a', uid },
    });
  });

  test('its next write to the same Node is counted, and not told of once more', async () => {
    const since = master.mark;
    await nfdWrites('node-a', { [`${feature}/forged`]: 'again' });
    await world.fence('node-a');
    expect(await foreignWrites()).toBe(2);
    expect(master.lines.slice(since).filter(({ message }) => message === told)).toEqual([]);
  });

  /** As NFD does: one JSON patch (RFC 6902) of labels and of the annotation that tracks them. */
  async function nfdWrites(node: string, labels: Readonly<Record<string, string>>): Promise<void> {
    const path = `/api/v1/nodes/${node}`;
    const { metadata } = await nfdMaster.get(path);
    const names = Object.keys(labels).map((key) => key.replace(`${feature}/`, ''));
    const patch = [
      ...(metadata.labels === undefined ? [{ op: 'add', path: '/metadata/labels', value: {} }] : []),
      ...(metadata.annotations === undefined
        ? [{ op: 'add', path: '/metadata/annotations', value: {} }]
        : []),
      ...Object.entries(labels).map(([key, value]) => ({
        op: 'add',
        path: `/metadata/labels/${pointer(key)}`,
        value,
      })),
      {
        op: 'add',
        path: `/metadata/annotations/${pointer(tracking)}`,
        value: names.sort().join(','),
      },
    ];
    await nfdMaster.request('PATCH', path, patch, 'application/json-patch+json');
  }

  /** The first of this reason, which may be on its way. */
  async function eventOf(reason: string): Promise<KubeObject | undefined> {
    const path = '/apis/events.k8s.io/v1/namespaces/default/events';
    for await (const { object } of plane().admin.watch(path, {}, AbortSignal.timeout(30_000))) {
      if (object['reason'] === reason) return object;
    }
    return undefined;
  }

  async function foreignWrites(): Promise<number> {
    const { text } = await master.health('/metrics');
    return Number(/^featureseal_master_foreign_writes_total (\d+)$/m.exec(text)?.[1]);
  }
});

/** RFC 6901. */
function pointer(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
