import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Authority } from '../../src/identity/authority.ts';
import { WorkloadApiServer } from '../../src/identity/workload-api-server.ts';
import type { WorkloadState } from '../../src/identity/wire.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { WorkloadApiClient } from '../../src/spiffe/workload-api/client.ts';
import type { X509Context } from '../../src/spiffe/workload-api/context.ts';
import { X509Source } from '../../src/spiffe/workload-api/source.ts';
import { portraitOf, type Portrait } from './harness/portrait.ts';
import { rawAnswer } from './harness/raw-call.ts';
import { describeOnSpire, spireSite, startMs, type Site } from './harness/site.ts';
import { untilContext } from './harness/wait.ts';

const ttlSeconds = 600;
const caTtlMs = 24 * 3_600_000;
const trustDomain = 'example.org';
const longMs = 120_000;
const { crypto } = globalThis;

/** The sockets of one provider of identities, for those whom it treats differently. */
interface Sockets {
  /** One SVID, signed by an intermediate, with hint "a". */
  readonly registered: string;
  /** No SVID, but the bundles. */
  readonly verifier: string;
  /** Nothing. */
  readonly nobody: string;
}

/** What differs is in docs/decisions/spire-differences.md; the rest is held to be the same here. */
describeOnSpire('the development identity has the manners of SPIRE', () => {
  const site = spireSite();
  const servers: WorkloadApiServer[] = [];
  let folder: string;
  let spire: Sockets;
  let development: Sockets;
  let contexts: { readonly spire: X509Context; readonly development: X509Context };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fs-dev-'));
    spire = await spireSockets(site);
    development = await developmentSockets(folder, servers);
    contexts = {
      spire: await untilContext({ address: spire.registered }, () => true),
      development: await untilContext({ address: development.registered }, () => true),
    };
  }, 2 * startMs);
  afterAll(async () => {
    for (const server of servers) await server.close();
    await rm(folder, { recursive: true, force: true });
  });

  test.each<[string, keyof Sockets, string, readonly string[], object]>([
    ['an SVID', 'registered', 'FetchX509SVID', ['true'], { message: true }],
    ['bundles', 'registered', 'FetchX509Bundles', ['true'], { message: true }],
    ['bundles for a verifier', 'verifier', 'FetchX509Bundles', ['true'], { message: true }],
    [
      'no SVID for a verifier',
      'verifier',
      'FetchX509SVID',
      ['true'],
      { code: status.PERMISSION_DENIED, details: 'no identity issued' },
    ],
    [
      'no bundles for nobody',
      'nobody',
      'FetchX509Bundles',
      ['true'],
      { code: status.PERMISSION_DENIED, details: 'no identity issued' },
    ],
    [
      'nothing without the security header',
      'registered',
      'FetchX509SVID',
      [],
      { code: status.INVALID_ARGUMENT, details: 'security header missing from request' },
    ],
    [
      'nothing where it is not "true"',
      'registered',
      'FetchX509SVID',
      ['True'],
      { code: status.INVALID_ARGUMENT, details: 'security header missing from request' },
    ],
  ])(
    'answers the same: %s',
    async (_, socket, name, header, expected) => {
      const method = `/SpiffeWorkloadAPI/${name}`;
      for (const { [socket]: address } of [spire, development]) {
        expect(await rawAnswer({ address, method, header })).toEqual(expected);
      }
    },
    longMs,
  );

  test(
    'a method that there is not is UNIMPLEMENTED, which is the proof of life that our client asks for',
    async () => {
      for (const { registered: address } of [spire, development]) {
        const answer = await rawAnswer({ address, method: '/featureseal.Heartbeat/Beat' });
        expect(answer).toMatchObject({ code: status.UNIMPLEMENTED });
      }
    },
    longMs,
  );

  test('a message has the chain without its root, all roots, the hint, and one bundle', () => {
    for (const { svids, bundles } of [contexts.spire, contexts.development]) {
      const [{ chain, bundle, hint, key } = { chain: [], bundle: [], hint: '', key: undefined }] = svids;
      expect({ svids: svids.length, chain: chain.length, hint }).toEqual({ svids: 1, chain: 2, hint: 'a' });
      expect(key?.algorithm).toEqual({ name: 'ECDSA', namedCurve: 'P-256' });
      expect([...bundles]).toEqual([[trustDomain, bundle]]);
      expect(bundle).toHaveLength(1);
    }
  });

  test.each([
    ['leaf', ({ svids }: X509Context) => svids[0]?.chain[0]],
    ['intermediate', ({ svids }: X509Context) => svids[0]?.chain[1]],
    ['root', ({ bundles }: X509Context) => bundles.get(trustDomain)?.[0]],
  ])('the %s has the same dates, usages, names and extensions', (_, pick) => {
    const [theirs, ours] = [contexts.spire, contexts.development].map((context) => formOf(pick(context)!));
    expect(ours).toEqual(theirs);
  });

  test('a CA has its serial number in its name, so that no two are named alike', () => {
    for (const { svids, bundles } of [contexts.spire, contexts.development]) {
      for (const ca of [svids[0]!.chain[1]!, bundles.get(trustDomain)![0]!]) {
        expect(portraitOf(ca).subject).toContain('2.5.4.5');
      }
    }
  });

  test(
    'a stream of bundles is silent while SVIDs rotate',
    async () => {
      const server = await site.server();
      const agent = await site.agent(server);
      await server.createEntry({ parent: agent.id, path: 'worker', ttlSeconds: 10 });
      const svids = await X509Source.create({ client: new WorkloadApiClient(agent) });
      const stop = new AbortController();
      let told = 0;
      const watching = new WorkloadApiClient(agent).watchX509Bundles(() => (told += 1), stop.signal);
      const leaves = new Set<string>();
      while (leaves.size < 3) {
        leaves.add(Buffer.from(svids.current()?.chain[0] ?? []).toString('hex'));
        await new Promise<void>((resolve) => {
          const off = svids.onChange(() => {
            off();
            resolve();
          });
        });
      }
      expect(told).toBe(1);
      svids.close();
      stop.abort();
      await watching;
    },
    longMs,
  );
});

