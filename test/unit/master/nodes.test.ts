// "What happens when", the rows on Nodes: marks, labels of others, conflicts, leaders, merging, modes.
import { describe, expect, test } from '@jest/globals';
import { FeaturesealError } from '../../../src/error.ts';
import type { ReasonCode } from '../../../src/error-codes.ts';
import type { MasterSettings } from '../../../src/master/settings.ts';
import { parsePolicy } from '../../../src/seal/policy.ts';
import {
  bundlesOf,
  changed,
  day,
  hour,
  minute,
  nodeFeature,
  nodeNameKey,
  noon,
  rootCa,
  testPolicy,
} from '../../support/sealing.ts';
import { key, markKey, MasterWorld, sealed, tracking, useAuthority } from './world.ts';

useAuthority();
const second = 1000;
const grace = 5 * minute;
const label = 'cpu-cpuid.AVX2';
const full = `feature.node.kubernetes.io/${label}`;
const mode = (name: 'audit' | 'off') => testPolicy((text) => `mode: ${name}\n${text}`);

describe('labels of others', () => {
  test('a key that is there and tracked by nobody is left alone, and told where it differs', async () => {
    const world = new MasterWorld();
    world.nodes.write('node-a', { labels: { [full]: 'theirs' } });
    await world.start();
    await world.put(sealed());
    expect(world.labels()).toEqual({ [label]: 'theirs' });
    expect(world.told.dropped).toContain(full);
    await world.stop();
  });

  test('illegal and reserved labels are dropped one by one', async () => {
    const labels = {
      ok: '1',
      'node-role.kubernetes.io/control-plane': '',
      'a b': '1',
      'vendor.example/x': 'v'.repeat(64),
    };
    const world = await MasterWorld.with(sealed({ labels }));
    expect(world.labels()).toEqual({ ok: '1' });
    expect(new Set(world.told.dropped)).toEqual(
      new Set([
        'node-role.kubernetes.io/control-plane',
        'feature.node.kubernetes.io/a b',
        'vendor.example/x',
      ]),
    );
    await world.stop();
  });

  test('a tracking annotation that names labels of others removes none of them', async () => {
    const world = await MasterWorld.with(sealed());
    world.nodes.write('node-a', {
      labels: { 'kubernetes.io/hostname': 'h' },
      annotations: { [tracking]: `${label},kubernetes.io/hostname` },
    });
    await world.idle();
    expect(world.labels()).toEqual({ [label]: 'true', 'kubernetes.io/hostname': 'h' });
    expect(world.node().annotations[tracking]).toBe(label);
    await world.stop();
  });

  test('an edited or removed label of ours is put back', async () => {
    const world = await MasterWorld.with(sealed());
    for (const value of ['false', null]) {
      world.nodes.write('node-a', { labels: { [full]: value } });
      await world.idle();
      expect(world.labels()).toEqual({ [label]: 'true' });
    }
    await world.stop();
  });

  test('labels of NFD stay until the first verified seal, then they are reconciled', async () => {
    const world = new MasterWorld();
    world.nodes.write('node-a', {
      labels: { 'feature.node.kubernetes.io/nfd': '1', [full]: 'old' },
      annotations: { [tracking]: `nfd,${label}` },
    });
    await world.start();
    await world.put(nodeFeature());
    await world.pass(hour);
    expect(world.patches).toEqual([]);
    await world.put(sealed());
    expect(world.labels()).toEqual({ [label]: 'true' });
    await world.stop();
  });
});

