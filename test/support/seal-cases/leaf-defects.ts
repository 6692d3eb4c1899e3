import { generateKeyPairSync } from 'node:crypto';
import {
  certificate,
  dns,
  extend,
  extensionOids,
  keysOf,
  leafPlan,
  signBytes,
  signatureAlgorithms,
  tbs,
  uri,
  usage,
  withExtensions,
  withoutExtension,
  type CertificatePlan,
  type KeyPair,
  type KeyType,
} from '../certificate-factory.ts';
import * as w from '../der-writer.ts';
import type { JwsAlgorithm } from '../seal-maker.ts';
import { withChain, withPlan, type Defect, type Scenario } from './scenario.ts';
import { leafLife, partner, trustDomain, type World, type WorldAuthority } from './world.ts';

/** The authority that by rights issues for this ID: its certificate is an anchor. */
export function anchorFor(world: World, spiffeId: string): WorldAuthority {
  return spiffeId.startsWith(`spiffe://${partner}/`) ? world.partnerRoot : world.root;
}

type MakeLeaf = (plan: CertificatePlan, spiffeId: string) => CertificatePlan;

/** A leaf that the right authority issued, with one thing wrong; it signs the seal, and no mark excuses it. */
function leaf(name: string, code: string, change: MakeLeaf, key: KeyType = 'P-256'): Defect {
  return {
    name,
    code,
    inChain: true,
    apply: (scenario, { world }) => {
      const { spiffeId } = scenario;
      const issuer = anchorFor(world, spiffeId);
      const make = (): Uint8Array =>
        world.leaf({ spiffeId, key, issuer, leaf: (plan) => change(plan, spiffeId) });
      return signedBy(scenario, world.once(`${name} ${spiffeId}`, make), world.keys(spiffeId, key));
    },
  };
}

/** The same for bytes that no plan describes. */
function rawLeaf(name: string, code: string, make: (plan: CertificatePlan) => Uint8Array): Defect {
  return {
    name,
    code,
    inChain: true,
    apply: (scenario, { world }) => {
      const { spiffeId } = scenario;
      const keys = world.keys(spiffeId);
      const names = [uri(spiffeId)];
      const plan = leafPlan({ keys, issuer: anchorFor(world, spiffeId), ...leafLife, names });
      return signedBy(
        scenario,
        world.once(`${name} ${spiffeId}`, () => make(plan)),
        keys,
      );
    },
  };
}

export function signedBy(scenario: Scenario, der: Uint8Array, keys: KeyPair): Scenario {
  const now = Math.min(scenario.now, leafLife.notAfter.getTime());
  return { ...withKey(withChain(scenario, [der], keys), keys), accepted: undefined, now };
}

/** The header names the algorithm that the new key would use; a curve that has none is signed as P-256 is. */
function withKey(scenario: Scenario, { type }: KeyPair): Scenario {
  const alg: JwsAlgorithm = type === 'P-384' ? 'ES384' : type.startsWith('RSA') ? 'PS256' : 'ES256';
  return withPlan(scenario, (plan) => ({
    ...plan,
    signWith: alg,
    header: plan.header.map((member) => (member[0] === 'alg' ? (['alg', alg] as const) : member)),
  }));
}

const named =
  (...names: readonly ((spiffeId: string) => Uint8Array)[]): MakeLeaf =>
  (plan, spiffeId) =>
    withExtensions(plan, extend.subjectAltName(names.map((name) => name(spiffeId))));

const body = (plan: CertificatePlan, change: (fields: Uint8Array) => Uint8Array): Uint8Array =>
  certificate(plan, change(tbs(plan)));

/** Replaces bytes in tbsCertificate where the replacement is as long. */
function swapped(bytes: Uint8Array, from: Uint8Array, to: Uint8Array): Uint8Array {
  const at = Buffer.from(bytes).indexOf(Buffer.from(from));
  const copy = Uint8Array.from(bytes);
  copy.set(to, at);
  return copy;
}

