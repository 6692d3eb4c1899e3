import { expect, test } from '@jest/globals';
import { describeWithPeer, peerProcess } from '../interop/suite.ts';
import { compareWithGo } from './differential.ts';

describeWithPeer('chains with random defects', () => {
  const peer = peerProcess('x509');

  test('2,000 of them: nothing is accepted that crypto/x509 or go-spiffe refuses, and whatever is refused beyond has a rule', async () => {
    const { milder, unexplained, bothAccept, bothRefuse, stricter } = await compareWithGo(peer(), {
      seed: 20260601,
      first: 0,
      count: 2000,
    });
    const said = [...milder, ...unexplained].map(
      ({ input, ...said }) => `${JSON.stringify(said)} ${input.defects.join(', ')}`,
    );
    expect(said).toEqual([]);
    // A generator that made only one kind would prove nothing.
    expect(bothAccept).toBeGreaterThan(400);
    expect(bothRefuse).toBeGreaterThan(400);
    expect(stricter.size).toBeGreaterThan(10);
  });
});
