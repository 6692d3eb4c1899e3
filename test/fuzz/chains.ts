import {
  authorityPlan,
  certificate,
  dns,
  extend,
  extensionOids,
  leafPlan,
  makeKeys,
  signBytes,
  signatureAlgorithms,
  tbs,
  uri,
  usage,
  withExtensions,
  withoutExtension,
  type Authority,
  type CertificatePlan,
  type KeyPair,
  type KeyType,
  type SignatureAlgorithm,
} from '../support/certificate-factory.ts';
import * as w from '../support/der-writer.ts';
import type { Random } from '../support/random.ts';
import { mutateBytes } from './bytes.ts';

/** One question to all verifiers. */
export interface ChainInput {
  /** DER, leaf first, the rest in any order. */
  readonly chain: readonly Uint8Array[];
  readonly roots: readonly Uint8Array[];
  readonly now: Date;
  /** Names of the defects that were put in. */
  readonly defects: readonly string[];
  /** Authorities of the right name and another key stand beside the right ones. */
  readonly hasDecoys: boolean;
}

export const domain = 'example.org';
const now = new Date('2026-06-01T12:00:00Z');
const day = 86_400_000;
const at = (days: number): Date => new Date(now.getTime() + days * day);

type Place = 'leaf' | 'intermediate' | 'root';

interface Context {
  readonly random: Random;
  readonly keys: KeyPool;
}

interface Defect {
  readonly name: string;
  readonly places: readonly Place[];
  readonly plan?: (plan: CertificatePlan, context: Context) => CertificatePlan;
  readonly der?: (plan: CertificatePlan, context: Context) => Uint8Array;
  /** The certificate's own key, where the defect is about it. */
  readonly key?: KeyType;
  /** Codes with which this package may refuse what another verifier accepts, each with the stricter rule. */
  readonly stricter?: Readonly<Record<string, string>>;
}

/** Keys are dear: a few of each type, used again and again. */
export class KeyPool {
  readonly #pairs = new Map<string, KeyPair>();

  get(type: KeyType, number: number): KeyPair {
    const name = `${type} ${number}`;
    const pair = this.#pairs.get(name) ?? makeKeys(type);
    this.#pairs.set(name, pair);
    return pair;
  }
}

const everywhere: readonly Place[] = ['leaf', 'intermediate', 'root'];
const issuers: readonly Place[] = ['intermediate', 'root'];
const weakKey = {
  'key-not-allowed': 'keys are P-256, P-384, P-521 or RSA of 2048 to 8192 bits with e from 65537',
};
const leftOut = 'a root with a key that is not allowed is left out of the bundle';
const readable = { 'certificate-malformed': 'RFC 5280 to the letter, for every certificate that is sent' };
const constraints = {
  'name-constraints': 'the narrower reading permits, the wider one excludes, and every name of a path counts',
};

const change = (
  name: string,
  places: readonly Place[],
  plan: (plan: CertificatePlan, context: Context) => CertificatePlan,
  stricter?: Readonly<Record<string, string>>,
): Defect => ({ name, places, plan, ...(stricter === undefined ? {} : { stricter }) });

const algorithm = (name: SignatureAlgorithm): Defect =>
  change(`signed with ${name}`, everywhere, (plan) => {
    const { type } = plan.issuer.keys;
    const fits = type.startsWith('RSA')
      ? name.startsWith('rsa')
      : type.startsWith('P-') && name.startsWith('ecdsa');
    return fits ? { ...plan, algorithm: name } : plan;
  });

const subtrees: readonly (readonly [string, readonly Uint8Array[], readonly Uint8Array[]])[] = [
  ['our host permitted', [uri(domain)], []],
  ['another host permitted', [uri('other.example')], []],
  ['below our host permitted', [uri(`.${domain}`)], []],
  ['our host excluded', [], [uri(domain)]],
  ['above our host excluded', [], [uri('.org')]],
  ['our DNS names permitted', [dns('internal')], []],
  ['other DNS names permitted', [dns('other.example')], []],
  ['our DNS names excluded', [], [dns('workload.internal')]],
  ['all DNS names excluded', [], [dns('')]],
  ['a directory name permitted', [w.der(0xa4, w.commonName('x'))], []],
  ['a network permitted', [w.context(7, w.bytes(10, 0, 0, 0, 255, 0, 0, 0))], []],
  ['a mailbox excluded', [], [w.context(1, w.ascii('a@example.org'))]],
];

const ids = [
  `spiffe://${domain}`,
  `spiffe://${domain}/spire/agent/x`,
  `spiffe://${domain}/a/../b`,
  `spiffe://${domain}/a%2fb`,
  `spiffe://${domain}:1/a`,
  `spiffe://u@${domain}/a`,
  `spiffe://other.example/a`,
  `https://${domain}/a`,
];