async function spireSockets(site: Site): Promise<Sockets> {
  const server = await site.server({ trustDomain });
  const [verifier, nobody, upstream] = [
    await site.agent(server, { allowUnauthenticatedVerifiers: true }),
    await site.agent(server),
    await site.agent(server),
  ];
  await server.createEntry({ parent: upstream.id, path: 'nested', ttlSeconds, downstream: true });
  const nested = await site.server({ trustDomain, upstream: { server, socketPath: upstream.socketPath } });
  const registered = await site.agent(nested);
  await nested.createEntry({ parent: registered.id, path: 'worker', ttlSeconds, hint: 'a' });
  return { registered: registered.address, verifier: verifier.address, nobody: nobody.address };
}

async function developmentSockets(folder: string, servers: WorkloadApiServer[]): Promise<Sockets> {
  const authority = await Authority.create({
    trustDomain,
    clock: systemClock,
    crypto,
    caTtlMs,
    intermediate: true,
  });
  const svid = await authority.issue({
    spiffeId: `spiffe://${trustDomain}/worker`,
    ttlMs: ttlSeconds * 1000,
    hint: 'a',
  });
  const serve = async (name: string, state: WorkloadState): Promise<string> => {
    const server = await WorkloadApiServer.start({ socketPath: join(folder, name), state, crypto });
    servers.push(server);
    return server.address;
  };
  const bundles = authority.bundles();
  return {
    registered: await serve('registered', { svids: [svid], bundles }),
    verifier: await serve('verifier', { svids: [], bundles }),
    nobody: await serve('nobody', { svids: [], bundles: undefined }),
  };
}

/** Without the attributes of names, which are each issuer's own; a life is cut at that of the CA above. */
function formOf(der: Uint8Array): object {
  const { subject: _, lifeSeconds, ...form }: Portrait = portraitOf(der);
  return { ...form, lifeSeconds: lifeSeconds > 3600 ? 'of a CA' : lifeSeconds };
}
