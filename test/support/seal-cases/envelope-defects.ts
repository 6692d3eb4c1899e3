import type { Random } from '../random.ts';
import {
  payloadInHeaderOrder,
  Raw,
  sealAnnotation,
  withMember,
  withSeal,
  sealOf,
  type Json,
} from '../seal-maker.ts';
import { nodeNameLabel } from './honest.ts';
import {
  chainOf,
  iatOf,
  withAfter,
  withMetadata,
  withPlan,
  type Defect,
  type DefectContext,
  type Scenario,
} from './scenario.ts';

/** A header member replaced; the header is signed as it then is. */
function member(
  name: string,
  code: string,
  key: string,
  value: (scenario: Scenario, context: DefectContext) => Json | Raw,
): Defect {
  return {
    name,
    code,
    apply: (scenario, context) =>
      withPlan(scenario, (plan) => withMember(plan, key, value(scenario, context))),
  };
}

/** A member more, which the signature covers too. */
function extra(name: string, key: string, value: Json | Raw): Defect {
  return {
    name,
    code: 'seal-malformed',
    apply: (scenario) => withPlan(scenario, (plan) => ({ ...plan, header: [...plan.header, [key, value]] })),
  };
}

/** A member once more. Where another defect has taken it away, adding it would mend the header: left out then. */
function again(key: string, value: Json): Defect {
  const twice = extra(`${key} twice`, key, value);
  return {
    ...twice,
    apply: (scenario, context) =>
      scenario.plan.header.some(([present]) => present === key) ? twice.apply(scenario, context) : undefined,
  };
}

/** The seal's text changed after signing, in a way that a tolerant reader undoes. */
function spelling(name: string, code: string, change: (seal: string, random: Random) => string): Defect {
  return {
    name,
    code,
    apply: (scenario, { random }) =>
      withAfter(scenario, (object) => withSeal(object, change(sealOf(object), random))),
  };
}

/** Other last bits in the last character: the same bytes to a decoder that ignores unused bits. */
function withUnusedBits(base64: string): string {
  const alphabet = base64.includes('=') || /[+/]/.test(base64) ? standardAlphabet : urlAlphabet;
  const body = base64.replace(/=*$/, '');
  if (body.length % 4 === 0) return `${base64}=`;
  const last = alphabet.indexOf(body.at(-1)!);
  return body.slice(0, -1) + alphabet[last ^ 1]! + base64.slice(body.length);
}

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const standardAlphabet = `${letters}+/`;
const urlAlphabet = `${letters}-_`;

const x5c = (scenario: Scenario): string[] =>
  chainOf(scenario).map((der) => Buffer.from(der).toString('base64'));

/** Covered keys that the object really has, signed as covered. */
function covering(
  name: string,
  code: string,
  keys: readonly string[],
  order: (all: string[]) => readonly string[],
  where: 'labels' | 'annotations' = 'annotations',
): Defect {
  return {
    name,
    code,
    apply: (scenario) => {
      const values = Object.fromEntries(keys.map((key) => [key, 'v']));
      const more = withMetadata(scenario, (metadata) => ({
        ...metadata,
        [where]: { ...metadata[where], ...values },
      }));
      return withPlan(more, (plan) => {
        const own = plan.header.find(([each]) => each === where)?.[1] as readonly string[];
        return withMember(plan, where, order([...own, ...keys].sort((a, b) => (a < b ? -1 : 1))));
      });
    },
  };
}

/** Signed as a verifier would read it that never asks for an order. */
function asWritten(defect: Defect): Defect {
  return {
    ...defect,
    apply: (scenario, context) => {
      const made = defect.apply(scenario, context);
      return made && { ...made, payload: payloadInHeaderOrder };
    },
  };
}

const many = (count: number, length = 8): string[] =>
  Array.from({ length: count }, (_, index) => `many.example/${String(index).padStart(length, '0')}`);