const strictId = {
  'spiffe-id-invalid': 'IDs are compared as written, never as a URL parser reads them',
  'spiffe-id-no-path': 'the ID of a workload has a path',
  'spiffe-id-reserved': 'IDs under /spire/ are no workloads',
  'svid-uri-san': 'exactly one URI SAN',
};

/** Every defect that one certificate may have. */
export const defects: readonly Defect[] = [
  change('expired', everywhere, (plan) => ({ ...plan, notAfter: at(-0.01) })),
  change('not valid yet', everywhere, (plan) => ({ ...plan, notBefore: at(0.01) })),
  change('a date from 2050 on', everywhere, (plan) => ({ ...plan, notAfter: at(20_000) })),
  change('cA false', issuers, (plan) => withExtensions(plan, extend.basicConstraints(false))),
  change('no basicConstraints', everywhere, (plan) => withoutExtension(plan, extensionOids.basicConstraints)),
  change('basicConstraints not critical', issuers, (plan) =>
    withExtensions(plan, extend.basicConstraints(true, undefined, false)),
  ),
  change('cA true', ['leaf'], (plan) => withExtensions(plan, extend.basicConstraints(true)), {
    'svid-is-ca': 'a leaf is no CA, in a path without an SVID too',
  }),
  change('pathLen 0', issuers, (plan) => withExtensions(plan, extend.basicConstraints(true, 0))),
  change('pathLen 1', issuers, (plan) => withExtensions(plan, extend.basicConstraints(true, 1))),
  change('no keyUsage', everywhere, (plan) => withoutExtension(plan, extensionOids.keyUsage), {
    'issuer-key-usage': 'an issuer says keyCertSign (X.509-SVID section 4.3)',
    'svid-key-usage': 'a leaf says digitalSignature (X.509-SVID section 4.3)',
  }),
  change('keyUsage without keyCertSign', issuers, (plan) =>
    withExtensions(plan, extend.keyUsage([usage.crlSign])),
  ),
  change(
    'keyUsage without digitalSignature',
    ['leaf'],
    (plan) => withExtensions(plan, extend.keyUsage([usage.keyAgreement])),
    {
      'svid-key-usage': 'a leaf says digitalSignature (X.509-SVID section 4.3)',
    },
  ),
  change(
    'keyUsage not critical',
    everywhere,
    (plan) => withExtensions(plan, extend.keyUsage(keyUsageFor(plan), false)),
    {
      'svid-key-usage': 'keyUsage of a leaf is critical (X.509-SVID section 4.3)',
    },
  ),
  change(
    'a leaf with keyCertSign',
    ['leaf'],
    (plan) => withExtensions(plan, extend.keyUsage([usage.digitalSignature, usage.keyCertSign])),
    {
      'svid-key-usage': 'a leaf signs no certificates, in a path without an SVID too',
    },
  ),
  change('empty keyUsage', everywhere, (plan) => withExtensions(plan, extend.keyUsage([])), {
    ...readable,
    'issuer-key-usage': 'an issuer says keyCertSign',
    'svid-key-usage': 'a leaf says digitalSignature',
  }),
  ...subtrees.map(([name, permitted, excluded]) =>
    change(
      `constraints: ${name}`,
      everywhere,
      (plan) => withExtensions(plan, extend.nameConstraints(permitted, excluded)),
      constraints,
    ),
  ),
  change('an unknown critical extension', everywhere, (plan) => withExtensions(plan, extend.unknown(true))),
  change('an unknown extension', everywhere, (plan) => withExtensions(plan, extend.unknown(false))),
  change('critical extendedKeyUsage', everywhere, (plan) =>
    withExtensions(plan, extend.extendedKeyUsage(['1.3.6.1.5.5.7.3.2'], true)),
  ),
  change('another extendedKeyUsage', everywhere, (plan) =>
    withExtensions(plan, extend.extendedKeyUsage(['1.3.6.1.5.5.7.3.3'])),
  ),
  change(
    'policyConstraints',
    everywhere,
    (plan) =>
      withExtensions(
        plan,
        w.extension(extensionOids.policyConstraints, w.sequence(w.context(0, w.bytes(0))), true),
      ),
    { 'critical-extension': 'who requires policies is not followed' },
  ),
  change('no subjectKeyId', everywhere, (plan) => withoutExtension(plan, extensionOids.subjectKeyId)),
  change('no authorityKeyId', everywhere, (plan) => withoutExtension(plan, extensionOids.authorityKeyId)),
  change('a wrong authorityKeyId', everywhere, (plan) =>
    withExtensions(plan, extend.authorityKeyId(w.bytes(1, 2, 3))),
  ),
  change(
    'a critical subjectKeyId',
    everywhere,
    (plan) => withExtensions(plan, w.extension(extensionOids.subjectKeyId, w.octetString(w.bytes(1)), true)),
    readable,
  ),
  change(
    'an issuer of another trust domain',
    issuers,
    (plan) => withExtensions(plan, extend.subjectAltName([uri('spiffe://other.example')])),
    {
      'issuer-spiffe-id': 'a CA with an ID has that of its trust domain',
      ...constraints,
    },
  ),
  change(
    'an issuer with a workload ID',
    issuers,
    (plan) => withExtensions(plan, extend.subjectAltName([uri(`spiffe://${domain}/ca`)])),
    {
      'issuer-spiffe-id': 'a CA with an ID has that of its trust domain',
      ...constraints,
    },
  ),
  change(
    'an issuer with DNS names',
    issuers,
    (plan) => withExtensions(plan, extend.subjectAltName([dns('ca.internal')])),
    constraints,
  ),
  ...ids.map((id) =>
    change(`the ID ${id}`, ['leaf'], (plan) => withExtensions(plan, extend.subjectAltName([uri(id)])), {
      ...strictId,
      ...readable,
      ...constraints,
    }),
  ),
  change(
    'two URI SANs',
    ['leaf'],
    (plan) =>
      withExtensions(plan, extend.subjectAltName([uri(`spiffe://${domain}/a`), uri(`spiffe://${domain}/b`)])),
    strictId,
  ),
  change('no SAN', ['leaf'], (plan) => withoutExtension(plan, extensionOids.subjectAltName), strictId),
  change('an empty subject', ['leaf'], (plan) => ({ ...plan, subject: w.commonName(undefined) }), readable),
  change('the subject of its issuer', ['leaf', 'intermediate'], (plan) => ({
    ...plan,
    subject: plan.issuer.name,
  })),
  change('a negative serial number', everywhere, (plan) => ({ ...plan, serial: [0x80] }), readable),
  change('a serial number of zero', everywhere, (plan) => ({ ...plan, serial: [0] }), readable),
  change(
    'a serial number of 21 octets',
    everywhere,
    (plan) => ({ ...plan, serial: Array.from({ length: 21 }, () => 1) }),
    readable,
  ),
  change('version 1', everywhere, (plan) => ({ ...plan, version: 0 }), readable),
  change(
    'an extension twice',
    everywhere,
    (plan) => ({ ...plan, extensions: [...plan.extensions, plan.extensions[0]!] }),
    readable,
  ),
  change(
    'another algorithm outside',
    everywhere,
    (plan) => ({ ...plan, outerAlgorithm: 'ecdsa-sha384' }),
    readable,
  ),
  ...(Object.keys(signatureAlgorithms) as SignatureAlgorithm[])
    .filter((name) => name !== 'ed25519')
    .map(algorithm),
  ...(['P-224', 'P-521', 'Ed25519', 'RSA-1024', 'RSA-2048-e3'] as const).map((key): Defect => ({
    name: `a key ${key}`,
    places: everywhere,
    key,
    stricter: {
      ...weakKey,
      ...readable,
      'certificate-algorithm': 'certificates are signed by ECDSA or RSA with SHA-2',
      'path-not-found': leftOut,
    },
  })),
  {
    name: 'signed by another key',
    places: everywhere,
    der: (plan, { keys }) =>
      certificate({ ...plan, issuer: { ...plan.issuer, keys: keys.get(plan.issuer.keys.type, 9) } }),
  },
  {
    name: 'a signature over other bytes',
    places: everywhere,
    der: (plan) => {
      const signature = signBytes(plan.issuer.keys, plan.algorithm, w.bytes(1));
      return w.sequence(tbs(plan), signatureAlgorithms[plan.algorithm].identifier, w.bitString(signature));
    },
  },
  {
    name: 'bytes changed',
    places: everywhere,
    der: (plan, { random }) => mutateBytes(certificate(plan), random),
    stricter: { ...readable, ...weakKey, ...strictId, ...constraints },
  },
  {
    name: 'tbs changed and signed',
    places: everywhere,
    der: (plan, { random }) => certificate(plan, mutateBytes(tbs(plan), random)),
    stricter: { ...readable, ...weakKey, ...strictId, ...constraints },
  },
];

