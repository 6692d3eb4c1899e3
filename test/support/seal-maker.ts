// Seals made from docs/seal.md alone, without one line of src: what signs here must be accepted there, and every
// member of a seal can be wrong.
import { constants, createHash, sign } from 'node:crypto';
import type { KeyPair } from './certificate-factory.ts';

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** RFC 8785, for what JSON.parse gives: keys by UTF-16 code units, no white space, ECMAScript's texts. */
export function jcs(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(jcs).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${jcs(member)}`).join(',')}}`;
}

/** A NodeFeature, or something near one. */
export interface AnyObject {
  readonly apiVersion: Json;
  readonly kind: Json;
  readonly metadata: {
    readonly name: Json;
    readonly namespace: Json;
    readonly labels?: Readonly<Record<string, Json>>;
    readonly annotations?: Readonly<Record<string, Json>>;
    readonly [other: string]: Json | undefined;
  };
  readonly spec: Json;
  readonly [other: string]: Json | AnyObject['metadata'];
}

export const sealAnnotation = 'featureseal.io/signature';

/** The text of one header member by its name; `Raw` text goes in as it is. */
export class Raw {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export interface SealPlan {
  readonly object: AnyObject;
  readonly keys: KeyPair;
  readonly header: readonly (readonly [string, Json | Raw])[];
  readonly signWith: JwsAlgorithm;
}

export type JwsAlgorithm = 'ES256' | 'ES384' | 'PS256' | 'RS256' | 'PS256-short-salt' | 'ES256-der' | 'none';

/** The algorithm that a key of this type signs seals with. */
function jwsAlgorithm({ type }: KeyPair): JwsAlgorithm {
  if (type === 'P-384') return 'ES384';
  return type.startsWith('RSA') ? 'PS256' : 'ES256';
}

export interface HonestSeal {
  readonly object: AnyObject;
  readonly chain: readonly Uint8Array[];
  readonly keys: KeyPair;
  readonly cluster: string;
  readonly iat: number;
  readonly labels: readonly string[];
  readonly annotations: readonly string[];
}

/** Every member right and in place, ready to be spoiled. */
export function sealPlan(honest: HonestSeal): SealPlan {
  const { object, chain, keys, cluster, iat, labels, annotations } = honest;
  const alg = jwsAlgorithm(keys);
  const x5c = chain.map((der) => Buffer.from(der).toString('base64'));
  return {
    object,
    keys,
    signWith: alg,
    header: [
      ['typ', 'nodefeature-seal+jws'],
      ['alg', alg],
      ['x5c', x5c],
      ['iat', iat],
      ['cluster', cluster],
      ['labels', labels],
      ['annotations', annotations],
    ],
  };
}

export function withMember(plan: SealPlan, name: string, value: Json | Raw): SealPlan {
  return {
    ...plan,
    header: plan.header.map((member) => (member[0] === name ? ([name, value] as const) : member)),
  };
}

export function headerText({ header }: Pick<SealPlan, 'header'>): string {
  const members = header.map(([name, value]) => {
    const text = value instanceof Raw ? value.text : JSON.stringify(value);
    return `${JSON.stringify(name)}:${text}`;
  });
  return `{${members.join(',')}}`;
}

/** docs/seal.md, "Payload": whatever stands in the object under the covered keys, right or wrong. */
export function payloadText({ object, header }: Pick<SealPlan, 'object' | 'header'>): string {
  const { apiVersion, kind, metadata, spec } = object;
  const only = (name: string, map: Readonly<Record<string, Json>> = {}): Record<string, Json> => {
    const keys = header.find(([member]) => member === name)?.[1];
    const covered = Array.isArray(keys) ? (keys as readonly string[]) : [];
    return Object.fromEntries(
      covered.filter((key) => Object.hasOwn(map, key)).map((key) => [key, map[key]!]),
    );
  };
  const { name, namespace, labels, annotations } = metadata;
  const covered = {
    annotations: only('annotations', annotations),
    labels: only('labels', labels),
    name,
    namespace,
  };
  return jcs({ apiVersion, kind, metadata: covered, spec });
}

/** As {@link payloadText}, but the covered keys stand as the header has them: out of order, twice. */
export function payloadInHeaderOrder({ object, header }: Pick<SealPlan, 'object' | 'header'>): string {
  const { apiVersion, kind, metadata, spec } = object;
  const member = (name: 'labels' | 'annotations'): string => {
    const keys = header.find(([each]) => each === name)?.[1] as readonly string[];
    return `{${keys.map((key) => `${jcs(key)}:${jcs(metadata[name]![key])}`).join(',')}}`;
  };
  const names = `"name":${jcs(metadata.name)},"namespace":${jcs(metadata.namespace)}`;
  return (
    `{"apiVersion":${jcs(apiVersion)},"kind":${jcs(kind)},"metadata":{` +
    `"annotations":${member('annotations')},"labels":${member('labels')},${names}},"spec":${jcs(spec)}}`
  );
}

export function digestOf(payload: string): string {
  return createHash('sha256').update(payload).digest('base64url');
}

/** The seal over `payload`; the header's bytes may differ from its text. */
export function sealText(
  plan: SealPlan,
  header: Uint8Array | string = headerText(plan),
  payload = payloadText(plan),
): string {
  const protectedText = Buffer.from(header).toString('base64url');
  const input = `${protectedText}.${Buffer.from(payload).toString('base64url')}`;
  return `${protectedText}..${signInput(plan, input).toString('base64url')}`;
}

const signed = new WeakMap<KeyPair, Map<string, Buffer>>();
const mostSigned = 1024;

/** The same text is signed the same: a seal may be shown twice, and signing costs the most. */
function signInput(plan: SealPlan, input: string): Buffer {
  const known = signed.get(plan.keys) ?? new Map<string, Buffer>();
  signed.set(plan.keys, known);
  const name = `${plan.signWith} ${digestOf(input)}`;
  const signature = known.get(name) ?? freshSignature(plan, Buffer.from(input, 'latin1'));
  if (known.size < mostSigned) known.set(name, signature);
  return signature;
}

function freshSignature({ keys: { privateKey: key }, signWith }: SealPlan, data: Buffer): Buffer {
  switch (signWith) {
    case 'ES256':
      return sign('sha256', data, { key, dsaEncoding: 'ieee-p1363' });
    case 'ES256-der':
      return sign('sha256', data, { key, dsaEncoding: 'der' });
    case 'ES384':
      return sign('sha384', data, { key, dsaEncoding: 'ieee-p1363' });
    case 'RS256':
      return sign('sha256', data, { key, padding: constants.RSA_PKCS1_PADDING });
    case 'PS256':
      return sign('sha256', data, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 });
    case 'PS256-short-salt':
      return sign('sha256', data, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 20 });
    case 'none':
      return Buffer.from('none');
  }
}

/** The seal that an object carries; empty without one. */
export function sealOf({ metadata }: AnyObject): string {
  const seal = metadata.annotations?.[sealAnnotation];
  return typeof seal === 'string' ? seal : '';
}

export function withSeal(object: AnyObject, seal: Json): AnyObject {
  const annotations = { ...object.metadata.annotations, [sealAnnotation]: seal };
  return { ...object, metadata: { ...object.metadata, annotations } };
}