describe('the mark of a Node', () => {
  const entry = (iat: number) => ({ [key]: { iat, digest: 'x'.repeat(43), signer: 's' } });
  const withMark = async (text: (uid: string) => string) => {
    const world = new MasterWorld();
    world.nodes.write('node-a', { annotations: { [markKey]: text(world.node().uid) } });
    await world.start();
    return world;
  };

  test.each<[string, (uid: string) => string, string]>([
    [
      'of an earlier Node',
      () => JSON.stringify({ uid: 'other', objects: entry(noon + hour) }),
      'the mark belongs to an earlier Node of this name',
    ],
    ['that cannot be read', () => 'mark', 'the mark cannot be read'],
    [
      'of the far future',
      (uid) => JSON.stringify({ uid, objects: entry(noon + 2 * day) }),
      'the mark holds a time far in the future',
    ],
  ])('%s counts as absent, is told, and is written anew', async (_, text, problem) => {
    const world = await withMark(text);
    await world.put(sealed());
    expect(world.told.problems).toContain(problem);
    expect(world.labels()).toEqual({ [label]: 'true' });
    expect(world.mark()).toMatchObject({ uid: world.node().uid, objects: { [key]: { iat: noon } } });
    await world.stop();
  });

  test('that is newer than what comes refuses it', async () => {
    const world = await withMark((uid) => JSON.stringify({ uid, objects: entry(noon + 1) }));
    await world.put(sealed());
    expect(world.told.refused).toEqual([`${key} replayed`]);
    await world.stop();
  });

  test('that counts as absent does not let in what was sealed before the Node was', async () => {
    const world = await withMark(() => 'mark');
    await world.put(sealed({ at: noon - 30 * minute }));
    expect(world.told.refused).toEqual([]);
    world.nodes.add('node-a', new Date(noon));
    await world.idle();
    expect(world.told.refused).toEqual([`${key} before-node`]);
    await world.stop();
  });

  test('that somebody removes is written again', async () => {
    const world = await MasterWorld.with(sealed());
    world.nodes.write('node-a', { annotations: { [markKey]: null } });
    await world.idle();
    expect(world.mark()?.objects[key]).toMatchObject({ iat: noon });
    await world.stop();
  });

  test('keeps the entries of objects that are gone, and loses those of namespaces that the policy dropped', async () => {
    const world = await MasterWorld.with(
      sealed(),
      sealed({ namespace: 'vendor', features: {}, labels: { 'vendor.example/a': '1' } }),
    );
    world.objects.delete('vendor/node-a');
    await world.pass(2 * grace);
    expect(Object.keys(world.mark()?.objects ?? {})).toEqual([key, 'vendor/node-a']);
    await world.restart({ policy: testPolicy((text) => text.slice(0, text.indexOf('  - name: vendor'))) });
    await world.pass(2 * grace);
    expect(Object.keys(world.mark()?.objects ?? {})).toEqual([key]);
    await world.stop();
  });
});

describe('a Node that is created again', () => {
  test('is bare until the next seal: nothing of the earlier one is applied', async () => {
    const world = await MasterWorld.with(sealed());
    world.clock.set(noon + 10 * minute);
    world.nodes.delete('node-a');
    world.nodes.add('node-a', new Date(noon + 10 * minute));
    await world.idle();
    expect(world.labels()).toEqual({});
    expect(world.patches).toHaveLength(1);
    expect(world.told.refused).toEqual([`${key} before-node`]);
    await world.put(sealed({ at: noon + 10 * minute }));
    expect(world.labels()).toEqual({ [label]: 'true' });
    expect(world.mark()?.uid).toBe(world.node().uid);
    await world.stop();
  });

  test('without a delete event in between is another Node all the same', async () => {
    const world = await MasterWorld.with(sealed());
    world.nodes.add('node-a', new Date(noon + 10 * minute));
    await world.idle();
    expect(world.labels()).toEqual({});
    await world.stop();
  });

  test('while an object is judged: the verdict for the earlier Node does not count', async () => {
    const world = await MasterWorld.with();
    world.objects.put(await sealed());
    await world.judging();
    world.nodes.add('node-a', new Date(noon + 10 * minute));
    await world.idle();
    expect(world.labels()).toEqual({});
    expect(world.told.refused).toEqual([`${key} before-node`]);
    await world.stop();
  });

  test('while a patch is refused for the earlier one', async () => {
    const world = await MasterWorld.with();
    world.beforePatch = () => {
      world.beforePatch = () => undefined;
      world.nodes.add('node-a', new Date(noon + 10 * minute));
    };
    await world.put(sealed());
    expect(world.labels()).toEqual({});
    expect(world.told.failed).toEqual(['store-conflict']);
    await world.stop();
  });
});

