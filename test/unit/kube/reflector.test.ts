import { describe, expect, test } from '@jest/globals';
import { Reflector, type ReflectorEvent } from '../../../src/kube/reflector.ts';
import { pageSize } from '../../../src/kube/lister.ts';
import type { ReasonCode } from '../../../src/error-codes.ts';
import type { Resource } from '../../../src/kube/resources.ts';
import { Queue } from '../../support/queue.ts';
import { fakeApi, nodesPath, type FakeApi } from './fake-api.ts';

/** Texts for what happens: `applied a`, `deleted a`, `synced a b`, `problem store-unavailable`. */
interface Watched {
  readonly happened: Queue<string>;
  readonly next: (count: number) => Promise<string[]>;
  readonly done: Promise<void>;
}

const collection: Resource = { path: nodesPath };
/** The first pause, with `random` at 0. */
const firstPause = 500;

function watch(
  { api, clock, controller }: FakeApi,
  resource = collection,
  onEvent: (event: ReflectorEvent) => void = () => undefined,
): Watched {
  const happened = new Queue<string>();
  const onProblem = ({ code }: { code: ReasonCode }): void => {
    happened.push(`problem ${code}`);
  };
  const reflector = new Reflector({ api, resource, clock, random: () => 0, onProblem });
  const done = reflector.run((event) => {
    happened.push(
      event.type === 'synced'
        ? ['synced', ...[...event.keys].toSorted()].join(' ')
        : `${event.type} ${event.key}`,
    );
    onEvent(event);
  }, controller.signal);
  const next = async (count: number): Promise<string[]> => {
    const texts: string[] = [];
    while (texts.length < count) texts.push(await happened.next());
    return texts;
  };
  return { happened, next, done };
}

function put({ server }: FakeApi, ...names: string[]): void {
  for (const name of names) server.objects.put(nodesPath, { metadata: { name } });
}

