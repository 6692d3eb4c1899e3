// Real sealed objects from a real authority, at a time that stands; and, by rawSeal, ones that no signer would make.
import type { NodeFeature } from '../../src/feature/node-feature.ts';
import { canonicalBytes, type CoveredKeys } from '../../src/feature/payload.ts';
import { parsePolicy, type Policy } from '../../src/seal/policy.ts';
import { signNodeFeature, type SignOptions } from '../../src/seal/sign.ts';
import { createTestCa, type TestCa, type TestCertificateOptions, type TestSvid } from './certificates.ts';

export const minute = 60_000;
export const hour = 60 * minute;
export const day = 24 * hour;
/** When everything happens unless a test says otherwise. */
export const noon = Date.parse('2026-06-01T12:00:00Z');

export const sealKey = 'featureseal.io/signature';
export const nodeNameKey = 'nfd.node.kubernetes.io/node-name';
export const trustDomain = 'example.org';

export const policyText = `
cluster: demo
signers:
  - name: worker
    spiffeIDs: ["spiffe://example.org/featureseal/worker/{cluster}/{node}"]
    namespace: featureseal
    features: ["*"]
    labels: ["*"]
  - name: vendor
    spiffeIDs: ["spiffe://example.org/vendor/{cluster}/{node}"]
    namespace: vendor
    features: ["vendor.*"]
    labels: ["vendor.example/*"]
`;

export function testPolicy(change: (text: string) => string = (text) => text): Policy {
  return parsePolicy(change(policyText));
}

export function workerId(node = 'node-a', cluster = 'demo'): string {
  return `spiffe://${trustDomain}/featureseal/worker/${cluster}/${node}`;
}

export function vendorId(node = 'node-a'): string {
  return `spiffe://${trustDomain}/vendor/demo/${node}`;
}

/** A root that is valid for ten days around noon. */
export function rootCa(
  options: Partial<TestCertificateOptions> & { readonly trustDomain?: string } = {},
): Promise<TestCa> {
  return createTestCa({
    trustDomain,
    notBefore: new Date(noon - 10 * day),
    notAfter: new Date(noon + 10 * day),
    ...options,
  });
}

/** An SVID that is valid from an hour before noon until an hour after. */
export function issue(ca: TestCa, options: TestCertificateOptions = {}): Promise<TestSvid> {
  return ca.issue({
    spiffeId: workerId(),
    notBefore: new Date(noon - hour),
    notAfter: new Date(noon + hour),
    ...options,
  });
}

export function bundlesOf(...authorities: readonly TestCa[]): Map<string, readonly Uint8Array[]> {
  return new Map(authorities.map((ca) => [ca.trustDomain, [ca.root]]));
}

export interface ObjectOptions {
  readonly node?: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly features?: NodeFeature['spec']['features'];
  readonly annotations?: Readonly<Record<string, string>>;
}

/** An unsealed NodeFeature. */
export function nodeFeature(options: ObjectOptions = {}): NodeFeature {
  const { node = 'node-a', name = node, namespace = 'featureseal', annotations = {} } = options;
  return {
    apiVersion: 'nfd.k8s-sigs.io/v1alpha1',
    kind: 'NodeFeature',
    metadata: { name, namespace, labels: { [nodeNameKey]: node }, annotations },
    spec: {
      features: options.features ?? { flags: { 'cpu.cpuid': { elements: { AVX2: {} } } } },
      labels: options.labels ?? { 'feature.node.kubernetes.io/cpu-cpuid.AVX2': 'true' },
    },
  };
}

export interface SealOptions extends Partial<Omit<SignOptions, 'now' | 'svid'>> {
  /** Milliseconds since the epoch; noon by default. */
  readonly at?: number;
}

export function seal(
  object: unknown,
  svid: TestSvid,
  { at = noon, ...options }: SealOptions = {},
): Promise<NodeFeature> {
  return signNodeFeature(object, { svid, cluster: 'demo', now: new Date(at), ...options });
}

/** A copy with something changed after sealing; `change` may do whatever it likes to it. */
export function changed(object: NodeFeature, change: (copy: Loose) => void): NodeFeature {
  const copy = structuredClone(object) as unknown as Loose;
  change(copy);
  return copy as unknown as NodeFeature;
}

/** A NodeFeature without the promises of its type. */
export interface Loose {
  apiVersion: unknown;
  kind: unknown;
  metadata: {
    name: unknown;
    namespace: unknown;
    labels: Record<string, unknown>;
    annotations: Record<string, unknown>;
    [key: string]: unknown;
  };
  spec: {
    features: Record<string, Record<string, { elements: unknown }>>;
    labels: Record<string, unknown>;
    [key: string]: unknown;
  };
  [key: string]: unknown;
}

/** What a raw seal differs in from a good one. */
export interface Forgery {
  readonly at?: number;
  /** Members of the header in place of the right ones; undefined leaves one out. */
  readonly members?: Readonly<Record<string, unknown>>;
  /** The header's text in place of JSON.stringify of its members. */
  readonly header?: (text: string) => string | Uint8Array;
  readonly covered?: CoveredKeys;
  /** Makes the signature; ECDSA with SHA-256 under the SVID's key by default. */
  readonly sign?: (data: Uint8Array) => Promise<Uint8Array>;
  /** The annotation in place of `header..signature`. */
  readonly compact?: (header: string, signature: string) => unknown;
}

/** Seals without asking any rule, the envelope written out here: it shares no mistake with the code under test. */
export async function rawSeal(
  object: NodeFeature,
  svid: TestSvid,
  forgery: Forgery = {},
): Promise<NodeFeature> {
  const covered = forgery.covered ?? { labels: [nodeNameKey], annotations: [] };
  const members = {
    typ: 'nodefeature-seal+jws',
    alg: 'ES256',
    x5c: svid.chain.map((der) => Buffer.from(der).toString('base64')),
    iat: forgery.at ?? noon,
    cluster: 'demo',
    ...covered,
    ...forgery.members,
  };
  const header = Buffer.from((forgery.header ?? String)(JSON.stringify(members))).toString('base64url');
  const payload = Buffer.from(canonicalBytes(object, covered)).toString('base64url');
  const sign = forgery.sign ?? ecdsaOf(svid);
  const signature = Buffer.from(await sign(Buffer.from(`${header}.${payload}`))).toString('base64url');
  const annotation = (forgery.compact ?? ((head, tail) => `${head}..${tail}`))(header, signature);
  return changed(object, ({ metadata }) => {
    metadata.annotations = { ...metadata.annotations, [sealKey]: annotation };
  });
}

export function ecdsaOf(
  { key }: Pick<TestSvid, 'key'>,
  hash = 'SHA-256',
): (data: Uint8Array) => Promise<Uint8Array> {
  return async (data) =>
    new Uint8Array(await globalThis.crypto.subtle.sign({ name: 'ECDSA', hash }, key, data));
}
