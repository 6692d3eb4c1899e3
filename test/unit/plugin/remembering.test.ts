import { writeFile } from 'node:fs/promises';
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { DiscoverContext } from '../../../src/plugin/contract.ts';
import type { LoadedPlugin } from '../../../src/plugin/load.ts';
import { repeatedDiscovery } from '../../../src/plugin/repeated-discovery.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { labelled, plugin } from './discovering.ts';
import { recordingLog } from './recording-log.ts';

const path = temporaryFolder();
const clock = new ManualClock();

/** What a plugin makes of the first file of the host, with more or less in what it returns. */
async function readingFirst({ host }: DiscoverContext, more: object): Promise<unknown> {
  const text = await host.text('/first', 100);
  return { ...labelled({ first: text ?? 'none' }), ...more };
}

/** Discoveries by one plugin, each as the value of its label; the plugin's name is `p`. */
function discovering(discover: (context: DiscoverContext, turn: number) => unknown): {
  readonly turn: () => Promise<string | undefined>;
  readonly turns: () => number;
} {
  let turns = 0;
  const one: LoadedPlugin = plugin('p', (context) => discover(context, (turns += 1)));
  const { log } = recordingLog();
  const again = repeatedDiscovery({ plugins: [one], hostRoot: path(''), log, clock, deadlineMs: 5000 });
  return {
    turns: () => turns,
    turn: async () => {
      const { discovery } = await again(new AbortController().signal);
      return discovery.labels['feature.node.kubernetes.io/p-first'];
    },
  };
}

beforeEach(() => writeFile(path('first'), 'a'));

describe('a plugin whose answer follows from the host alone', () => {
  const fromHost = (context: DiscoverContext) => readingFirst(context, { fromHostAlone: true });

  test('is asked again only where the host answers otherwise', async () => {
    const { turn, turns } = discovering(fromHost);
    expect([await turn(), await turn(), turns()]).toEqual(['a', 'a', 1]);
    await writeFile(path('first'), 'b');
    expect([await turn(), await turn(), turns()]).toEqual(['b', 'b', 2]);
  });

  test('is asked again once its answer is no longer valid', async () => {
    const validUntil = new Date(clock.now() + 1000);
    const { turn, turns } = discovering((context) =>
      readingFirst(context, { fromHostAlone: true, validUntil }),
    );
    expect([await turn(), await turn(), turns()]).toEqual(['a', 'a', 1]);
    clock.set(validUntil.getTime());
    expect([await turn(), turns()]).toEqual(['a', 2]);
  });

  test.each(['warn', 'error'] as const)(
    'is asked each time while it has something to say as %s',
    async (level) => {
      const { turn, turns } = discovering((context, number) => {
        if (number < 3) context.log[level]('one was left out');
        return fromHost(context);
      });
      for (const _ of 'four') await turn();
      expect(turns()).toBe(3);
    },
  );

  test('is asked again where it wrote into the bytes that it was given', async () => {
    const { turn, turns } = discovering(async ({ host }) => {
      const bytes = await host.bytes('/first', 100);
      return { ...labelled({ first: bytes?.reverse().join('-') }), fromHostAlone: true };
    });
    await writeFile(path('first'), Uint8Array.of(1, 2));
    expect(await turn()).toBe('2-1');
    await writeFile(path('first'), Uint8Array.of(2, 1));
    expect([await turn(), turns()]).toEqual(['1-2', 2]);
  });

  test('is asked again after it failed', async () => {
    const { turn, turns } = discovering((context, number) => {
      if (number === 2) throw new Error('spoilt');
      return fromHost(context);
    });
    await turn();
    await writeFile(path('first'), 'b');
    expect([await turn(), turns()]).toEqual([undefined, 2]);
    // The host answers as at the first time.
    await writeFile(path('first'), 'a');
    expect([await turn(), await turn(), turns()]).toEqual(['a', 'a', 3]);
  });
});

describe('every other plugin', () => {
  test.each([{}, { fromHostAlone: false }])('is asked each time: %j', async (more) => {
    const { turn, turns } = discovering((context) => readingFirst(context, more));
    expect([await turn(), await turn(), turns()]).toEqual(['a', 'a', 2]);
  });

  test('fails where it says neither yes nor no', async () => {
    const { turn } = discovering((context) => readingFirst(context, { fromHostAlone: 'yes' }));
    expect(await turn()).toBeUndefined();
  });
});
