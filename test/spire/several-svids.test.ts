import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { X509Svid } from '../../src/spiffe/types.ts';
import { WorkloadApiClient } from '../../src/spiffe/workload-api/client.ts';
import type { SvidPick } from '../../src/spiffe/workload-api/pick.ts';
import { X509Source } from '../../src/spiffe/workload-api/source.ts';
import type { SpireAgent } from './harness/agent.ts';
import type { SpireServer } from './harness/server.ts';
import { describeOnSpire, spireSite, startMs } from './harness/site.ts';
import { untilContext } from './harness/wait.ts';

const longMs = 120_000;

describeOnSpire('a workload with several registration entries', () => {
  const site = spireSite();
  const sources: X509Source[] = [];
  let server: SpireServer;
  let agent: SpireAgent;
  let svids: readonly X509Svid[];

  beforeAll(async () => {
    server = await site.server();
    agent = await site.agent(server);
    for (const [path, hint] of [
      ['worker', 'seals'],
      ['other', ''],
      ['namesake', 'seals'],
    ] as const) {
      await server.createEntry({ parent: agent.id, path, hint, ttlSeconds: 3600 });
    }
    ({ svids } = await untilContext(agent, (context) => context.svids.length === 2));
  }, startMs);
  afterAll(() => {
    for (const source of sources) source.close();
  });

  const open = (pick: SvidPick): X509Source => {
    const source = new X509Source({ client: new WorkloadApiClient(agent), pick });
    sources.push(source);
    return source;
  };

  test('gets one SVID of two entries with one hint', () => {
    const ids = svids.map(({ spiffeId, hint }) => (hint === 'seals' ? 'with the hint' : spiffeId)).sort();
    expect(ids).toEqual([server.id('other'), 'with the hint']);
  });

  test(
    'must say which SVID is meant',
    async () => {
      const source = open({});
      while (source.lastError()?.code !== 'identity-ambiguous') {
        await new Promise<void>((resolve) => {
          const stop = source.onChange(() => {
            stop();
            resolve();
          });
        });
      }
      expect(source.current()).toBeUndefined();
    },
    longMs,
  );

  test.each<[string, (id: string) => SvidPick]>([
    ['its ID', (spiffeId) => ({ spiffeId })],
    ['its hint', () => ({ hint: 'seals' })],
  ])(
    'may say it by %s',
    async (_, pickFor) => {
      const pick = pickFor(server.id('other'));
      const source = open(pick);
      await source.ready();
      expect(source.current()).toMatchObject(pick);
    },
    longMs,
  );
});
