// Several objects that speak of one Node.
import { describe, expect, test } from '@jest/globals';
import { nodeFeature, testPolicy } from '../../support/sealing.ts';
import { useMaster } from './use-master.ts';
import { full, grace, key, label } from './world.ts';

const { started, seeing, sealed } = useMaster();

describe('several objects of a Node', () => {
  const policy = testPolicy((text) => text.replace('labels: ["vendor.example/*"]', 'labels: ["*"]'));
  const both = { shared: 'worker', own: '1' };
  const vendor = () =>
    sealed({ namespace: 'vendor', features: {}, labels: { shared: 'vendor', theirs: '1' } });

  test.each([[false], [true]])(
    'the earlier entry of the policy wins, whoever came first (%p)',
    async (vendorFirst) => {
      const world = await started({ policy });
      const order = [() => sealed({ labels: both }), vendor];
      for (const make of vendorFirst ? order.reverse() : order) await world.put(make());
      expect(world.labels()).toEqual({ shared: 'worker', own: '1', theirs: '1' });
      world.objects.delete(key);
      await world.pass(grace);
      expect(world.labels()).toEqual({ shared: 'vendor', theirs: '1' });
    },
  );

  test('an unsigned one whose name sorts last is out before anything is merged', async () => {
    const world = await seeing(sealed(), nodeFeature({ name: 'zzz', labels: { [full]: 'evil' } }));
    expect(world.labels()).toEqual({ [label]: 'true' });
  });
});
