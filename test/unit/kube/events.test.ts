import { describe, expect, test } from '@jest/globals';
import { eventLimits, KubeEvents } from '../../../src/kube/events.ts';
import type { FeaturesealError } from '../../../src/error.ts';
import type { Notice } from '../../../src/port/event-sink.ts';
import { Queue } from '../../support/queue.ts';
import { fakeApi, type FakeApi } from './fake-api.ts';

const notice: Notice = {
  type: 'Warning',
  reason: 'NodeFeatureRefused',
  message: 'the signature does not match',
  about: { kind: 'NodeFeature', namespace: 'ns', name: 'n1', uid: 'u1' },
};

function eventsOf({ api, clock, controller }: FakeApi): {
  events: KubeEvents;
  dropped: Queue<FeaturesealError | undefined>;
} {
  const dropped = new Queue<FeaturesealError | undefined>();
  let count = 0;
  const events = new KubeEvents({
    api,
    clock,
    randomHex: () => `0${++count}`,
    controller: 'featureseal.io/master',
    instance: 'master-1',
    onDropped: (problem) => {
      dropped.push(problem);
    },
  });
  void events.run(controller.signal);
  return { events, dropped };
}

describe('Events', () => {
  const fake = fakeApi();
  const inNamespace = (namespace: string): string => `/apis/events.k8s.io/v1/namespaces/${namespace}/events`;

  test('say what happened to which object', async () => {
    const { server, clock } = fake();
    eventsOf(fake()).events.send(notice);
    await clock.sleeping(eventLimits.pause);
    expect(server.objects.all(inNamespace('ns'))).toMatchObject([
      {
        metadata: { name: 'n1.01', namespace: 'ns' },
        eventTime: '2026-06-01T12:00:00.000000Z',
        reportingController: 'featureseal.io/master',
        reportingInstance: 'master-1',
        action: 'Verify',
        reason: 'NodeFeatureRefused',
        type: 'Warning',
        note: 'the signature does not match',
        regarding: {
          apiVersion: 'nfd.k8s-sigs.io/v1alpha1',
          kind: 'NodeFeature',
          namespace: 'ns',
          name: 'n1',
          uid: 'u1',
        },
      },
    ]);
  });

  test('on a Node stand in the namespace default', async () => {
    const { server, clock } = fake();
    eventsOf(fake()).events.send({ ...notice, about: { kind: 'Node', name: 'n1', uid: 'u1' } });
    await clock.sleeping(eventLimits.pause);
    expect(server.objects.all(inNamespace('default'))).toMatchObject([
      { regarding: { apiVersion: 'v1', kind: 'Node', name: 'n1' } },
    ]);
  });

  test('of one reason on one object become one Event with a count', async () => {
    const { server, clock } = fake();
    const { events } = eventsOf(fake());
    for (let index = 0; index < 5; index++) events.send({ ...notice, message: `the ${index}th time` });
    events.send({ ...notice, reason: 'Another' });
    await clock.pass(eventLimits.pause);
    await clock.pass(eventLimits.pause);
    for (let index = 0; index < 3; index++) events.send(notice);
    await clock.pass(eventLimits.repeat);
    await clock.sleeping(eventLimits.pause);
    expect(server.objects.all(inNamespace('ns'))).toMatchObject([
      { reason: 'NodeFeatureRefused', note: 'the 0th time', series: { count: 8 } },
      { reason: 'Another' },
    ]);
  });

  test('whose message is long or full of control characters are cut and escaped', async () => {
    const { server, clock } = fake();
    eventsOf(fake()).events.send({ ...notice, message: `\u001b[2J${'😀'.repeat(1_000)}` });
    await clock.sleeping(eventLimits.pause);
    const [event] = server.objects.all(inNamespace('ns'));
    const note = event?.['note'] as string;
    expect(note).toMatch(/^\\u001b\[2J😀/);
    expect(Buffer.byteLength(note)).toBeLessThanOrEqual(1024);
    expect(note.isWellFormed()).toBe(true);
  });

  test('that the server refuses are dropped and counted; the next one is sent', async () => {
    const { server, clock } = fake();
    const { events, dropped } = eventsOf(fake());
    server.failNext(/events/, { status: 403 });
    events.send(notice);
    expect((await dropped.next())?.code).toBe('store-refused');
    events.send({ ...notice, reason: 'Next' });
    await clock.pass(eventLimits.pause);
    await clock.sleeping(eventLimits.pause);
    expect(server.objects.all(inNamespace('ns'))).toMatchObject([{ reason: 'Next' }]);
  });

  test('beyond what may wait are dropped and counted', () => {
    const { events, dropped } = eventsOf(fake());
    for (let index = 0; index < eventLimits.waiting + 10; index++)
      events.send({ ...notice, reason: `R${index}` });
    // The first is under way already, or not yet.
    expect(dropped.length).toBeGreaterThanOrEqual(9);
  });
});