/** A key on P-256 that names the curve by its parameters: anybody can choose the generator (CVE-2020-0601). */
function explicitCurve(): KeyPair {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1', paramEncoding: 'explicit' });
  return keysOf(privateKey, 'P-256');
}

const malformed: readonly Defect[] = [
  rawLeaf('bytes after the certificate', 'certificate-malformed', (plan) =>
    Buffer.concat([certificate(plan), Buffer.from([0])]),
  ),
  rawLeaf('bytes that are no certificate', 'certificate-malformed', () => new Uint8Array(200).fill(0x30)),
  rawLeaf('a public key where a certificate is expected', 'certificate-malformed', ({ spki }) => spki),
  rawLeaf('a length in more octets than needed', 'certificate-malformed', (plan) => {
    const fields = tbs(plan);
    const content = fields.subarray(4);
    // SEQUENCE, three octets of length, the first of them zero.
    const long = Buffer.concat([Buffer.from([0x30, 0x83, 0, fields[2]!, fields[3]!]), content]);
    return certificate(plan, long);
  }),
  rawLeaf('another algorithm outside than inside', 'certificate-malformed', (plan) =>
    certificate({ ...plan, outerAlgorithm: 'ecdsa-sha384' }),
  ),
  rawLeaf('version 1', 'certificate-malformed', (plan) => certificate({ ...plan, version: 0 })),
  rawLeaf('a negative serial number', 'certificate-malformed', (plan) =>
    certificate({ ...plan, serial: [0x80] }),
  ),
  rawLeaf('a serial number of 21 octets', 'certificate-malformed', (plan) =>
    certificate({ ...plan, serial: Array.from({ length: 21 }, () => 1) }),
  ),
  rawLeaf('an extension twice', 'certificate-malformed', (plan) =>
    certificate({ ...plan, extensions: [...plan.extensions, extend.keyUsage([usage.digitalSignature])] }),
  ),
  rawLeaf('two subjectAltNames', 'certificate-malformed', (plan) =>
    certificate({
      ...plan,
      extensions: [...plan.extensions, extend.subjectAltName([uri('spiffe://example.org/other')])],
    }),
  ),
  rawLeaf('TRUE as 01', 'certificate-malformed', (plan) =>
    body(plan, (fields) => swapped(fields, w.derTrue, w.bytes(0x01, 0x01, 0x01))),
  ),
  rawLeaf('a critical key identifier', 'certificate-malformed', (plan) =>
    certificate(
      withExtensions(plan, w.extension(extensionOids.subjectKeyId, w.octetString(w.bytes(1)), true)),
    ),
  ),
  rawLeaf('neither a subject nor a critical subjectAltName', 'certificate-malformed', (plan) =>
    certificate({ ...plan, subject: w.commonName(undefined) }),
  ),
  rawLeaf('a date of 31 February', 'certificate-malformed', (plan) =>
    body(plan, (fields) => swapped(fields, w.ascii('260601113000Z'), w.ascii('260231113000Z'))),
  ),
  rawLeaf('more than 64 extensions', 'certificate-malformed', (plan) => {
    const others = Array.from({ length: 64 }, (_, n) =>
      w.extension(`1.3.6.1.4.1.55738.666.${n + 10}`, w.bytes(5, 0)),
    );
    return certificate({ ...plan, extensions: [...plan.extensions, ...others] });
  }),
];

function key(name: string, type: KeyType): Defect {
  return leaf(name, 'key-not-allowed', (plan) => plan, type);
}

