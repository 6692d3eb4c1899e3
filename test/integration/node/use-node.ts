import { join } from 'node:path';
import { beforeAll, describe, expect } from '@jest/globals';
import { run } from '../../cluster/node/kubectl.ts';
import { RealNode } from '../../cluster/node/real-node.ts';
import { prepared } from '../../support/prepared.ts';

const bin = process.env['FEATURESEAL_NODE_BIN'];
const image = process.env['FEATURESEAL_NODE_IMAGE'];
export const repository = join(import.meta.dirname, '../../..');

/** Tests that need a node of their own; skipped where there are no programs for one (scripts/test --cluster has them). */
export const describeOnNode = bin === undefined || image === undefined ? describe.skip : describe;

interface UsedNode {
  readonly node: () => RealNode;
  /** Runs a command as a person beside the cluster would: in its network, as its administrator. @throws with what it said */
  readonly beside: (command: readonly string[], env?: NodeJS.ProcessEnv) => Promise<string>;
  /** Nothing of Featureseal in the API server or mounted, and nothing of it on the Node. */
  readonly expectNothingLeft: () => Promise<void>;
}

/** One node with our image, for the tests of a describe. */
export function useNode(): UsedNode {
  const node = prepared(
    () => RealNode.start(bin ?? ''),
    (started) => started.close(),
  );
  beforeAll(() => node().loadImage(image ?? ''));
  return {
    node,
    beside(command, env = {}) {
      const [enter = '', ...entrance] = node().entrance;
      const PATH = `${bin ?? ''}:${process.env['PATH'] ?? ''}`;
      const { environment } = node().kubectl;
      return run(enter, [...entrance, ...command], { env: { ...process.env, PATH, ...environment, ...env } });
    },
    async expectNothingLeft() {
      const { kubectl, name } = node();
      const { metadata } = await kubectl.json<{ metadata: unknown }>('node', name);
      expect(JSON.stringify(metadata)).not.toMatch(/feature\.node\.kubernetes\.io|featureseal|nfd\.node/);
      const kinds = 'pods,crds,csidrivers,clusterroles,clusterrolebindings,namespaces,configmaps';
      const left = await kubectl.run('get', kinds, '-A');
      expect(left).not.toMatch(/featureseal|nfd\.k8s-sigs|csi\.spiffe\.io/);
      expect(await node().run('cat', '/proc/mounts')).not.toContain('kubernetes.io~csi');
    },
  };
}
