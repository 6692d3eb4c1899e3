import { describe, expect, test } from '@jest/globals';
import { repeatedDiscovery } from '../../../src/plugin/repeated-discovery.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { recordingLog } from './recording-log.ts';

const nothing = { features: { flags: {}, attributes: {}, instances: {} }, labels: {} };

/** Discoveries in which a plugin warns of these files in turn; the files that each of them told of. */
async function told(...turns: readonly (readonly string[])[]): Promise<unknown[][]> {
  const { log, lines } = recordingLog();
  const left = [...turns];
  const plugin = {
    name: 'disk',
    discover: async (context: { log: typeof log }) => {
      for (const file of left.shift() ?? []) context.log.warn('file left out', { file });
      return nothing;
    },
  };
  const clock = new ManualClock();
  const discover = repeatedDiscovery({ plugins: [plugin], hostRoot: '/', log, clock, deadlineMs: 1000 });
  const result: unknown[][] = [];
  for (const _turn of turns) {
    await discover(new AbortController().signal);
    result.push(lines.splice(0).map(({ fields }) => fields['file']));
  }
  return result;
}

describe('what a plugin warns of at every discovery', () => {
  test('is told when it is new', async () => {
    expect(await told(['a'], ['a'], ['a', 'b'], ['a', 'b'])).toEqual([['a'], [], ['b'], []]);
  });
  test('is told again after it was well', async () => {
    expect(await told(['a'], [], ['a'])).toEqual([['a'], [], ['a']]);
  });
  test('is told once where it comes twice in one discovery', async () => {
    expect(await told(['a', 'a'])).toEqual([['a']]);
  });
});