function keyUsageFor(plan: CertificatePlan): readonly number[] {
  const isAuthority =
    plan.extensions.length > 0 &&
    Buffer.from(plan.extensions[0]!).includes(Buffer.from([0x03, 0x02, 0x01, 0x06]));
  return isAuthority ? [usage.keyCertSign, usage.crlSign] : [usage.digitalSignature];
}

const types: readonly KeyType[] = ['P-256', 'P-256', 'P-256', 'P-384', 'P-521', 'RSA-2048'];

interface Made {
  readonly authority: Authority;
  readonly der: Uint8Array;
}

/** A chain of up to three intermediates, decoys beside them, and up to two defects. */
export function makeChain(random: Random, keys: KeyPool): ChainInput {
  const depth = random.int(4);
  const count = random.pick([0, 1, 1, 1, 2]);
  const chosen = Array.from({ length: count }, () => ({
    defect: random.pick(defects),
    at: random.int(depth + 2),
  }));
  const names: string[] = [];
  const context = { random, keys };

  /** `level` 0 is the root, `depth` + 1 the leaf. */
  const make = (level: number, issuer: Authority | undefined): Made => {
    const place: Place = level === 0 ? 'root' : level > depth ? 'leaf' : 'intermediate';
    const own = chosen
      .filter(({ defect, at: where }) => where === level && defect.places.includes(place))
      .map(({ defect }) => defect);
    names.push(...own.map(({ name }) => name));
    const type =
      own.find(({ key }) => key !== undefined)?.key ??
      (place === 'leaf' ? random.pick(types.slice(0, 4)) : random.pick(types));
    const pair = keys.get(type, level);
    const name = w.commonName(place === 'root' ? 'Root' : `Authority ${random.chance(0.2) ? 1 : level}`);
    const plan = honestPlan({ place, pair, name, issuer: issuer ?? { name, keys: pair }, random });
    const planned = own.reduce((current, { plan: spoil }) => spoil?.(current, context) ?? current, plan);
    const spoilt = own.find(({ der }) => der !== undefined)?.der;
    const der = spoilt === undefined ? certificate(planned) : spoilt(planned, context);
    return { authority: { name: planned.subject, keys: pair }, der };
  };

  const made: Made[] = [];
  for (let level = 0; level <= depth + 1; level += 1) made.push(make(level, made.at(-1)?.authority));
  const [root, ...below] = made;
  const leaf = below.pop()!;
  const decoys = decoysFor({ made, random, keys });
  const pool = shuffled([...below.map(({ der }) => der), ...decoys.pool], random);
  return {
    chain: [leaf.der, ...pool],
    roots: shuffled([root!.der, ...decoys.roots], random),
    now: random.chance(0.9) ? now : new Date(now.getTime() + (random.int(5) - 2) * day),
    defects: names,
    hasDecoys: decoys.pool.length + decoys.roots.length > 0,
  };
}

