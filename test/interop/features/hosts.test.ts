import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { Discovery } from '../../../src/plugin/contract.ts';
import { expectedOf, hostNames, hostTree, nodeName, type HostName } from '../../unit/plugins/hosts.ts';
import { interopBin } from '../peer.ts';
import { describeWithPeer } from '../suite.ts';

/** Sources of NFD that read below a host root and nothing else. */
const sources = ['local', 'memory', 'network', 'pci', 'storage', 'system', 'usb'];
const kinds = ['flags', 'attributes', 'instances'] as const;

type Found = Readonly<
  Record<string, { readonly features: Discovery['features']; readonly labels: Discovery['labels'] }>
>;

/** What NFD's sources find in a tree, as a worker of NFD would publish it. */
function nfdFinds(name: HostName): Discovery {
  const program = join(interopBin ?? '', 'features');
  const options = { cwd: hostTree(name), env: { NODE_NAME: nodeName }, encoding: 'utf8' } as const;
  const found = JSON.parse(spawnSync(program, sources, options).stdout) as Found;
  const all = Object.entries(found);
  const [flags, attributes, instances] = kinds.map((kind) =>
    Object.fromEntries(
      all.flatMap(([source, { features }]) =>
        Object.entries(features[kind]).map(([feature, set]) => [
          `${source}.${feature}`,
          { elements: set.elements },
        ]),
      ),
    ),
  );
  const labels = all.flatMap(([source, each]) =>
    Object.entries(each.labels).map(([key, value]) => {
      const name = source === 'local' ? key : `${source}-${key}`;
      return [key.includes('/') ? key : `feature.node.kubernetes.io/${name}`, value];
    }),
  );
  return {
    features: { flags, attributes, instances } as Discovery['features'],
    labels: Object.fromEntries(labels) as Discovery['labels'],
  };
}

describeWithPeer('the sources of NFD on our trees', () => {
  test.each(hostNames)('find in %s what we expect there', async (name) => {
    const expected = await expectedOf(name);
    const theirs = nfdFinds(name);
    for (const kind of kinds) {
      const ours = Object.entries(expected.features[kind]).filter(([key]) =>
        sources.includes(key.split('.')[0]!),
      );
      expect(theirs.features[kind]).toEqual(Object.fromEntries(ours));
    }
    expect(expected.labels).toMatchObject(theirs.labels);
    // Nor do we give a label of these sources that they do not give.
    const prefixes = /\/(?:memory|network|pci|storage|system|usb)-/;
    const labelled = Object.keys(expected.labels).filter((key) => prefixes.test(key));
    expect(Object.keys(theirs.labels)).toEqual(expect.arrayContaining(labelled));
  });
});