describe('a patch that does not go through', () => {
  test('a conflict with another Node of that name, of which the watch has not told yet, gives that one nothing', async () => {
    const world = await MasterWorld.with();
    world.beforePatch = () => {
      world.beforePatch = () => undefined;
      world.isNodeWatchBehind = true;
      world.nodes.add('node-a', new Date(noon + 10 * minute));
    };
    await world.put(sealed());
    expect(world.told.failed).toEqual(['store-conflict']);
    expect(world.labels()).toEqual({});
    await world.stop();
  });

  test('a conflict is followed by a patch only after the objects were verified again', async () => {
    const world = await MasterWorld.with();
    const verifiedBefore: number[] = [];
    world.beforePatch = () => {
      if (verifiedBefore.push(world.told.verified.length) > 1) return;
      throw new FeaturesealError({ code: 'store-conflict', message: 'changed meanwhile' });
    };
    await world.put(sealed());
    expect(verifiedBefore).toEqual([1, 2]);
    expect(world.labels()).toEqual({ [label]: 'true' });
    await world.stop();
  });

  test('a conflict: the Node is read, the objects are verified again, then what is right is written', async () => {
    const world = await MasterWorld.with();
    let reads = 0;
    world.beforeRead = () => (reads += 1);
    world.beforePatch = () => {
      world.beforePatch = () => undefined;
      world.nodes.write('node-a', { labels: { kubelet: '1' } });
    };
    await world.put(sealed());
    expect(world.told.failed).toEqual(['store-conflict']);
    expect(world.told.verified).toEqual([key, key]);
    expect(reads).toBe(1);
    expect(world.labels()).toEqual({ [label]: 'true', kubelet: '1' });
    await world.stop();
  });

  test('a conflict with another leader: what it accepted since is not overwritten with what is older', async () => {
    const world = await MasterWorld.with(sealed());
    const other = await MasterWorld.with(sealed(), sealed({ at: noon + 2, labels: { newer: '1' } }));
    const { objects } = other.mark() ?? { objects: {} };
    const seen: string[] = [];
    world.beforePatch = (view, patch) => {
      if (seen.push(JSON.stringify(patch.labels)) > 1) return;
      // The other leader has seen an object that this master has not: its watch is behind.
      const text = JSON.stringify({ uid: view.uid, objects });
      world.nodes.write('node-a', {
        labels: {
          ...patch.labels,
          [full]: null,
          'feature.node.kubernetes.io/newer': '1',
          'feature.node.kubernetes.io/middle': null,
        },
        annotations: { [markKey]: text, [tracking]: 'newer' },
      });
    };
    world.objects.read = () => Promise.resolve(other.objects.get(key));
    await world.put(sealed({ at: noon + 1, labels: { middle: '1' } }));
    expect(world.labels()).toEqual({ newer: '1' });
    expect(seen).toHaveLength(1);
    await Promise.all([world.stop(), other.stop()]);
  });

  test('a conflict whose objects cannot be read is tried again later, and nothing is re-sent until then', async () => {
    const world = await MasterWorld.with();
    let patches = 0;
    world.beforePatch = () => {
      patches += 1;
      // The watch is behind: only the refusal tells that the Node has changed.
      if (patches === 1) throw new FeaturesealError({ code: 'store-conflict', message: 'changed meanwhile' });
    };
    world.beforeRead = () => {
      throw new FeaturesealError({ code: 'store-unavailable', message: 'away' });
    };
    await world.put(sealed());
    expect(patches).toBe(1);
    world.beforeRead = () => undefined;
    await world.pass(2 * second);
    expect(world.labels()).toEqual({ [label]: 'true' });
    await world.stop();
  });

  test.each<ReasonCode>(['store-unavailable', 'store-refused'])(
    '%s: tried again with growing pauses, for ever',
    async (code) => {
      const world = await MasterWorld.with();
      const tries: number[] = [];
      world.beforePatch = () => {
        tries.push((world.clock.now() - noon) / second);
        throw new FeaturesealError({ code, message: 'said the test' });
      };
      await world.put(sealed());
      await world.pass(4 * minute);
      expect(tries).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183]);
      world.beforePatch = () => undefined;
      await world.pass(minute);
      expect(world.labels()).toEqual({ [label]: 'true' });
      await world.stop();
    },
  );

  test('one Node that hangs holds up no other, and no Node is patched twice at a time', async () => {
    const world = new MasterWorld({ parallelPatches: 2 });
    world.nodes.add('node-b', new Date(noon - day));
    world.nodes.add('node-c', new Date(noon - day));
    await world.start();
    const gate = Promise.withResolvers<undefined>();
    let atNodeA = 0;
    world.beforePatch = ({ name }) => {
      if (name !== 'node-a') return undefined;
      atNodeA += 1;
      return gate.promise;
    };
    await world.put(sealed());
    await world.put(sealed({ at: noon + 1, labels: { later: '1' } }));
    for (const node of ['node-b', 'node-c']) await world.put(sealed({ node }));
    expect(world.labels('node-b')).toEqual({ [label]: 'true' });
    expect(world.labels('node-c')).toEqual({ [label]: 'true' });
    expect(atNodeA).toBe(1);
    gate.resolve(undefined);
    await world.idle();
    expect(world.labels()).toEqual({ later: '1' });
    await world.stop();
  });
});

