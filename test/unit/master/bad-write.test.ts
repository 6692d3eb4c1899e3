// "What happens when": a bad write over a verified object.
import { describe, expect, test } from '@jest/globals';
import type { NodeFeature } from '../../../src/feature/node-feature.ts';
import {
  changed,
  day,
  hour,
  issue,
  minute,
  nodeFeature,
  noon,
  rootCa,
  workerId,
} from '../../support/sealing.ts';
import { useMaster } from './use-master.ts';
import { key, label } from './world.ts';

const { ca, started, seeing, sealed } = useMaster();

describe('a bad write over a verified object', () => {
  const writes: [string, string, () => Promise<NodeFeature>][] = [
    [
      'edited',
      'signature-invalid',
      async () => changed(await sealed({ at: noon + 1 }), ({ spec }) => (spec.labels = { evil: '1' })),
    ],
    ['unsigned', 'seal-missing', async () => nodeFeature({ labels: { evil: '1' } })],
    ['an older object', 'replayed', () => sealed({ at: noon - 1, labels: { old: '1' } })],
    ['of the same time', 'conflicting-seal', () => sealed({ labels: { other: '1' } })],
    [
      'signed for another node',
      'signer-not-allowed',
      async () => sealed({ at: noon + 1, by: await issue(ca(), { spiffeId: workerId('node-b') }) }),
    ],
    [
      'signed by a stranger',
      'certificate-signature',
      async () => sealed({ at: noon + 1, by: await issue(await rootCa()) }),
    ],
    ['from the future', 'from-the-future', () => sealed({ at: noon + 30 * minute, labels: { early: '1' } })],
    [
      'garbage',
      'object-malformed',
      async () => changed(nodeFeature(), (copy) => Object.assign(copy, { spec: 5 })),
    ],
  ];

  test.each(writes)('%s: is refused with %s, and the last verified state stays', async (_, code, object) => {
    const world = await seeing(sealed());
    await world.put(object());
    expect(world.told.refused).toEqual([`${key} ${code}`]);
    expect(world.told.verdicts).toEqual(['accepted', 'refused']);
    await world.pass(10 * minute);
    expect(world.labels()).toEqual({ [label]: 'true' });
    expect(world.patches).toHaveLength(1);
  });

  test('is over with the next good object', async () => {
    const world = await seeing(sealed(), nodeFeature(), sealed({ at: noon + 1, labels: { b: '1' } }));
    expect(world.labels()).toEqual({ b: '1' });
  });

  test('does not stop the state from being shown as stale, once', async () => {
    const world = await started({ tickMs: minute });
    await world.put(sealed());
    await world.put(nodeFeature());
    await world.pass(day);
    expect(world.told.stale).toEqual([]);
    await world.pass(2 * hour);
    expect(world.told.stale).toEqual([[key, true]]);
    expect(world.labels()).toEqual({ [label]: 'true' });
    const fresh = await issue(ca(), { notBefore: new Date(noon + day), notAfter: new Date(noon + 2 * day) });
    await world.put(sealed({ at: world.clock.now(), by: fresh }));
    expect(world.told.stale).toEqual([
      [key, true],
      [key, false],
    ]);
  });
});
