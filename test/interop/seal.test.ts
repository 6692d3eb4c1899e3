import { expect, test } from '@jest/globals';
import { parsePolicy, type Policy } from '../../src/seal/policy.ts';
import { signNodeFeature } from '../../src/seal/sign.ts';
import { verifyNodeFeature } from '../../src/seal/verify.ts';
import { pkcs8Of } from '../support/certificate-factory.ts';
import { awkwardSpecs, chainKinds, plainScenario, nodeNameLabel } from '../support/seal-cases/honest.ts';
import { chainOf, withSpec, type Scenario } from '../support/seal-cases/scenario.ts';
import { noon, World } from '../support/seal-cases/world.ts';
import { readSealVectors } from '../support/seal-vectors.ts';
import type { Json } from '../support/seal-maker.ts';
import { describeWithPeer, peerProcess } from './suite.ts';

interface Answer {
  readonly verdict: 'accept' | 'refuse';
  readonly reason?: string;
  readonly spiffeId?: string;
  readonly digest?: string;
  readonly nodeFeature?: string;
}

const base64 = (der: Uint8Array): string => Buffer.from(der).toString('base64');
const bundlesOf = (bundles: ReadonlyMap<string, readonly Uint8Array[]>): object =>
  Object.fromEntries([...bundles].map(([domain, roots]) => [domain, roots.map(base64)]));

const world = new World();
const annotation = 'featureseal.io/worker-version';
const specs = awkwardSpecs.map((text) => [text] as const);

function withText(text: string, kind = chainKinds[0]): Scenario {
  return withSpec(plainScenario(world, kind), () => JSON.parse(text) as Json);
}

describeWithPeer('seals between this package and a Go program written from docs/seal.md', () => {
  const peer = peerProcess('seal');

  const judgedByPeer = (nodeFeature: string, { bundles, policy, now }: Scenario): Promise<Answer> =>
    peer().ask({ nodeFeature, bundles: bundlesOf(bundles), policy, now: new Date(now).toISOString() });
  const options = ({
    bundles,
    policy,
    now,
  }: Scenario): { policy: Policy; bundles: typeof bundles; now: Date } => ({
    bundles,
    policy: parsePolicy(policy),
    now: new Date(now),
  });

  const sealedHere = async (scenario: Scenario): Promise<string> => {
    const { object, keys } = scenario.plan;
    const svid = { chain: chainOf(scenario), key: pkcs8Of(keys) };
    const covered = { labels: [nodeNameLabel], annotations: [annotation] };
    const sealed = await signNodeFeature(object, { svid, cluster: 'demo', now: new Date(noon), covered });
    return JSON.stringify(sealed);
  };

  const sealedByPeer = async (scenario: Scenario, algorithm: string): Promise<string> => {
    const { object, keys } = scenario.plan;
    const answer: Answer = await peer().ask({
      operation: 'seal',
      nodeFeature: JSON.stringify(object),
      chain: chainOf(scenario).map(base64),
      key: [base64(pkcs8Of(keys))],
      algorithm,
      cluster: 'demo',
      issuedAt: noon,
      labels: [nodeNameLabel],
      annotation: [annotation],
    });
    expect(answer).toMatchObject({ verdict: 'accept' });
    return answer.nodeFeature!;
  };

  test.each(chainKinds.map((kind) => [kind] as const))('ours is accepted there: %s', async (kind) => {
    const scenario = plainScenario(world, kind);
    const sealed = await sealedHere(scenario);
    const { spiffeId, digest } = await verifyNodeFeature(sealed, options(scenario));
    expect(await judgedByPeer(sealed, scenario)).toEqual({ verdict: 'accept', spiffeId, digest });
  });

  test.each(specs)('ours is accepted there with spec %s', async (text) => {
    const scenario = withText(text);
    expect(await judgedByPeer(await sealedHere(scenario), scenario)).toMatchObject({ verdict: 'accept' });
  });

  test.each([
    ['root alone', 'ES256'],
    ['intermediate', 'ES256'],
    ['P-384', 'ES384'],
    ['RSA', 'PS256'],
    ['RSA', 'RS256'],
  ] as const)('theirs is accepted here: %s, %s', async (kind, algorithm) => {
    const scenario = plainScenario(world, kind);
    const sealed = await sealedByPeer(scenario, algorithm);
    const { spiffeId } = await verifyNodeFeature(sealed, options(scenario));
    expect(spiffeId).toBe(scenario.spiffeId);
  });

  test.each(specs)('theirs is accepted here with spec %s', async (text) => {
    const scenario = withText(text);
    const sealed = await sealedByPeer(scenario, 'ES256');
    expect((await verifyNodeFeature(sealed, options(scenario))).trust).toBe('verified');
  });

  test('an edit is seen on both sides', async () => {
    const scenario = plainScenario(world);
    const edited = (await sealedHere(scenario)).replace('AVX2', 'AVX3');
    expect(await judgedByPeer(edited, scenario)).toMatchObject({ verdict: 'refuse' });
    await expect(verifyNodeFeature(edited, options(scenario))).rejects.toMatchObject({
      code: 'signature-invalid',
    });
  });

  test('a standard JOSE library and crypto/x509 judge the vectors as they should be judged', async () => {
    const otherwise: string[] = [];
    for (const vector of readSealVectors()) {
      const { nodeFeature, bundles, policy, now, accepted, nodeCreated, verdict, name } = vector;
      const answer: Answer = await peer().ask({
        nodeFeature,
        bundles: bundlesOf(bundles),
        policy,
        now: now.toISOString(),
        accepted,
        nodeCreated: nodeCreated?.toISOString(),
      });
      if (answer.verdict !== verdict) otherwise.push(`${answer.verdict}: ${name}`);
    }
    // What the specification asks for beyond these libraries: bounds, RFC 5280 where Go is milder, the salt's length.
    expect(otherwise).toEqual([
      'accept: a serial number of 21 octets',
      'accept: neither a subject nor a critical subjectAltName',
      'accept: more than 64 extensions',
      'accept: seventeen authorities of one name',
      'accept: a PSS salt of 20 octets',
    ]);
  });
});