describe('leadership', () => {
  test('who does not lead judges and writes nothing; who begins to lead writes', async () => {
    const world = new MasterWorld();
    world.isLeader = false;
    await world.start();
    await world.put(sealed());
    expect(world.told.verified).toEqual([key]);
    expect(world.patches).toEqual([]);
    world.lead(true);
    await world.idle();
    expect(world.labels()).toEqual({ [label]: 'true' });
    world.lead(false);
    await world.put(sealed({ at: noon + 1, labels: { b: '1' } }));
    expect(world.labels()).toEqual({ [label]: 'true' });
    await world.stop();
  });

  test('a new leader refuses what the old one had gone beyond', async () => {
    const leader = await MasterWorld.with(sealed({ at: noon - 1, labels: { old: '1' } }), sealed());
    await leader.restart();
    await leader.put(sealed({ at: noon - 1, labels: { old: '1' } }));
    expect(leader.told.refused).toEqual([`${key} replayed`]);
    await leader.stop();
  });
});

describe('several objects of a Node', () => {
  const policy = testPolicy((text) => text.replace('labels: ["vendor.example/*"]', 'labels: ["*"]'));
  const both = { shared: 'worker', own: '1' };
  const vendor = () =>
    sealed({ namespace: 'vendor', features: {}, labels: { shared: 'vendor', theirs: '1' } });

  test.each([[false], [true]])(
    'the earlier entry of the policy wins, whoever came first (%p)',
    async (vendorFirst) => {
      const world = new MasterWorld({ policy });
      await world.start();
      const order = [() => sealed({ labels: both }), vendor];
      for (const make of vendorFirst ? order.reverse() : order) await world.put(make());
      expect(world.labels()).toEqual({ shared: 'worker', own: '1', theirs: '1' });
      world.objects.delete(key);
      await world.pass(grace);
      expect(world.labels()).toEqual({ shared: 'vendor', theirs: '1' });
      await world.stop();
    },
  );

  test('an unsigned one whose name sorts last is out before anything is merged', async () => {
    const world = await MasterWorld.with(sealed(), nodeFeature({ name: 'zzz', labels: { [full]: 'evil' } }));
    expect(world.labels()).toEqual({ [label]: 'true' });
    await world.stop();
  });
});

