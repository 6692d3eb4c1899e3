import {
  certificate,
  dns,
  extend,
  extensionOids,
  signBytes,
  signatureAlgorithms,
  tbs,
  uri,
  usage,
  withExtensions,
  withoutExtension,
  type CertificatePlan,
  type KeyType,
  type SignatureAlgorithm,
} from '../support/certificate-factory.ts';
import * as w from '../support/der-writer.ts';
import type { Random } from '../support/random.ts';
import { mutateBytes } from './bytes.ts';
import type { KeyPool } from './key-pool.ts';
import {
  anyRule,
  constraints,
  issuerId,
  issuerSays,
  leafSays,
  noCa,
  noPolicies,
  readable,
  strictId,
  weakKey,
  type Rules,
} from './stricter-rules.ts';

export const domain = 'example.org';
export const now = new Date('2026-06-01T12:00:00Z');
export const day = 86_400_000;
export const at = (days: number): Date => new Date(now.getTime() + days * day);

export type Place = 'leaf' | 'intermediate' | 'root';

export interface Context {
  readonly random: Random;
  readonly keys: KeyPool;
}

export interface Defect {
  readonly name: string;
  readonly places: readonly Place[];
  readonly plan?: (plan: CertificatePlan, context: Context) => CertificatePlan;
  readonly der?: (plan: CertificatePlan, context: Context) => Uint8Array;
  /** The certificate's own key, where the defect is about it. */
  readonly key?: KeyType;
  /** Codes with which this package may refuse what another verifier accepts, each with the stricter rule. */
  readonly stricter?: Rules;
}

const everywhere: readonly Place[] = ['leaf', 'intermediate', 'root'];
const issuers: readonly Place[] = ['intermediate', 'root'];
const change = (
  name: string,
  places: readonly Place[],
  plan: (plan: CertificatePlan, context: Context) => CertificatePlan,
  stricter?: Rules,
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
  change('cA true', ['leaf'], (plan) => withExtensions(plan, extend.basicConstraints(true)), noCa),
  change('pathLen 0', issuers, (plan) => withExtensions(plan, extend.basicConstraints(true, 0))),
  change('pathLen 1', issuers, (plan) => withExtensions(plan, extend.basicConstraints(true, 1))),
  change('no keyUsage', everywhere, (plan) => withoutExtension(plan, extensionOids.keyUsage), {
    ...issuerSays,
    ...leafSays,
  }),
  change('keyUsage without keyCertSign', issuers, (plan) =>
    withExtensions(plan, extend.keyUsage([usage.crlSign])),
  ),
  change(
    'keyUsage without digitalSignature',
    ['leaf'],
    (plan) => withExtensions(plan, extend.keyUsage([usage.keyAgreement])),
    leafSays,
  ),
  change(
    'keyUsage not critical',
    everywhere,
    (plan) => withExtensions(plan, extend.keyUsage(keyUsageFor(plan), false)),
    leafSays,
  ),
  change(
    'a leaf with keyCertSign',
    ['leaf'],
    (plan) => withExtensions(plan, extend.keyUsage([usage.digitalSignature, usage.keyCertSign])),
    leafSays,
  ),
  change('empty keyUsage', everywhere, (plan) => withExtensions(plan, extend.keyUsage([])), {
    ...readable,
    ...issuerSays,
    ...leafSays,
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
    noPolicies,
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
      ...issuerId,
      ...constraints,
    },
  ),
  change(
    'an issuer with a workload ID',
    issuers,
    (plan) => withExtensions(plan, extend.subjectAltName([uri(`spiffe://${domain}/ca`)])),
    {
      ...issuerId,
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
    stricter: anyRule,
  },
  {
    name: 'tbs changed and signed',
    places: everywhere,
    der: (plan, { random }) => certificate(plan, mutateBytes(tbs(plan), random)),
    stricter: anyRule,
  },
];

function keyUsageFor(plan: CertificatePlan): readonly number[] {
  const isAuthority =
    plan.extensions.length > 0 &&
    Buffer.from(plan.extensions[0]!).includes(Buffer.from([0x03, 0x02, 0x01, 0x06]));
  return isAuthority ? [usage.keyCertSign, usage.crlSign] : [usage.digitalSignature];
}
