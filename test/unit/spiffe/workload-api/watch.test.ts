import { describe, expect, test } from '@jest/globals';
import { watchMessages, type Watch } from '../../../../src/spiffe/workload-api/watch.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

/** What is told of one stream of these messages. */
async function told(messages: readonly string[], parse: Watch<string>['parse'], stop: AbortController) {
  const events: string[] = [];
  const clock = new ManualClock();
  const watching = watchMessages<string>({
    open: async function* () {
      for (const message of messages) yield Buffer.from(message);
    },
    parse,
    nothing: 'nothing',
    onUpdate: (value) => events.push(value),
    onError: ({ message }) => events.push(message),
    clock,
    signal: stop.signal,
  });
  await Promise.race([watching, clock.sleeping(1000)]);
  stop.abort();
  await watching;
  return events;
}

describe('watchMessages', () => {
  test('does not tell what was still being read when it was stopped', async () => {
    const stop = new AbortController();
    const parse = async (message: Buffer) => {
      stop.abort();
      return String(message);
    };
    expect(await told(['a'], parse, stop)).toEqual([]);
  });

  test('calls whatever goes wrong with a message a fault of the message, and reads on', async () => {
    const parse = (message: Buffer) => {
      if (message.length > 1) throw new Error('too long');
      return String(message);
    };
    expect(await told(['a', 'bb', 'c'], parse, new AbortController())).toEqual([
      'a',
      '[workload-api-malformed] a message of the Workload API is discarded: too long',
      'c',
    ]);
  });
});
