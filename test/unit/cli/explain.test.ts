import { writeFile } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Explanation } from '../../../src/cli/explain/explanation.ts';
import type { NodeFeature } from '../../../src/feature/node-feature.ts';
import { verifyNodeFeature } from '../../../src/seal/verify.ts';
import { toPem, type TestCa, type TestSvid } from '../../support/certificates.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import {
  bundlesOf,
  changed,
  day,
  hour,
  issue,
  minute,
  nodeFeature,
  nodeNameKey,
  noon,
  policyText,
  rootCa,
  seal,
  testPolicy,
  vendorId,
  workerId,
} from '../../support/sealing.ts';
import {
  eventsPath,
  fakeCluster,
  installMaster,
  nodeFeaturesPath,
  nodesPath,
  type Outcome,
} from './fake-cluster.ts';

const avx2 = 'feature.node.kubernetes.io/cpu-cpuid.AVX2';
const tracking = 'nfd.node.kubernetes.io/feature-labels';
const key = 'featureseal/node-a';
const cluster = fakeCluster();

let ca: TestCa;
let svid: TestSvid;
let sealed: NodeFeature;
let accepted: object;
beforeAll(async () => {
  ca = await rootCa();
  svid = await issue(ca);
  sealed = await seal(nodeFeature(), svid, { at: noon - 5 * minute });
  accepted = (
    await verifyNodeFeature(sealed, { bundles: bundlesOf(ca), policy: testPolicy(), now: new Date(noon) })
  ).accepted;
});

interface NodeParts {
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
  readonly accepted?: Record<string, object>;
  readonly [member: string]: unknown;
}

function putNode({
  labels = { [avx2]: 'true' },
  annotations,
  accepted: marked,
  ...parts
}: NodeParts = {}): void {
  const mark = marked ?? { [key]: accepted };
  const own =
    Object.keys(mark).length === 0
      ? {}
      : { 'featureseal.io/accepted': JSON.stringify({ uid: 'u', objects: mark }) };
  cluster().put(nodesPath, {
    metadata: {
      name: 'node-a',
      uid: 'u',
      labels,
      annotations: { [tracking]: 'cpu-cpuid.AVX2', ...own, ...annotations },
      ...(parts['managedFields'] === undefined ? {} : { managedFields: parts['managedFields'] }),
    },
    ...parts,
  });
}

function putObject(object: NodeFeature): void {
  cluster().put(nodeFeaturesPath, object as never);
}

async function run(args: readonly string[] = [], at = noon): Promise<Outcome> {
  await writeFile(cluster().path('bundle.pem'), toPem([ca.root]));
  await writeFile(cluster().path('policy.yaml'), policyText);
  const policy = ['--policy', cluster().path('policy.yaml')];
  return cluster().run(['explain', 'node-a', ...policy, ...args], { clock: new ManualClock(at) });
}

const bundle = () => ['--bundle', cluster().path('bundle.pem')];

async function explained(args: readonly string[] = bundle(), at = noon): Promise<Explanation> {
  const { out, err, status } = await run([...args, '-o', 'json'], at);
  expect({ err, status }).toEqual({ err: '', status: 0 });
  return JSON.parse(out) as Explanation;
}