export const envelopeDefects: readonly Defect[] = [
  {
    name: 'no seal',
    code: 'seal-missing',
    apply: (scenario) =>
      withAfter(scenario, (object) => {
        const annotations = { ...object.metadata.annotations };
        Reflect.deleteProperty(annotations, sealAnnotation);
        return { ...object, metadata: { ...object.metadata, annotations } };
      }),
  },
  { name: 'an empty seal', code: 'seal-missing', apply: (s) => withAfter(s, (o) => withSeal(o, '')) },
  {
    name: 'a seal that is a number',
    code: 'seal-malformed',
    apply: (s) => withAfter(s, (o) => withSeal(o, 1)),
  },
  covering('a seal larger than 64 KiB', 'seal-too-large', many(60, 1000), (all) => all),
  spelling('an attached payload', 'seal-malformed', (seal) => seal.replace('..', '.e30.')),
  spelling('a fourth part', 'seal-malformed', (seal) => `${seal}.`),
  spelling('one part', 'seal-malformed', (seal) => seal.replaceAll('.', '')),
  spelling('no signature', 'seal-malformed', (seal) => seal.slice(0, seal.indexOf('..') + 2)),
  spelling('a signature with padding', 'seal-malformed', (seal) => `${seal}=`),
  spelling('a line break in the signature', 'seal-malformed', (seal, random) => {
    const at = seal.length - random.int(20);
    return `${seal.slice(0, at)}\n${seal.slice(at)}`;
  }),
  spelling('unused bits in the signature', 'seal-malformed', (seal) => {
    const start = seal.indexOf('..') + 2;
    return seal.slice(0, start) + withUnusedBits(seal.slice(start));
  }),
  spelling('standard base64 in the header', 'seal-malformed', (seal) => {
    // Three octets of the header become ones that BASE64URL writes otherwise: it cannot be valid JSON afterwards,
    // but a reader who takes both alphabets would go on to find out.
    return `+${seal.slice(1)}`;
  }),
  {
    name: 'a header that is not UTF-8',
    code: 'seal-malformed',
    apply: (scenario) => {
      const odd = covering('', '', ['odd/\ufffd'], (all) => all).apply(scenario, undefined as never)!;
      const spoil = (text: string): Uint8Array => {
        const [before = '', after = ''] = text.split('\ufffd');
        return Buffer.concat([Buffer.from(before), Buffer.from([0xff]), Buffer.from(after)]);
      };
      return { ...odd, headerBytes: spoil };
    },
  },
  {
    name: 'a header that begins with a byte order mark',
    code: 'seal-malformed',
    apply: (scenario) => ({ ...scenario, headerBytes: (text) => Buffer.from(`\ufeff${text}`) }),
  },
  extra('an unknown member', 'exp', 4102444800),
  extra('a critical header', 'crit', ['exp']),
  extra('b64 false', 'b64', false),
  extra('a key identifier', 'kid', 'leaf'),
  extra('a key in the header', 'jwk', { kty: 'EC' }),
  extra('a member named __proto__', '__proto__', 'x'),
  again('iat', 1),
  again('cluster', 'demo'),
  extra(
    'typ twice, once escaped',
    'typ',
    new Raw('"nodefeature-seal+jws","\\u0074yp":"nodefeature-seal+jws"'),
  ),
  {
    name: 'no cluster member',
    code: 'seal-malformed',
    apply: (scenario) =>
      withPlan(scenario, (plan) => ({ ...plan, header: plan.header.filter(([key]) => key !== 'cluster') })),
  },
  member('another typ', 'seal-type-unknown', 'typ', (_, { random }) =>
    random.pick([
      'JWT',
      'nodefeature-seal-v2+jws',
      'Nodefeature-seal+jws',
      'application/nodefeature-seal+jws',
    ]),
  ),
  member('alg none', 'seal-algorithm', 'alg', () => 'none'),
  {
    name: 'alg none, with no real signature',
    code: 'seal-algorithm',
    apply: (scenario) =>
      withPlan(scenario, (plan) => ({ ...withMember(plan, 'alg', 'none'), signWith: 'none' })),
  },
  member('alg HS256', 'seal-algorithm', 'alg', () => 'HS256'),
  member('an alg that the key does not ask for', 'seal-algorithm', 'alg', ({ plan }) =>
    plan.signWith === 'ES256' ? 'ES384' : 'ES256',
  ),
  member('iat as a string', 'seal-malformed', 'iat', (scenario) => String(iatOf(scenario))),
  member('iat with a fraction', 'seal-time', 'iat', (scenario) => iatOf(scenario) + 0.5),
  member('iat written with a point', 'seal-time', 'iat', (scenario) => new Raw(`${iatOf(scenario)}.0`)),
  member('iat written with an exponent', 'seal-time', 'iat', (scenario) => new Raw(`${iatOf(scenario)}e0`)),
  member('iat zero', 'seal-time', 'iat', () => 0),
  member('iat beyond 2^53-1', 'seal-time', 'iat', () => new Raw('9007199254740992')),
  member('no certificate', 'seal-chain', 'x5c', () => []),
  member('nine certificates', 'seal-chain', 'x5c', (scenario) => {
    const all = x5c(scenario);
    return [...all, ...Array.from({ length: 9 - all.length }, () => all.at(-1)!)];
  }),
  member('an empty certificate', 'seal-chain', 'x5c', (scenario) => [...x5c(scenario), '']),
  member('a certificate in base64 with line breaks', 'seal-chain', 'x5c', (scenario) =>
    x5c(scenario).map((text) => `${text.slice(0, 64)}\n${text.slice(64)}`),
  ),
  member('a certificate in base64url', 'seal-chain', 'x5c', (scenario) => {
    const [leaf = '', ...others] = x5c(scenario);
    return [leaf.replaceAll('+', '-').replaceAll('/', '_').replace(/=*$/, ''), ...others].map((text) =>
      text.length % 4 === 0 ? ` ${text}` : text,
    );
  }),
  member('a certificate with unused bits', 'seal-chain', 'x5c', (scenario) => {
    const [leaf = '', ...others] = x5c(scenario);
    return [withUnusedBits(leaf), ...others];
  }),
  member('another cluster', 'cluster-mismatch', 'cluster', (_, { random }) =>
    random.pick(['demo2', '', 'DEMO', 'demo ']),
  ),
  asWritten(covering('covered keys out of order', 'covered-keys', ['b', 'a'], (all) => all.toReversed())),
  asWritten(covering('a covered key twice', 'covered-keys', ['b'], (all) => [...all, all.at(-1)!])),
  covering('65 covered keys', 'covered-keys', many(63), (all) => all),
  covering('a covered key of ill-formed Unicode', 'covered-keys', ['z\udbff'], (all) => all),
  {
    name: 'the seal covers its own annotation',
    code: 'covered-keys',
    apply: (scenario) => {
      // Its value at signing is what an earlier seal left there; the new one replaces it.
      const own = covering('', '', [sealAnnotation], (all) => all);
      return own.apply(scenario, undefined as never);
    },
  },
  member('a covered annotation that the object lacks', 'covered-keys', 'annotations', () => ['absent']),
  {
    name: 'the node name is not covered',
    code: 'covered-keys',
    apply: (scenario) => withPlan(scenario, (plan) => withMember(plan, 'labels', [])),
  },
  ...['Node-A', 'node_a', '-node', 'a..b', 'a/b', '../node-a', ' node-a', '', 'a'.repeat(64), 'node-a\n'].map(
    (node): Defect => ({
      name: `the node name ${JSON.stringify(node)}`,
      code: 'node-name-invalid',
      apply: (scenario) =>
        withMetadata(scenario, (metadata) => ({
          ...metadata,
          name: node === '' ? 'x' : node,
          labels: { ...metadata.labels, [nodeNameLabel]: node },
        })),
    }),
  ),
];
