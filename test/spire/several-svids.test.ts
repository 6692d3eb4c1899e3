import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { X509Svid } from '../../src/spiffe/types.ts';
import { WorkloadApiClient } from '../../src/spiffe/workload-api/client.ts';
import type { SvidPick } from '../../src/spiffe/workload-api/pick.ts';
import { X509Source } from '../../src/spiffe/workload-api/source.ts';
import type { SpireAgent } from './harness/agent.ts';
import type { SpireServer } from './harness/server.ts';
import { describeOnSpire, spireSite, startMs } from './harness/site.ts';

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
      ['late', 'seals'],
    ] as const) {
      await server.createEntry({ parent: agent.id, path, hint, ttlSeconds: 3600 });
    }
    svids = await untilGiven(['other', 'worker']);
  }, startMs);
  afterAll(() => {
    for (const source of sources) source.close();
  });

  async function untilGiven(paths: readonly string[]): Promise<readonly X509Svid[]> {
    const wanted = paths.map((path) => server.id(path)).join();
    const { promise, resolve } = Promise.withResolvers<readonly X509Svid[]>();
    const stop = new AbortController();
    const watching = new WorkloadApiClient(agent).watchX509Svids((all) => {
      const ids = all.map(({ spiffeId }) => spiffeId).sort();
      if (ids.join() === wanted) resolve(all);
    }, stop.signal);
    const given = await promise;
    stop.abort();
    await watching;
    return given;
  }
  const open = (pick: SvidPick): X509Source => {
    const source = new X509Source({ client: new WorkloadApiClient(agent), pick });
    sources.push(source);
    return source;
  };

  test('of two entries with one hint SPIRE gives the older', () => {
    expect(svids.filter(({ hint }) => hint === 'seals').map(({ spiffeId }) => spiffeId)).toEqual([
      server.id('worker'),
    ]);
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

  test.each<[string, (pick: (path: string) => string) => SvidPick]>([
    ['its ID', (id) => ({ spiffeId: id('worker') })],
    ['its hint', () => ({ hint: 'seals' })],
  ])(
    'may say it by %s',
    async (_, pick) => {
      const source = open(pick((path) => server.id(path)));
      await source.ready();
      expect(source.current()?.spiffeId).toBe(server.id('worker'));
    },
    longMs,
  );
});
