import { writeFile } from 'node:fs/promises';
import { beforeEach, expect } from '@jest/globals';
import type { Explanation } from '../../../../src/cli/explain/explanation.ts';
import type { NodeFeature } from '../../../../src/feature/node-feature.ts';
import { verifyNodeFeature } from '../../../../src/seal/verify.ts';
import { toPem, type TestCa, type TestSvid } from '../../../support/certificates.ts';
import type { Outcome } from '../../../support/cli-context.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { prepared } from '../../../support/prepared.ts';
import {
  bundlesOf,
  issue,
  minute,
  nodeFeature,
  noon,
  policyText,
  rootCa,
  seal,
  testPolicy,
} from '../../../support/sealing.ts';
import { fakeCluster, nodeFeaturesPath, nodesPath, type FakeCluster } from '../fake-cluster.ts';

export const avx2 = 'feature.node.kubernetes.io/cpu-cpuid.AVX2';
export const tracking = 'nfd.node.kubernetes.io/feature-labels';
export const key = 'featureseal/node-a';

/** What a test's Node differs in from one with the label AVX2, tracked, and the mark of the sealed object. */
interface NodeParts {
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
  /** Entries of its mark; without entries it has none. */
  readonly accepted?: Record<string, object>;
  readonly [member: string]: unknown;
}

interface Explained {
  readonly cluster: () => FakeCluster;
  readonly ca: () => TestCa;
  readonly svid: () => TestSvid;
  /** What the worker of node-a sealed five minutes before noon. */
  readonly sealed: () => NodeFeature;
  readonly putNode: (parts?: NodeParts) => void;
  readonly putObject: (object: NodeFeature) => void;
  /** The arguments that give the authority's bundle. */
  readonly bundle: () => readonly string[];
  /** `explain node-a` with the policy of these tests, at noon where no other time is given. */
  readonly run: (args: readonly string[], at?: number) => Promise<Outcome>;
  /** The same as data, with the bundle where no other arguments are given. */
  readonly explained: (args?: readonly string[], at?: number) => Promise<Explanation>;
}

/** A cluster with the Node of one worker, for `explain` to look at. */
export function useExplained(): Explained {
  const cluster = fakeCluster();
  const made = prepared(async () => {
    const ca = await rootCa();
    const svid = await issue(ca);
    const sealed = await seal(nodeFeature(), svid, { at: noon - 5 * minute });
    const options = { bundles: bundlesOf(ca), policy: testPolicy(), now: new Date(noon) };
    return { ca, svid, sealed, accepted: (await verifyNodeFeature(sealed, options)).accepted };
  });
  beforeEach(async () => {
    await writeFile(cluster().path('bundle.pem'), toPem([made().ca.root]));
    await writeFile(cluster().path('policy.yaml'), policyText);
  });

  const putNode: Explained['putNode'] = ({ labels, annotations, accepted, ...parts } = {}) => {
    const objects = accepted ?? { [key]: made().accepted };
    const mark = Object.keys(objects).length > 0 && {
      'featureseal.io/accepted': JSON.stringify({ uid: 'u', objects }),
    };
    const { managedFields } = parts;
    cluster().put(nodesPath, {
      metadata: {
        name: 'node-a',
        uid: 'u',
        labels: labels ?? { [avx2]: 'true' },
        annotations: { [tracking]: 'cpu-cpuid.AVX2', ...mark, ...annotations },
        ...(managedFields !== undefined && { managedFields }),
      },
      ...parts,
    });
  };
  const bundle = (): readonly string[] => ['--bundle', cluster().path('bundle.pem')];
  const run: Explained['run'] = (args, at = noon) => {
    const policy = ['--policy', cluster().path('policy.yaml')];
    return cluster().run(['explain', 'node-a', ...policy, ...args], { clock: new ManualClock(at) });
  };
  return {
    cluster,
    ca: () => made().ca,
    svid: () => made().svid,
    sealed: () => made().sealed,
    putNode,
    putObject: (object) => cluster().put(nodeFeaturesPath, object as never),
    bundle,
    run,
    async explained(args = bundle(), at = noon) {
      const { out, err, status } = await run([...args, '-o', 'json'], at);
      expect({ err, status }).toEqual({ err: '', status: 0 });
      return JSON.parse(out) as Explanation;
    },
  };
}
