import { describe, expect, test } from '@jest/globals';
import type { Explanation } from '../../../../src/cli/explain/explanation.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import {
  changed,
  hour,
  nodeFeature,
  nodeNameKey,
  noon,
  policyText,
  workerId,
} from '../../../support/sealing.ts';
import { installMaster } from '../fake-cluster.ts';
import { avx2, key, useExplained } from './explained.ts';

const { bundle, cluster, putNode, putObject, run, sealed } = useExplained();

describe('featureseal explain', () => {
  describe("without --policy, reads the master's own", () => {
    async function fromCluster(args: readonly string[] = []): Promise<Explanation> {
      const { out, err } = await cluster().run(['explain', 'node-a', '-o', 'json', ...args], {
        clock: new ManualClock(noon),
      });
      expect(err).toBe('');
      return JSON.parse(out) as Explanation;
    }

    test('and its settings', async () => {
      putNode();
      putObject(sealed());
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
      putObject(sealed());
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

  test('without a bundle the table says that the content is as a master accepted it', async () => {
    putNode();
    putObject(sealed());
    const { out } = await run([]);
    expect(out).toContain('featureseal/node-a  as accepted, in use  2026-06-01T11:55:00.000Z  5m');
    expect(out).toContain(
      `featureseal/node-a: not verified here; its content is what a master accepted from ${workerId()}`,
    );
  });

  test('the table says it for people, in one screen a node', async () => {
    putNode({ labels: { [avx2]: 'true', zone: 'a' } });
    putObject(changed(sealed(), ({ spec }) => (spec.labels = {})));
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
    putObject(changed(sealed(), ({ metadata }) => (metadata.labels[nodeNameKey] = 'node-a')));
    const odd = changed(sealed(), ({ metadata }) => (metadata.namespace = 'x\ny'));
    putObject(odd);
    const { out } = await run(bundle());
    expect(out).toContain('x\\u000ay/node-a');
  });
});