describe('mode audit', () => {
  const audit = async (settings: Partial<MasterSettings> = {}) => {
    const world = new MasterWorld({ policy: mode('audit'), ...settings });
    await world.start();
    return world;
  };

  test('counts every object, and tells what enforce would refuse', async () => {
    const world = await audit();
    await world.put(nodeFeature({ labels: { unsigned: '1' } }));
    expect(world.labels()).toEqual({ unsigned: '1' });
    expect(world.told.refused).toEqual([`${key} seal-missing`]);
    expect(world.mark()).toBeUndefined();
    await world.stop();
  });

  test('writes marks of verified objects alone, on the Node that they are of', async () => {
    const world = await audit();
    world.nodes.add('node-b', new Date(noon - day));
    await world.put(sealed());
    expect(world.mark()?.objects[key]).toMatchObject({ iat: noon });
    // The same object, edited to speak of another Node: as NFD does, its labels move. The mark does not.
    await world.put(
      changed(await sealed({ at: noon + 1 }), ({ metadata }) => (metadata.labels[nodeNameKey] = 'node-b')),
    );
    expect(world.labels('node-b')).toEqual({ [label]: 'true' });
    expect(world.mark('node-b')).toBeUndefined();
    await world.stop();
  });

  test('keeps the labels of what has no path any more', async () => {
    const world = await audit();
    await world.put(sealed());
    await world.giveBundles(bundlesOf(await rootCa({ subject: 'CN=Other' })));
    await world.pass(2 * grace);
    expect(world.labels()).toEqual({ [label]: 'true' });
    await world.stop();
  });

  test('keeps them, too, where the object cannot be read again', async () => {
    const world = await audit();
    await world.put(sealed());
    world.beforeRead = () => {
      throw new FeaturesealError({ code: 'store-unavailable', message: 'away' });
    };
    await world.giveBundles(bundlesOf(await rootCa({ subject: 'CN=Other' })));
    await world.pass(2 * grace);
    expect(world.labels()).toEqual({ [label]: 'true' });
    await world.stop();
  });

  test('takes back the labels of an object that is deleted, though there is no mark', async () => {
    const world = await audit();
    await world.put(nodeFeature());
    await world.pass(2 * grace);
    world.objects.delete(key);
    await world.pass(grace - second);
    expect(world.labels()).toEqual({ [label]: 'true' });
    await world.pass(second);
    expect(world.labels()).toEqual({});
    await world.stop();
  });

  test('half a list at the start takes nothing away', async () => {
    const world = await audit();
    await world.put(nodeFeature({ name: 'one', node: 'node-a', labels: { one: '1' } }));
    await world.put(nodeFeature({ name: 'two', node: 'node-a', labels: { two: '1' } }));
    await world.restart();
    expect(world.patches).toEqual([]);
    expect(world.labels()).toEqual({ one: '1', two: '1' });
    await world.stop();
  });
});

describe('mode off', () => {
  test('needs no bundle, reads no seal, writes no mark and leaves old ones', async () => {
    const world = await MasterWorld.with(sealed());
    const before = world.mark();
    await world.restart({ policy: parsePolicy({ cluster: 'demo', mode: 'off' }) });
    world.bundles.give(undefined);
    await world.put(nodeFeature({ labels: { unsigned: '1' } }));
    await world.put(nodeFeature({ namespace: 'elsewhere', name: 'any', labels: { other: '1' } }));
    await world.pass(2 * grace);
    expect(world.labels()).toEqual({ unsigned: '1', other: '1' });
    expect(world.told).toMatchObject({ verified: [], refused: [] });
    expect(world.mark()).toEqual(before);
    await world.stop();
  });

  test('the last by name wins, objects of the own namespace come first', async () => {
    const world = new MasterWorld({ policy: mode('off'), namespace: 'featureseal' });
    await world.start();
    const of = (namespace: string, name: string) =>
      world.put(nodeFeature({ namespace, name, node: 'node-a', labels: { who: `${namespace}.${name}` } }));
    await of('featureseal', 'zzz');
    await of('b', 'a');
    await of('a', 'b');
    expect(world.labels()).toEqual({ who: 'a.b' });
    await of('b', 'b');
    expect(world.labels()).toEqual({ who: 'b.b' });
    await world.stop();
  });

  test('an object that nobody can read is told and counts for nothing', async () => {
    const world = new MasterWorld({ policy: mode('off') });
    await world.start();
    await world.put(changed(nodeFeature(), ({ spec }) => (spec.labels['n'] = 1)));
    expect(world.told.refused).toEqual([`${key} object-malformed`]);
    expect(world.labels()).toEqual({});
    await world.stop();
  });
});
