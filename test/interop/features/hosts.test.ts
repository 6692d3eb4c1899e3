import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { Discovery, Features } from '../../../src/plugin/contract.ts';
import { discoverHost, expectedOf, hostNames, hostTree, nodeName } from '../../unit/plugins/hosts.ts';
import { interopBin } from '../peer.ts';
import { describeWithPeer } from '../suite.ts';

/** Sources of NFD that read below a host root and nothing else. */
const sources = ['local', 'memory', 'network', 'pci', 'storage', 'system', 'usb'];

type Found = Readonly<Record<string, Discovery>>;

/** What NFD's sources find below a folder, as a worker of NFD would publish it. */
function nfdFinds(hostRoot: string, names: readonly string[]): Discovery {
  const options = { cwd: hostRoot, env: { NODE_NAME: nodeName }, encoding: 'utf8' } as const;
  const { stdout } = spawnSync(join(interopBin ?? '', 'features'), names, options);
  const found = Object.entries(JSON.parse(stdout) as Found);
  const kind = (pick: (features: Features) => Readonly<Record<string, { readonly elements: unknown }>>) =>
    Object.fromEntries(
      found.flatMap(([source, { features }]) =>
        Object.entries(pick(features)).map(([feature, { elements }]) => [
          `${source}.${feature}`,
          { elements },
        ]),
      ),
    );
  const labels = found.flatMap(([source, each]) =>
    Object.entries(each.labels).map(([key, value]): [string, string] => {
      const name = source === 'local' ? key : `${source}-${key}`;
      return [key.includes('/') ? key : `feature.node.kubernetes.io/${name}`, value];
    }),
  );
  const features = {
    flags: kind((each) => each.flags),
    attributes: kind((each) => each.attributes),
    instances: kind((each) => each.instances),
  };
  return { features: features as Features, labels: Object.fromEntries(labels) };
}

/** The part of a discovery that these sources of NFD have too. */
function partOf({ features, labels }: Discovery, names: readonly string[]): Discovery {
  const kind = <Value>(record: Readonly<Record<string, Value>>) =>
    Object.fromEntries(Object.entries(record).filter(([key]) => names.includes(key.split('.')[0]!)));
  const isOurs = (key: string): boolean => !/\/(?:cpu|kernel|rdma|fake)[-.]/.test(key);
  return {
    features: {
      flags: kind(features.flags),
      attributes: kind(features.attributes),
      instances: kind(features.instances),
    },
    labels: Object.fromEntries(
      Object.entries(labels).filter(([key]) => names.includes('kernel') || isOurs(key)),
    ),
  };
}

describeWithPeer('the sources of NFD', () => {
  test.each(hostNames)('find in %s what we expect there', async (name) => {
    expect(nfdFinds(hostTree(name), sources)).toEqual(partOf(await expectedOf(name), sources));
  });

  test('find on the machine at hand what we find there', async () => {
    const { features } = partOf((await discoverHost('/')).discovery, [...sources, 'kernel']);
    expect(features).toEqual(nfdFinds('/', [...sources, 'kernel']).features);
  });
});
