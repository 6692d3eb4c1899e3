import { describe, expect, test } from '@jest/globals';
import { ApiClient } from '../../../src/kube/api-client.ts';
import { LeaseLeadership } from '../../../src/kube/leadership.ts';
import { connectionTo, type ApiObject } from '../../support/fake-api-server.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { Queue } from '../../support/queue.ts';
import { fakeApi, until, type FakeApi } from './fake-api.ts';

const leases = '/apis/coordination.k8s.io/v1/namespaces/featureseal/leases';
const lease = { namespace: 'featureseal', name: 'master' };
const retry = 2_000;

interface Candidate {
  readonly leadership: LeaseLeadership;
  readonly changes: Queue<boolean>;
  readonly stop: () => Promise<void>;
}

/** A candidate of its own process: clock and connection are its own. */
function candidate({ server, controller }: FakeApi, identity: string, clock: ManualClock): Candidate {
  const api = new ApiClient({ connection: connectionTo(server), clock });
  const leadership = new LeaseLeadership({ api, ...lease, identity, clock, random: () => 0 });
  const changes = new Queue<boolean>();
  leadership.onChange(() => {
    changes.push(leadership.isLeader());
  });
  const own = new AbortController();
  const done = leadership.run(AbortSignal.any([own.signal, controller.signal]));
  controller.signal.addEventListener('abort', () => {
    api.close();
  });
  const stop = async (): Promise<void> => {
    own.abort();
    await done;
    api.close();
  };
  return { leadership, changes, stop };
}

function specOf(object: ApiObject | undefined): unknown {
  return object?.['spec'];
}

describe('leadership by a Lease', () => {
  const fake = fakeApi();

  test('the first one gets it and renews it', async () => {
    const { server, clock } = fake();
    const { leadership, changes } = candidate(fake(), 'one', clock);
    expect(leadership.isLeader()).toBe(false);
    expect(await changes.next()).toBe(true);
    expect(specOf(server.objects.get(leases, lease))).toEqual({
      holderIdentity: 'one',
      leaseDurationSeconds: 15,
      leaseTransitions: 0,
      acquireTime: '2026-06-01T12:00:00.000000Z',
      renewTime: '2026-06-01T12:00:00.000000Z',
    });
    await clock.sleeping(retry);
    clock.advance(retry);
    await clock.sleeping(retry);
    expect(specOf(server.objects.get(leases, lease))).toMatchObject({
      acquireTime: '2026-06-01T12:00:00.000000Z',
      renewTime: '2026-06-01T12:00:02.000000Z',
    });
  });

  test('a second one waits for as long as the first renews, and takes over 15 s after the last renewal it saw', async () => {
    const { server } = fake();
    const [first, second] = [new ManualClock(), new ManualClock()];
    const one = candidate(fake(), 'one', first);
    expect(await one.changes.next()).toBe(true);
    // Its clock is an hour ahead: only the time that passes counts.
    second.advance(3_600_000);
    const two = candidate(fake(), 'two', second);
    await second.sleeping(retry);
    await first.sleeping(retry);
    first.advance(retry);
    await first.sleeping(retry);
    second.advance(14_000);
    // It sees the renewal.
    await second.sleeping(retry);
    expect(two.leadership.holder()).toBe('one');
    // The first one is gone, without a word.
    for (let waited = 0; waited < 14_000; waited += retry) {
      second.advance(retry);
      await second.sleeping(retry);
    }
    expect(two.leadership.isLeader()).toBe(false);
    second.advance(retry);
    expect(await two.changes.next()).toBe(true);
    expect(specOf(server.objects.get(leases, lease))).toMatchObject({
      holderIdentity: 'two',
      leaseTransitions: 1,
    });
  });

  test('who cannot renew for 10 s leads no more, and says so', async () => {
    const { server, clock } = fake();
    const { leadership, changes } = candidate(fake(), 'one', clock);
    expect(await changes.next()).toBe(true);
    for (let attempt = 0; attempt < 12; attempt++) server.failNext(/leases/, { status: 500 });
    for (let waited = 0; waited < 10_000; waited += retry) {
      expect(leadership.isLeader()).toBe(true);
      await clock.sleeping(retry);
      clock.advance(retry);
    }
    expect(leadership.isLeader()).toBe(false);
    expect(await changes.next()).toBe(false);
  });

  test('a call that hangs does not prolong leadership', async () => {
    const { server, clock } = fake();
    const { leadership, changes } = candidate(fake(), 'one', clock);
    expect(await changes.next()).toBe(true);
    server.failNext(/leases/, { silent: true });
    server.failNext(/leases/, { silent: true });
    await clock.sleeping(retry);
    clock.advance(retry);
    await clock.sleeping(5_000);
    clock.advance(5_000);
    await clock.sleeping(retry);
    clock.advance(retry);
    // One second is left.
    await clock.sleeping(1_000);
    clock.advance(1_000);
    expect(leadership.isLeader()).toBe(false);
    expect(await changes.next()).toBe(false);
  });

  test('a process that was suspended does not believe in its old lease', async () => {
    const { clock } = fake();
    const { leadership, changes } = candidate(fake(), 'one', clock);
    expect(await changes.next()).toBe(true);
    await clock.sleeping(retry);
    clock.advance(60_000);
    expect(leadership.isLeader()).toBe(false);
  });

  test('who finds the lease in other hands leads no more', async () => {
    const { server, clock } = fake();
    const { leadership, changes } = candidate(fake(), 'one', clock);
    expect(await changes.next()).toBe(true);
    await clock.sleeping(retry);
    server.objects.put(leases, {
      metadata: lease,
      spec: { holderIdentity: 'two', leaseDurationSeconds: 15, leaseTransitions: 1 },
    });
    clock.advance(retry);
    await clock.sleeping(retry);
    clock.advance(retry);
    expect(await changes.next()).toBe(false);
    expect(leadership.holder()).toBe('two');
  });

  test('is given back at the end, so that the next one need not wait', async () => {
    const { server } = fake();
    const one = candidate(fake(), 'one', new ManualClock());
    expect(await one.changes.next()).toBe(true);
    const clock = new ManualClock();
    const two = candidate(fake(), 'two', clock);
    await clock.sleeping(retry);
    await one.stop();
    expect(one.leadership.isLeader()).toBe(false);
    expect(specOf(server.objects.get(leases, lease))).toMatchObject({ holderIdentity: '' });
    clock.advance(retry);
    expect(await two.changes.next()).toBe(true);
  });

  test('of two that find it free at the same moment, one gets it', async () => {
    const clocks = [new ManualClock(), new ManualClock()] as const;
    const candidates = clocks.map((clock, index) => candidate(fake(), `c${index}`, clock));
    await Promise.all(clocks.map((clock) => clock.sleeping(retry)));
    await until(() => candidates.some(({ leadership }) => leadership.isLeader()));
    expect(candidates.filter(({ leadership }) => leadership.isLeader())).toHaveLength(1);
  });
});