describe('featureseal explain', () => {
  test('tells of a label: object, plugin; of its object: verdict, signer, time, age', async () => {
    putNode();
    putObject(sealed);
    const { labels, objects, missing } = await explained();
    expect(labels).toEqual([{ key: avx2, value: 'true', source: 'object', objects: [key], plugin: 'cpu' }]);
    expect(objects).toEqual([
      {
        object: key,
        verdict: 'accepted',
        code: null,
        message: null,
        counts: true,
        signer: workerId(),
        signed: '2026-06-01T11:55:00.000Z',
        ageSeconds: 300,
        stale: false,
        accepted: { signer: workerId(), signed: '2026-06-01T11:55:00.000Z', same: true },
      },
    ]);
    expect(missing).toEqual([]);
  });

  test('an object that was edited is refused with its code; what was accepted before is in use', async () => {
    putNode();
    putObject(changed(sealed, ({ spec }) => (spec.labels = { [avx2]: 'false' })));
    const { labels, objects } = await explained();
    expect(objects).toMatchObject([
      {
        verdict: 'refused',
        code: 'signature-invalid',
        counts: false,
        accepted: { signer: workerId(), same: false },
      },
    ]);
    expect(labels).toMatchObject([{ key: avx2, source: 'accepted', objects: [key] }]);
  });

  test('an object that is gone is known by the mark', async () => {
    putNode();
    const { labels, objects } = await explained();
    expect(objects).toMatchObject([{ object: key, verdict: 'missing', accepted: { signer: workerId() } }]);
    expect(labels).toMatchObject([{ key: avx2, source: 'accepted', objects: [key] }]);
  });

  test('an object in a namespace of nobody is refused and gives nothing', async () => {
    putNode();
    putObject(sealed);
    putObject(changed(sealed, ({ metadata }) => (metadata.namespace = 'elsewhere')));
    const { objects } = await explained();
    expect(objects).toMatchObject([
      { object: 'elsewhere/node-a', verdict: 'refused', code: 'namespace-not-in-policy', accepted: null },
      { object: key, verdict: 'accepted' },
    ]);
  });

  test('an object of another name that speaks of the node is found and refused', async () => {
    putNode();
    putObject(await seal(nodeFeature({ name: 'other' }), svid));
    const { objects } = await explained();
    expect(objects).toMatchObject([
      { object: 'featureseal/other', verdict: 'refused', code: 'name-mismatch' },
      { object: key, verdict: 'missing' },
    ]);
  });

  test('the label of two objects comes from the one that the policy lists first', async () => {
    const speed = 'vendor.example/speed';
    const fast = await seal(nodeFeature({ labels: { [speed]: 'fast' } }), svid);
    const vendor = await issue(ca, { spiffeId: vendorId() });
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
    putObject(sealed);
    const { labels } = await explained();
    expect(labels.slice(1)).toEqual([
      { key: 'kubernetes.io/arch', value: 'amd64', source: 'foreign', objects: [], writtenBy: 'kubelet' },
      { key: 'mine', value: 'x', source: 'foreign', objects: [], writtenBy: 'kubectl-label' },
    ]);
  });

  test('a label that was there first is left alone, and told', async () => {
    putNode({ labels: { [avx2]: 'false' }, annotations: { [tracking]: '' } });
    putObject(sealed);
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
    if (marked === undefined) putObject(sealed);
    expect((await explained()).labels).toMatchObject([{ key: old, source, objects: [] }]);
  });

  test('labels that objects give in vain are told with the reason', async () => {
    const role = 'node-role.kubernetes.io/control-plane';
    putNode({ labels: {}, annotations: { [tracking]: '' } });
    putObject(await seal(nodeFeature({ labels: { [role]: '', [avx2]: 'true' } }), svid));
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

  test('a seal beyond maxAge is stale, and accepted by the mark though its leaf has expired', async () => {
    putNode();
    putObject(sealed);
    const { objects } = await explained(bundle(), noon + 2 * day);
    expect(objects).toMatchObject([{ verdict: 'accepted', stale: true }]);
  });

  test('what stays in use of a refused object gets stale, whatever the object claims', async () => {
    putNode();
    const newer = await seal(nodeFeature(), svid, { at: noon });
    putObject(changed(newer, ({ spec }) => (spec.labels = {})));
    const { objects } = await explained(bundle(), noon - 4 * minute + day);
    expect(objects).toMatchObject([{ verdict: 'refused', stale: true, signed: '2026-06-01T12:00:00.000Z' }]);
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

  describe('without a trust bundle', () => {
    const note = 'no trust bundle is given (--socket or --bundle): seals are not verified';

    test('knows what the mark knows: this very content was accepted', async () => {
      putNode();
      putObject(sealed);
      const { labels, objects, notes } = await explained([]);
      expect(notes).toEqual([note]);
      expect(objects).toMatchObject([{ verdict: 'unverified', counts: true, accepted: { same: true } }]);
      expect(labels).toMatchObject([{ key: avx2, source: 'object', objects: [key] }]);
    });

    test('believes nothing else', async () => {
      putNode();
      putObject(changed(sealed, ({ spec }) => (spec.labels = { [avx2]: 'false' })));
      const { labels, objects } = await explained([]);
      expect(objects).toMatchObject([{ verdict: 'unverified', counts: false, accepted: { same: false } }]);
      expect(labels).toMatchObject([{ source: 'accepted' }]);
    });

    test('still refuses what needs no bundle to be refused', async () => {
      putNode();
      putObject(nodeFeature());
      expect((await explained([])).objects).toMatchObject([{ verdict: 'refused', code: 'seal-missing' }]);
    });

    test('a socket that is not there is noted', async () => {
      putNode();
      const { notes } = await explained(['--socket', `unix://${cluster().path('none.sock')}`]);
      expect(notes).toEqual([expect.stringContaining('[workload-api-unavailable]')]);
    });
  });

  describe("without --policy, reads the master's own", () => {
    async function fromCluster(args: readonly string[] = []): Promise<Explanation> {
      await writeFile(cluster().path('bundle.pem'), toPem([ca.root]));
      const { out, err } = await cluster().run(['explain', 'node-a', '-o', 'json', ...args], {
        clock: new ManualClock(noon),
      });
      expect(err).toBe('');
      return JSON.parse(out) as Explanation;
    }

    test('and its settings', async () => {
      putNode();
      putObject(sealed);
      installMaster(cluster(), { policy: policyText, config: 'maxAge: 60s\n' });
      expect(await fromCluster(bundle())).toMatchObject({
        cluster: 'demo',
        mode: 'enforce',
        policy: 'policy.yaml of ConfigMap featureseal/master-config',
        objects: [{ verdict: 'accepted', stale: true }],
      });
    });

    test('in mode audit every object counts, and what enforce would say is shown', async () => {
      const object = nodeFeature();
      putNode({ accepted: {} });
      putObject(object);
      installMaster(cluster(), { policy: policyText, args: ['--mode=audit'] });
      expect(await fromCluster(bundle())).toMatchObject({
        mode: 'audit',
        objects: [{ verdict: 'refused', code: 'seal-missing', counts: true }],
        labels: [{ key: avx2, source: 'object', objects: [key] }],
      });
    });

    test.each([
      [
        'none is installed',
        () => undefined,
        'there is no Deployment of a Featureseal master in this cluster',
      ],
      ['it is wrong', () => installMaster(cluster(), { policy: 'cluster: demo\n' }), '[policy-invalid]'],
    ])('where %s, says so and goes on', async (_, install, expected) => {
      putNode();
      putObject(sealed);
      install();
      const { notes, objects } = await fromCluster();
      expect(notes[0]).toContain(expected);
      expect(objects).toMatchObject([{ verdict: 'unverified', counts: true }]);
    });
  });

  describe('is refused', () => {
    test.each<[string, readonly string[], number, string]>([
      ['for a Node that is not there', ['explain', 'node-x'], 1, '[node-unknown] there is no Node "node-x"'],
      ['without a node', ['explain'], 2, "[usage] missing required argument 'node'"],
      [
        'for a policy that is not there',
        ['explain', 'node-a', '--policy', '/nowhere'],
        2,
        '[file-unreadable]',
      ],
      [
        'for bundles without a policy',
        ['explain', 'node-a', '--bundle', '/nowhere'],
        2,
        '[usage] bundles are of use only with a policy',
      ],
      ['for socket and bundle', ['explain', 'a', '--socket', 'x', '--bundle', 'y'], 2, 'cannot be used with'],
      [
        'for a kubeconfig that is not there',
        ['explain', 'a', '--kubeconfig', '/nowhere'],
        2,
        '[config-invalid]',
      ],
    ])('%s', async (_, args, status, message) => {
      putNode();
      const outcome = await cluster().run(args);
      expect(outcome).toMatchObject({ status, out: '' });
      expect(outcome.err).toContain(message);
      expect(outcome.err).not.toContain('    at ');
    });
  });

  test('the table says it for people, in one screen a node', async () => {
    putNode({ labels: { [avx2]: 'true', zone: 'a' } });
    putObject(changed(sealed, ({ spec }) => (spec.labels = {})));
    expect((await run(bundle(), noon + hour / 2)).out).toBe(
      [
        `Node node-a: cluster demo, mode enforce, policy ${cluster().path('policy.yaml')}; bundles ${cluster().path('bundle.pem')}`,
        '',
        'OBJECT              VERDICT                     SIGNED                    AGE  SIGNER',
        'featureseal/node-a  refused: signature-invalid  2026-06-01T11:55:00.000Z  35m  claims spiffe://example.org/featureseal/worker/demo/node-a',
        '',
        'featureseal/node-a: [signature-invalid] the signature does not match the payload',
        'featureseal/node-a: in use is what spiffe://example.org/featureseal/worker/demo/node-a sealed at 2026-06-01T11:55:00.000Z',
        '',
        'LABEL                                      VALUE  FROM                                 PLUGIN',
        'feature.node.kubernetes.io/cpu-cpuid.AVX2  true   last accepted of featureseal/node-a',
        'zone                                       a      foreign',
        '',
        'OTHER       NAME                                   VALUE                                                          FROM',
        'annotation  nfd.node.kubernetes.io/feature-labels  cpu-cpuid.AVX2                                                 featureseal (labels written for features: 1)',
        'annotation  featureseal.io/accepted                {"uid":"u","objects":{"featureseal/node-a":{"iat":1780314900…  featureseal (the newest accepted seals)',
        '',
      ].join('\n'),
    );
  });

  test('text of an attacker cannot forge a line of the table', async () => {
    putNode();
    putObject(changed(sealed, ({ metadata }) => (metadata.labels[nodeNameKey] = 'node-a')));
    const odd = changed(sealed, ({ metadata }) => (metadata.namespace = 'x\ny'));
    putObject(odd);
    const { out } = await run(bundle());
    expect(out).toContain('x\\u000ay/node-a');
  });
});