describe('reflector', () => {
  const fake = fakeApi(200_000);

  test('lists, then watches from where the list ended, with bookmarks and a time limit', async () => {
    put(fake(), 'a', 'b');
    const { next } = watch(fake());
    expect(await next(3)).toEqual(['applied a', 'applied b', 'synced a b']);
    const query = await fake().server.watches.next();
    expect(Object.fromEntries(query)).toEqual({
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: '102',
      timeoutSeconds: '300',
    });
    put(fake(), 'c', 'a');
    fake().server.objects.delete(nodesPath, { name: 'b' });
    expect(await next(3)).toEqual(['applied c', 'applied a', 'deleted b']);
  });

  test('asks for the newest state, in pages', async () => {
    const names = Array.from({ length: pageSize + 1 }, (_, index) => `n${index}`);
    put(fake(), ...names);
    const { next } = watch(fake());
    const events = await next(names.length + 1);
    expect(events.slice(0, -1)).toEqual(names.map((name) => `applied ${name}`));
    const [first, second] = [await fake().server.requests.next(), await fake().server.requests.next()];
    expect(Object.fromEntries(first.query)).toEqual({ limit: '250' });
    expect(second.query.get('continue')).not.toBeNull();
  });

  test('reads fewer at a time where objects are large', async () => {
    const names = Array.from({ length: 40 }, (_, index) => `n${index}`);
    for (const name of names)
      fake().server.objects.put(nodesPath, { metadata: { name }, spec: 'x'.repeat(10_000) });
    const { next } = watch(fake());
    expect((await next(41)).at(-1)).toMatch(/^synced/);
  });

  test('goes on from the last event when the server ends the watch', async () => {
    put(fake(), 'a');
    const { next } = watch(fake());
    await next(2);
    const { server } = fake();
    await server.watches.next();
    put(fake(), 'b');
    await next(1);
    server.endWatches();
    expect((await server.watches.next()).get('resourceVersion')).toBe('102');
  });

  test('a bookmark moves the place to go on from', async () => {
    put(fake(), 'a');
    const { next } = watch(fake());
    await next(2);
    const { server } = fake();
    await server.watches.next();
    server.bookmark();
    server.endWatches();
    expect((await server.watches.next()).get('resourceVersion')).toBe('102');
  });

  test('survives a TCP reset and misses nothing meanwhile', async () => {
    put(fake(), 'a');
    const { next } = watch(fake());
    await next(2);
    const { server, clock } = fake();
    await server.watches.next();
    server.network.reset();
    expect(await next(1)).toEqual(['problem store-unavailable']);
    put(fake(), 'b');
    await clock.pass(firstPause);
    expect(await next(1)).toEqual(['applied b']);
  });

  test('survives a failed first list, with longer and longer pauses', async () => {
    const { server, clock } = fake();
    for (let index = 0; index < 3; index++) server.failNext(/./, { status: 500 });
    put(fake(), 'a');
    const { next } = watch(fake());
    for (const pause of [500, 1_000, 2_000]) {
      expect(await next(1)).toEqual(['problem store-unavailable']);
      await clock.pass(pause);
    }
    expect(await next(2)).toEqual(['applied a', 'synced a']);
  });

  test.each([
    ['HTTP 500', { status: 500 }],
    ['HTTP 429 that asks for an hour', { status: 429, headers: { 'retry-after': '3600' } }],
    ['an answer that is no stream of events', { status: 200, body: '{}\n' }],
  ])('survives a watch answered by %s', async (_, failure) => {
    const { server, clock } = fake();
    server.failNext(/watch=true/, failure);
    const { next } = watch(fake());
    expect((await next(2))[1]).toMatch(/^problem /);
    await clock.pass(firstPause);
    await server.watches.next();
    put(fake(), 'a');
    expect(await next(1)).toEqual(['applied a']);
  });

  test('lists again after 410, and shows what went away by its absence', async () => {
    put(fake(), 'a', 'b');
    const { next, happened } = watch(fake());
    await next(3);
    const { server, clock } = fake();
    await server.watches.next();
    server.network.reset();
    expect(await next(1)).toEqual(['problem store-unavailable']);
    server.objects.delete(nodesPath, { name: 'a' });
    put(fake(), 'c');
    server.objects.compact();
    await clock.pass(firstPause);
    await server.watches.next();
    await clock.pass(2 * firstPause);
    // b is as it was: nothing new to tell of it.
    expect(await next(2)).toEqual(['applied c', 'synced b c']);
    await server.watches.next();
    expect(happened.length).toBe(0);
  });

  test('lists again after HTTP 410 to a watch', async () => {
    const { server, clock } = fake();
    server.failNext(/watch=true/, { status: 410 });
    const { next } = watch(fake());
    await next(1);
    await clock.pass(firstPause);
    expect(await next(1)).toEqual(['synced']);
  });

  test('starts the list anew when it expires between two pages', async () => {
    const { server, clock } = fake();
    server.maxPage = 1;
    put(fake(), 'a', 'b');
    server.failNext(/continue=/, { status: 410 });
    const { next } = watch(fake());
    expect(await next(1)).toEqual(['applied a']);
    await clock.pass(firstPause);
    expect(await next(2)).toEqual(['applied b', 'synced a b']);
  });

  test('an error inside the stream leads to a new watch from the same place', async () => {
    const { server, clock } = fake();
    const { next } = watch(fake());
    await next(1);
    const from = (await server.watches.next()).get('resourceVersion');
    server.sendError(500, 'etcdserver: leader changed');
    expect(await next(1)).toEqual(['problem store-unavailable']);
    await clock.pass(firstPause);
    expect((await server.watches.next()).get('resourceVersion')).toBe(from);
  });

  test('lists again after three watches that failed before they told anything', async () => {
    const { server, clock } = fake();
    for (let index = 0; index < 3; index++) server.failNext(/watch=true/, { status: 504 });
    const { next } = watch(fake());
    await next(1);
    for (const pause of [500, 1_000, 2_000]) {
      expect(await next(1)).toEqual(['problem store-unavailable']);
      await clock.pass(pause);
    }
    expect(await next(1)).toEqual(['synced']);
  });

  test('a watch that is silent for longer than any server is begins anew', async () => {
    const { server, clock } = fake();
    const { next } = watch(fake());
    await next(1);
    await server.watches.next();
    await clock.sleeping(150_000);
    clock.advance(150_000);
    expect(await next(1)).toEqual(['problem store-unavailable']);
    await clock.pass(firstPause);
    await server.watches.next();
    put(fake(), 'a');
    expect(await next(1)).toEqual(['applied a']);
  });

  test('absence from an older state proves nothing; the list after it does', async () => {
    const { server, clock } = fake();
    put(fake(), 'a', 'b');
    const { next } = watch(fake());
    await next(3);
    await server.watches.next();
    // A backup of etcd in which b was not yet there.
    server.objects.delete(nodesPath, { name: 'b' });
    expect(await next(1)).toEqual(['deleted b']);
    server.objects.goBack(50);
    server.sendError(410, 'too old resource version');
    await clock.pass(firstPause);
    expect(await next(1)).toEqual(['problem store-unavailable']);
    await clock.pass(2 * firstPause);
    expect(await next(1)).toEqual(['synced a']);
  });

  test('a reader that throws neither stops the watch nor is told the same again', async () => {
    put(fake(), 'a', 'b');
    const { next } = watch(fake(), collection, ({ type }) => {
      if (type === 'applied') throw new Error('a defect');
    });
    expect(await next(5)).toEqual([
      'applied a',
      'problem internal',
      'applied b',
      'problem internal',
      'synced a b',
    ]);
  });

  test('says what to install where the kind does not exist', async () => {
    const happened = new Queue<string>();
    const { api, clock, controller } = fake();
    const resource = { path: '/apis/nfd.k8s-sigs.io/v1alpha1/unknown' };
    const onProblem = ({ message }: Error): void => {
      happened.push(message);
    };
    void new Reflector({ api, resource, clock, random: () => 0, onProblem }).run(
      () => undefined,
      controller.signal,
    );
    expect(await happened.next()).toMatch(/\[store-refused\].*CustomResourceDefinition/);
  });

  test('ends when its signal aborts', async () => {
    const { server, controller } = fake();
    const { next, done } = watch(fake());
    await next(1);
    await server.watches.next();
    controller.abort();
    await done;
  });
});