function honestPlan(given: {
  readonly place: Place;
  readonly pair: KeyPair;
  readonly name: Uint8Array;
  readonly issuer: Authority;
  readonly random: Random;
}): CertificatePlan {
  const { place, pair, name, issuer, random } = given;
  const life = { notBefore: at(-1), notAfter: at(place === 'root' ? 300 : 1) };
  if (place !== 'leaf') {
    const names = random.chance(0.5) ? [uri(`spiffe://${domain}`)] : [];
    return authorityPlan({ keys: pair, issuer, name, ...life, names });
  }
  const names = [
    uri(`spiffe://${domain}/workload`),
    ...(random.chance(0.5) ? [dns('workload.internal')] : []),
  ];
  return leafPlan({ keys: pair, issuer, ...life, names });
}

/** Certificates of the right names and wrong keys, copies, and ones that lead nowhere. */
function decoysFor(given: {
  readonly made: readonly Made[];
  readonly random: Random;
  readonly keys: KeyPool;
}): {
  readonly pool: readonly Uint8Array[];
  readonly roots: readonly Uint8Array[];
} {
  const { made, random, keys } = given;
  const decoy = (): Uint8Array => {
    const { authority } = random.pick(made);
    const pair = keys.get('P-256', 5 + random.int(3));
    const own = { name: authority.name, keys: pair };
    return certificate(authorityPlan({ ...own, issuer: own, notBefore: at(-1), notAfter: at(1) }));
  };
  const roots = random.chance(0.3) ? Array.from({ length: 1 + random.int(3) }, decoy) : [];
  const pool = random.chance(0.3) ? Array.from({ length: 1 + random.int(2) }, decoy) : [];
  // The root sent along, or a copy of the leaf.
  if (random.chance(0.2)) pool.push(random.pick(made).der);
  return { pool, roots };
}

function shuffled<T>(items: readonly T[], random: Random): readonly T[] {
  const copy = [...items];
  for (let last = copy.length - 1; last > 0; last -= 1) {
    const other = random.int(last + 1);
    [copy[last], copy[other]] = [copy[other]!, copy[last]!];
  }
  return copy;
}
