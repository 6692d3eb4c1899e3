import { describe, expect, test } from '@jest/globals';
import { issue, nodeFeature, seal, vendorId } from '../../../support/sealing.ts';
import { eventsPath } from '../fake-cluster.ts';
import { avx2, key, tracking, useExplained } from './explained.ts';

const { ca, cluster, explained, putNode, putObject, sealed, svid } = useExplained();

describe('featureseal explain', () => {
  test('the label of two objects comes from the one that the policy lists first', async () => {
    const speed = 'vendor.example/speed';
    const fast = await seal(nodeFeature({ labels: { [speed]: 'fast' } }), svid());
    const vendor = await issue(ca(), { spiffeId: vendorId() });
    const slow = nodeFeature({ namespace: 'vendor', labels: { [speed]: 'slow' }, features: {} });
    putNode({ labels: { [speed]: 'fast' }, annotations: { [tracking]: speed }, accepted: {} });
    putObject(fast);
    putObject(await seal(slow, vendor));
    const { labels } = await explained();
    expect(labels).toMatchObject([{ key: speed, source: 'object', objects: [key] }]);
  });

  test('labels that nobody of us wrote are foreign, and their writer is named', async () => {
    const fields = (name: string) => ({ 'f:metadata': { 'f:labels': { [`f:${name}`]: {} } } });
    putNode({
      labels: { [avx2]: 'true', 'kubernetes.io/arch': 'amd64', mine: 'x' },
      managedFields: [
        { manager: 'kubelet', time: '2026-06-01T11:00:00Z', fieldsV1: fields('kubernetes.io/arch') },
        { manager: 'kubectl-label', time: '2026-06-01T11:00:00Z', fieldsV1: fields('mine') },
      ],
    });
    putObject(sealed());
    const { labels } = await explained();
    expect(labels.slice(1)).toEqual([
      { key: 'kubernetes.io/arch', value: 'amd64', source: 'foreign', objects: [], writtenBy: 'kubelet' },
      { key: 'mine', value: 'x', source: 'foreign', objects: [], writtenBy: 'kubectl-label' },
    ]);
  });

  test('a label that was there first is left alone, and told', async () => {
    putNode({ labels: { [avx2]: 'false' }, annotations: { [tracking]: '' } });
    putObject(sealed());
    const { labels } = await explained();
    expect(labels).toMatchObject([
      { key: avx2, source: 'foreign', note: 'it was there first; featureseal/node-a says "true"' },
    ]);
  });

  test.each([
    ['from before, where no object was ever accepted', {}, 'before'],
    ['left over, where the objects that count do not give it', undefined, 'leftover'],
  ])('a tracked label that no object gives is %s', async (_, marked, source) => {
    const old = 'feature.node.kubernetes.io/old';
    putNode({
      labels: { [old]: '1' },
      annotations: { [tracking]: 'old' },
      ...(marked && { accepted: marked }),
    });
    if (marked === undefined) putObject(sealed());
    expect((await explained()).labels).toMatchObject([{ key: old, source, objects: [] }]);
  });

  test('labels that objects give in vain are told with the reason', async () => {
    const role = 'node-role.kubernetes.io/control-plane';
    putNode({ labels: {}, annotations: { [tracking]: '' } });
    putObject(await seal(nodeFeature({ labels: { [role]: '', [avx2]: 'true' } }), svid()));
    expect((await explained()).missing).toEqual([
      {
        key: role,
        value: '',
        object: key,
        reason: 'labels in node-role.kubernetes.io are reserved to Kubernetes',
      },
      { key: avx2, value: 'true', object: key, reason: 'not written yet; is a master at work?' },
    ]);
  });

  test('annotations, taints and extended resources: ours, those of NFD, and foreign ones', async () => {
    putNode({
      annotations: {
        'nfd.node.kubernetes.io/taints': 'feature.node.kubernetes.io/fpga=true:NoSchedule',
        'nfd.node.kubernetes.io/extended-resources': 'slots',
        'nfd.node.kubernetes.io/feature-annotations': 'noted',
        'feature.node.kubernetes.io/noted': '1',
        'feature.node.kubernetes.io/strange': '1',
        'kubeadm.alpha.kubernetes.io/cri-socket': 'none of our business',
      },
      spec: {
        taints: [
          { key: 'feature.node.kubernetes.io/fpga', value: 'true', effect: 'NoSchedule' },
          { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' },
        ],
      },
      status: { capacity: { cpu: '4', 'feature.node.kubernetes.io/slots': '2' } },
    });
    const { others } = await explained();
    expect(others.map(({ kind, key: name, source }) => `${kind} ${name} ${source}`)).toEqual([
      `annotation ${tracking} featureseal`,
      'annotation featureseal.io/accepted featureseal',
      'annotation nfd.node.kubernetes.io/taints nfd',
      'annotation nfd.node.kubernetes.io/extended-resources nfd',
      'annotation nfd.node.kubernetes.io/feature-annotations nfd',
      'annotation feature.node.kubernetes.io/noted nfd',
      'annotation feature.node.kubernetes.io/strange foreign',
      'taint feature.node.kubernetes.io/fpga nfd',
      'extended resource feature.node.kubernetes.io/slots nfd',
    ]);
  });

  test('Events of masters about the node and its objects are shown', async () => {
    putNode();
    const event = {
      reason: 'NodeFeatureRefused',
      message: '[seal-missing] the object carries no seal',
      involvedObject: { kind: 'NodeFeature', namespace: 'featureseal', name: 'node-a' },
      eventTime: '2026-06-01T11:58:00.000000Z',
    };
    const about = (name: string, reportingComponent: string, of = 'node-a') => ({
      ...event,
      metadata: { name, namespace: 'featureseal' },
      reportingComponent,
      involvedObject: { ...event.involvedObject, name: of },
    });
    cluster().put(eventsPath, about('1', 'featureseal.io/master'));
    cluster().put(eventsPath, about('2', 'kubelet'));
    cluster().put(eventsPath, about('3', 'featureseal.io/master', 'node-b'));
    expect((await explained()).events).toEqual([
      {
        reason: 'NodeFeatureRefused',
        message: '[seal-missing] the object carries no seal',
        about: 'NodeFeature featureseal/node-a',
        kind: 'NodeFeature',
        namespace: 'featureseal',
        name: 'node-a',
        count: 1,
        last: '2026-06-01T11:58:00.000000Z',
      },
    ]);
  });
});
