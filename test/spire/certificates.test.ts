import { X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { ReasonCode } from '../../src/error-codes.ts';
import { parseCertificate } from '../../src/spiffe/certificate.ts';
import type { X509Bundles, X509Svid } from '../../src/spiffe/types.ts';
import { verifyX509Svid } from '../../src/spiffe/verify-svid.ts';
import { WorkloadApiClient } from '../../src/spiffe/workload-api/client.ts';
import type { SpireAgent } from './harness/agent.ts';
import type { Entry, SpireServer } from './harness/server.ts';
import { describeOnSpire, spireSite, startMs } from './harness/site.ts';
import { serverCertificate } from './harness/tls-peer.ts';
import { untilContext } from './harness/wait.ts';

const hourMs = 3_600_000;

/** Of every form that a registration entry can ask for. */
const entries: readonly Omit<Entry, 'parent'>[] = [
  { path: 'a', ttlSeconds: 3600 },
  { path: 'featureseal/worker/demo/node-a', ttlSeconds: 60 },
  { path: 'A.b-c_D/0/1..2', ttlSeconds: 3600 },
  { path: `${'long/'.repeat(300)}path`, ttlSeconds: 3600 },
  { path: 'with/a/name', ttlSeconds: 3600, dnsNames: ['one.example'] },
  { path: 'with/names', ttlSeconds: 3600, dnsNames: ['one.example', '*.two.example', 'three'] },
  { path: 'with/a/hint', ttlSeconds: 3600, hint: 'hint' },
  ...Array.from({ length: 32 }, (_, n) => ({ path: `one/of/many/${n}`, ttlSeconds: 3600 })),
];

describeOnSpire('certificates of SPIRE', () => {
  const site = spireSite();
  let server: SpireServer;
  let nested: SpireServer;
  let stranger: SpireServer;
  let agent: SpireAgent;
  let svids: readonly X509Svid[];
  let nestedSvids: readonly X509Svid[];
  let minted: readonly Uint8Array[];
  let bundles: X509Bundles;

  beforeAll(async () => {
    server = await site.server();
    stranger = await site.server();
    agent = await site.agent(server);
    const upstreamAgent = await site.agent(server);
    const downstream = { path: 'nested', ttlSeconds: 3600, downstream: true };
    await server.createEntry({ parent: upstreamAgent.id, ...downstream });
    const { socketPath } = upstreamAgent;
    nested = await site.server({ upstream: { server, socketPath }, caKeyType: 'rsa-2048' });
    const nestedAgent = await site.agent(nested);

    for (const entry of entries) await server.createEntry({ parent: agent.id, ...entry });
    await nested.createEntry({ parent: nestedAgent.id, path: 'below', ttlSeconds: 3600 });
    minted = await server.mint('minted', '-ttl', '5m', '-dns', 'minted.example');
    ({ svids } = await untilContext(agent, (context) => context.svids.length === entries.length));
    ({ svids: nestedSvids } = await untilContext(nestedAgent, (context) => context.svids.length === 1));
    bundles = await new WorkloadApiClient(agent).fetchX509Bundles();
  }, 2 * startMs);

  const verify = (chain: readonly Uint8Array[], options: { roots?: X509Bundles; now?: Date } = {}) =>
    verifyX509Svid({ chain, bundles: options.roots ?? bundles, now: options.now ?? new Date() });

  test('every SVID is accepted, by us and, link by link, by OpenSSL', async () => {
    const chains = [...svids, ...nestedSvids].map(({ chain }) => chain);
    for (const chain of [...chains, minted]) {
      const { spiffeId, notAfter } = await verify(chain);
      const path = [...chain, ...rootsOf(chain, bundles)].map((der) => new X509Certificate(der));
      path.slice(1).forEach((issuer, at) => {
        const subject = path[at]!;
        expect([subject.checkIssued(issuer), subject.verify(issuer.publicKey)]).toEqual([true, true]);
      });
      expect(path[0]?.subjectAltName).toContain(`URI:${spiffeId}`);
      expect(notAfter).toEqual(new Date(Math.min(...path.map(({ validTo }) => Date.parse(validTo)))));
    }
    const ids = svids.map(({ spiffeId }) => spiffeId).sort();
    expect(ids).toEqual(entries.map(({ path }) => server.id(path)).sort());
  });

  describe('what is no SVID of a workload is refused', () => {
    const cases: readonly (readonly [string, ReasonCode, () => Promise<unknown>])[] = [
      ['the own SVID of an agent', 'spiffe-id-reserved', async () => verify(await agent.ownChain())],
      [
        'the own SVID of a server',
        'spiffe-id-reserved',
        async () => verify([await serverCertificate(server.place)]),
      ],
      ['a root in place of a leaf', 'spiffe-id-no-path', () => verify(bundles.get(server.trustDomain) ?? [])],
      [
        'the CA of a nested server in place of a leaf',
        'spiffe-id-no-path',
        () => verify(nestedSvids[0]!.chain.slice(1)),
      ],
      [
        'an SVID without the intermediate above it',
        'path-not-found',
        () => verify(nestedSvids[0]!.chain.slice(0, 1)),
      ],
      [
        'an SVID of another server that says it is of this trust domain',
        'path-not-found',
        async () => verify(await stranger.mint('a')),
      ],
      [
        'an SVID where only another trust domain is known',
        'bundle-missing',
        () => verify(minted, { roots: new Map([['partner.example', rootsOf(minted, bundles)]]) }),
      ],
      [
        'an SVID before its time',
        'certificate-not-yet-valid',
        () => verify(minted, { now: new Date(Date.now() - hourMs) }),
      ],
      [
        'an SVID after its time',
        'certificate-expired',
        () => verify(minted, { now: new Date(Date.now() + hourMs) }),
      ],
    ];
    test.each(cases)('%s: %s', async (_, code, attempt) => {
      await expect(attempt()).rejects.toMatchObject({ code });
    });
  });

  /** The root that issued the last certificate of the chain, by its key identifier. */
  function rootsOf(chain: readonly Uint8Array[], all: X509Bundles): readonly Uint8Array[] {
    const wanted = parseCertificate(chain.at(-1)!).extensions.authorityKeyId ?? new Uint8Array();
    return (all.get(server.trustDomain) ?? []).filter((root) => {
      const { subjectKeyId } = parseCertificate(root).extensions;
      return subjectKeyId !== undefined && Buffer.compare(subjectKeyId, wanted) === 0;
    });
  }
});