const keys: readonly Defect[] = [
  key('a P-521 key', 'P-521'),
  key('an RSA key of 1024 bits', 'RSA-1024'),
  key('an RSA key with exponent 3', 'RSA-2048-e3'),
  {
    name: 'a curve by explicit parameters',
    code: 'key-not-allowed',
    inChain: true,
    apply: (scenario, { world }) => {
      const keys = world.once('explicit curve', explicitCurve);
      const { spiffeId } = scenario;
      const change = (plan: CertificatePlan): CertificatePlan => ({ ...plan, spki: keys.spki });
      const issuer = anchorFor(world, spiffeId);
      const der = world.once(`explicit curve ${spiffeId}`, () =>
        world.leaf({ spiffeId, issuer, leaf: change }),
      );
      return signedBy(scenario, der, keys);
    },
  },
  {
    name: 'a point off the curve',
    code: 'key-not-allowed',
    inChain: true,
    apply: (scenario, { world }) => {
      const { spiffeId } = scenario;
      const keys = world.keys(spiffeId);
      const spki = Uint8Array.from(keys.spki);
      spki[spki.length - 1]! ^= 1;
      const make = (): Uint8Array =>
        world.leaf({ spiffeId, issuer: anchorFor(world, spiffeId), leaf: (plan) => ({ ...plan, spki }) });
      return signedBy(scenario, world.once(`off curve ${spiffeId}`, make), keys);
    },
  },
];

const ids: readonly Defect[] = [
  `spiffe://${trustDomain}`,
  `spiffe://${trustDomain}/`,
  `spiffe://${trustDomain}/spire/agent/x`,
  `spiffe://${trustDomain}/a/../b`,
  `spiffe://${trustDomain}/a//b`,
  `spiffe://${trustDomain}/a%2fb`,
  `spiffe://${trustDomain}:8443/a`,
  `spiffe://user@${trustDomain}/a`,
  `spiffe://${trustDomain}/a?b`,
  `spiffe://${trustDomain}/a#b`,
  `SPIFFE://${trustDomain}/a`,
  `spiffe://Example.org/a`,
  `https://${trustDomain}/a`,
].map((id) =>
  leaf(
    `the ID ${id}`,
    id === `spiffe://${trustDomain}`
      ? 'spiffe-id-no-path'
      : id.includes('/spire/')
        ? 'spiffe-id-reserved'
        : 'spiffe-id-invalid',
    named(() => uri(id)),
  ),
);

export const leafDefects: readonly Defect[] = [
  ...malformed,
  ...keys,
  ...ids,
  leaf(
    'two URI SANs',
    'svid-uri-san',
    named(uri, () => uri(`spiffe://${trustDomain}/other`)),
  ),
  leaf('two equal URI SANs', 'svid-uri-san', named(uri, uri)),
  leaf(
    'no URI SAN',
    'svid-uri-san',
    named(() => dns('workload.internal')),
  ),
  leaf('no SAN', 'svid-uri-san', (plan) => withoutExtension(plan, extensionOids.subjectAltName)),
  leaf(
    'the ID as a DNS name',
    'svid-uri-san',
    named(() => dns('spiffe.example.org')),
  ),
  leaf('a CA as leaf', 'svid-is-ca', (plan) => withExtensions(plan, extend.basicConstraints(true))),
  leaf('keyCertSign', 'svid-key-usage', (plan) =>
    withExtensions(plan, extend.keyUsage([usage.digitalSignature, usage.keyCertSign])),
  ),
  leaf('cRLSign', 'svid-key-usage', (plan) =>
    withExtensions(plan, extend.keyUsage([usage.digitalSignature, usage.crlSign])),
  ),
  leaf('no digitalSignature', 'svid-key-usage', (plan) =>
    withExtensions(plan, extend.keyUsage([usage.keyAgreement])),
  ),
  leaf('keyUsage that is not critical', 'svid-key-usage', (plan) =>
    withExtensions(plan, extend.keyUsage([usage.digitalSignature], false)),
  ),
  leaf('no keyUsage', 'svid-key-usage', (plan) => withoutExtension(plan, extensionOids.keyUsage)),
];

/** A certificate whose signature is another certificate's. */
export function withSignatureOf(plan: CertificatePlan, other: Uint8Array): Uint8Array {
  const signature = signBytes(plan.issuer.keys, plan.algorithm, other);
  return w.sequence(tbs(plan), signatureAlgorithms[plan.algorithm].identifier, w.bitString(signature));
}
