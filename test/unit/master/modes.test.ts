// Modes audit and off: objects are taken at their word, and merged as NFD does.
import { describe, expect, test } from '@jest/globals';
import { FeaturesealError } from '../../../src/error.ts';
import type { MasterSettings } from '../../../src/master/settings.ts';
import { parsePolicy } from '../../../src/seal/policy.ts';
import {
  bundlesOf,
  changed,
  day,
  nodeFeature,
  nodeNameKey,
  noon,
  rootCa,
  testPolicy,
} from '../../support/sealing.ts';
import { useMaster } from './use-master.ts';
import { grace, key, label, second } from './world.ts';

const { started, seeing, sealed } = useMaster();
const mode = (name: 'audit' | 'off') => testPolicy((text) => `mode: ${name}\n${text}`);

describe('mode audit', () => {
  const audit = async (settings: Partial<MasterSettings> = {}) => {
    const world = await started({ policy: mode('audit'), ...settings });
    return world;
  };

  test('counts every object, and tells what enforce would refuse', async () => {
    const world = await audit();
    await world.put(nodeFeature({ labels: { unsigned: '1' } }));
    expect(world.labels()).toEqual({ unsigned: '1' });
    expect(world.told.refused).toEqual([`${key} seal-missing`]);
    expect(world.mark()).toBeUndefined();
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
  });

  test('tells of a replay that comes after the object spoke of another Node', async () => {
    const world = await audit();
    world.nodes.add('node-b', new Date(noon - day));
    const older = await sealed({ labels: { old: '1' } });
    await world.put(sealed({ at: noon + 1 }));
    await world.put(
      changed(await sealed({ at: noon + 2 }), ({ metadata }) => (metadata.labels[nodeNameKey] = 'node-b')),
    );
    await world.put(older);
    expect(world.told.refused.at(-1)).toBe(`${key} replayed`);
  });

  test('keeps the labels of what has no path any more', async () => {
    const world = await audit();
    await world.put(sealed());
    await world.giveBundles(bundlesOf(await rootCa({ subject: 'CN=Other' })));
    await world.pass(2 * grace);
    expect(world.labels()).toEqual({ [label]: 'true' });
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
  });

  test('half a list at the start takes nothing away', async () => {
    const world = await audit();
    await world.put(nodeFeature({ name: 'one', node: 'node-a', labels: { one: '1' } }));
    await world.put(nodeFeature({ name: 'two', node: 'node-a', labels: { two: '1' } }));
    await world.restart();
    expect(world.patches).toEqual([]);
    expect(world.labels()).toEqual({ one: '1', two: '1' });
  });
});

describe('mode off', () => {
  test('needs no bundle, reads no seal, writes no mark and leaves old ones', async () => {
    const world = await seeing(sealed());
    const before = world.mark();
    await world.restart({ policy: parsePolicy({ cluster: 'demo', mode: 'off' }) });
    world.bundles.give(undefined);
    await world.put(nodeFeature({ labels: { unsigned: '1' } }));
    await world.put(nodeFeature({ namespace: 'elsewhere', name: 'any', labels: { other: '1' } }));
    await world.pass(2 * grace);
    expect(world.labels()).toEqual({ unsigned: '1', other: '1' });
    expect(world.told).toMatchObject({ verified: [], refused: [] });
    expect(world.mark()).toEqual(before);
  });

  test('the last by name wins, objects of the own namespace come first', async () => {
    const world = await started({ policy: mode('off'), namespace: 'featureseal' });
    const of = (namespace: string, name: string) =>
      world.put(nodeFeature({ namespace, name, node: 'node-a', labels: { who: `${namespace}.${name}` } }));
    await of('featureseal', 'zzz');
    await of('b', 'a');
    await of('a', 'b');
    expect(world.labels()).toEqual({ who: 'a.b' });
    await of('b', 'b');
    expect(world.labels()).toEqual({ who: 'b.b' });
  });

  test('an object that nobody can read is told and counts for nothing', async () => {
    const world = await started({ policy: mode('off') });
    await world.put(changed(nodeFeature(), ({ spec }) => (spec.labels['n'] = 1)));
    expect(world.told.refused).toEqual([`${key} object-malformed`]);
    expect(world.labels()).toEqual({});
  });
});
