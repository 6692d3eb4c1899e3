import { describe, expect, test } from '@jest/globals';
import { hour, issue, minute, noon, testPolicy, workerId } from '../../support/sealing.ts';
import { useMaster } from './use-master.ts';
import { grace, key, label } from './world.ts';

const { ca, started, sealed } = useMaster();

const earlierId = 'spiffe://example.org/before/demo/node-a';
const withBoth = () =>
  testPolicy((text) =>
    text.replace('spiffeIDs: [', 'spiffeIDs: ["spiffe://example.org/before/{cluster}/{node}", '),
  );

describe('a worker that moved to another SPIFFE ID', () => {
  test('stands in the mark by that one at once, though it says the same as before', async () => {
    const world = await started({ policy: withBoth() });
    await world.put(sealed({ by: await issue(ca(), { spiffeId: earlierId }) }));
    expect(world.mark()?.objects[key]?.signer).toBe(earlierId);
    world.clock.set(noon + minute);
    await world.put(sealed({ at: noon + minute }));
    expect(world.mark()?.objects[key]?.signer).toBe(workerId());
  });

  test('keeps its labels in an outage, when the policy has dropped the earlier one', async () => {
    const world = await started({ policy: withBoth() });
    await world.put(sealed({ by: await issue(ca(), { spiffeId: earlierId }) }));
    world.clock.set(noon + minute);
    await world.put(sealed({ at: noon + minute }));
    await world.restart({ policy: testPolicy() });
    // The leaf has expired.
    world.clock.set(noon + 3 * hour);
    await world.restart();
    await world.pass(2 * grace);
    expect(world.told.refused).toEqual([]);
    expect(world.labels()).toEqual({ [label]: 'true' });
  });
});
