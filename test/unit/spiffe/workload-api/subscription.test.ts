import { describe, expect, test } from '@jest/globals';
import { FeaturesealError } from '../../../../src/error.ts';
import { Subscription, whenReady, type Follow } from '../../../../src/spiffe/workload-api/subscription.ts';

type Told = Parameters<Follow<string>>;

/** A subscription and the means to tell it something. */
function subscription() {
  const told = Promise.withResolvers<Told>();
  const end = Promise.withResolvers<undefined>();
  const made = new Subscription<string>(async (...arguments_) => {
    told.resolve(arguments_);
    await end.promise;
  });
  return { made, told: told.promise, end };
}

const denied = new FeaturesealError({ code: 'workload-api-denied', message: 'no identity' });

describe('a subscription', () => {
  test('holds the newest value, and what went wrong since', async () => {
    const { made, told } = subscription();
    const [onUpdate, onError] = await told;
    expect([made.current(), made.lastError()]).toEqual([undefined, undefined]);
    onError(denied);
    expect(made.lastError()).toBe(denied);
    onUpdate('a');
    expect([made.current(), made.lastError()]).toEqual(['a', undefined]);
    onError(denied);
    expect([made.current(), made.lastError()]).toEqual(['a', denied]);
  });

  test('tells several changes in a row as one, and later ones again', async () => {
    const { made, told } = subscription();
    const seen: (string | undefined)[] = [];
    made.onChange(() => seen.push(made.current()));
    const [onUpdate] = await told;
    onUpdate('a');
    onUpdate('b');
    expect(seen).toEqual([]);
    await Promise.resolve();
    expect(seen).toEqual(['b']);
    onUpdate('c');
    await Promise.resolve();
    expect(seen).toEqual(['b', 'c']);
  });

  test('is ready when it has a value, at once where it has one already', async () => {
    const { made, told } = subscription();
    const ready = made.ready();
    const [onUpdate] = await told;
    onUpdate('a');
    await ready;
    await made.ready(AbortSignal.abort());
    expect(made.current()).toBe('a');
  });

  test('is not ready while its value is taken back', async () => {
    const { made, told } = subscription();
    const [onUpdate] = await told;
    onUpdate(undefined);
    const stop = new AbortController();
    const ready = made.ready(stop.signal);
    onUpdate(undefined);
    await Promise.resolve();
    stop.abort();
    await expect(ready).rejects.toMatchObject({ code: 'aborted' });
  });

  test('says what was missing: nothing yet, or what went wrong', async () => {
    const { made, told } = subscription();
    const aborted = AbortSignal.abort();
    await expect(made.ready(aborted)).rejects.toMatchObject({
      code: 'aborted',
      message: expect.stringContaining('nothing arrived yet'),
    });
    const [, onError] = await told;
    onError(denied);
    await expect(made.ready(aborted)).rejects.toMatchObject({
      code: 'aborted',
      message: expect.stringContaining('no identity'),
      cause: denied,
    });
  });

  test('tells who follows to stop when it is closed', async () => {
    const { made, told } = subscription();
    const [, , signal] = await told;
    expect(signal.aborted).toBe(false);
    made.close();
    expect(signal.aborted).toBe(true);
  });

  test('ended without an error, it will not be ready any more', async () => {
    const { made, end } = subscription();
    const ready = made.ready();
    end.resolve(undefined);
    expect(await made.ended).toBeUndefined();
    await expect(ready).rejects.toMatchObject({ code: 'aborted' });
  });

  test('ended by an error of any kind, that is the reason', async () => {
    const own = new Subscription<string>(() => Promise.reject(denied));
    expect(await own.ended).toBe(denied);
    await expect(own.ready()).rejects.toBe(denied);
    const foreign = new Subscription<string>(() => Promise.reject(new Error('broken')));
    expect(await foreign.ended).toMatchObject({
      code: 'internal',
      message: expect.stringContaining('following the Workload API failed: broken'),
    });
    expect(foreign.lastError()).toBe(await foreign.ended);
  });

  test('who stopped listening hears nothing more', async () => {
    const { made, told } = subscription();
    let heard = 0;
    const stop = made.onChange(() => (heard += 1));
    const [onUpdate] = await told;
    onUpdate('a');
    await Promise.resolve();
    stop();
    onUpdate('b');
    await Promise.resolve();
    expect(heard).toBe(1);
  });
});

describe('whenReady', () => {
  test('gives what is ready, open', async () => {
    const { made, told } = subscription();
    const [onUpdate, , signal] = await told;
    onUpdate('a');
    expect(await whenReady(made)).toBe(made);
    expect(signal.aborted).toBe(false);
  });

  test('closes what will not be ready', async () => {
    const { made, told } = subscription();
    const [, , signal] = await told;
    await expect(whenReady(made, AbortSignal.abort())).rejects.toMatchObject({ code: 'aborted' });
    expect(signal.aborted).toBe(true);
  });
});
