import type { Crypto } from '../../crypto.ts';
import { DerReader, tag } from '../der.ts';
import { parseSpiffeId } from '../spiffe-id.ts';
import { importSigningKey } from '../signing-key.ts';
import { parseX509Svid } from '../svid.ts';
import type { X509Bundles, X509Svid } from '../types.ts';
import { decodeBundlesResponse, decodeSvidResponse, malformed, type SvidMessage } from './messages.ts';

/** All that one message of FetchX509SVID says. */
export interface X509Context {
  /** The default identity first. */
  readonly svids: readonly X509Svid[];
  /** Of the SVIDs' own trust domains and of the federated ones. */
  readonly bundles: X509Bundles;
}

export interface KeyHandling {
  readonly crypto: Crypto;
  /** Keys that can leave this process again; only for handing them to one that does not speak the Workload API. */
  readonly extractableKeys: boolean;
}

const maxChain = 8;
const maxAuthorities = 256;

/**
 * Reads a message of FetchX509SVID (SPIFFE Workload API section 5.2.1). It is taken whole or not at all:
 * one fault in it, and the caller keeps what it had.
 */
export async function parseX509Context(message: Buffer, keys: KeyHandling): Promise<X509Context> {
  const response = decodeSvidResponse(message);
  const svids = await Promise.all(response.svids.map((svid) => parseSvid(svid, keys)));
  const bundles = parseBundles(response.federated_bundles);
  for (const { spiffeId, bundle } of svids) addBundle(bundles, parseSpiffeId(spiffeId).trustDomain, bundle);
  return { svids: firstOfEachHint(svids), bundles };
}

/** Reads a message of FetchX509Bundles (section 5.2.2). */
export function parseX509Bundles(message: Buffer): X509Bundles {
  return parseBundles(decodeBundlesResponse(message).bundles);
}

async function parseSvid(message: SvidMessage, { crypto, extractableKeys }: KeyHandling): Promise<X509Svid> {
  const chain = certificatesIn(message.x509_svid, maxChain);
  const { leaf, spiffeId } = parseX509Svid(chain);
  // Configuration picks by the name; a name that the leaf does not prove would pick wrongly.
  if (message.spiffe_id !== spiffeId) throw malformed('spiffe_id differs from the ID in the leaf');
  const bundle = certificatesIn(message.bundle, maxAuthorities);
  const pkcs8 = Uint8Array.from(message.x509_svid_key);
  message.x509_svid_key.fill(0);
  try {
    const { key } = await importSigningKey({
      crypto,
      key: pkcs8,
      publicKey: leaf.publicKey,
      extractable: extractableKeys,
    });
    const { notBefore, notAfter } = leaf;
    return { spiffeId, chain, key, notBefore, notAfter, hint: message.hint, bundle };
  } finally {
    // The CryptoKey is the only copy from here on.
    pkcs8.fill(0);
  }
}

function parseBundles(
  byTrustDomain: Readonly<Record<string, Uint8Array>>,
): Map<string, readonly Uint8Array[]> {
  const bundles = new Map<string, readonly Uint8Array[]>();
  for (const [key, bundle] of Object.entries(byTrustDomain)) {
    addBundle(bundles, trustDomainName(key), certificatesIn(bundle, maxAuthorities));
  }
  return bundles;
}

/** Splits DER certificates that stand one after the other (section 5.1); every byte must belong to one of them. */
function certificatesIn(concatenated: Uint8Array, limit: number): readonly Uint8Array[] {
  const reader = new DerReader(concatenated);
  const certificates: Uint8Array[] = [];
  while (!reader.isEmpty) {
    if (certificates.length === limit) throw malformed(`more than ${limit} certificates in one field`);
    // A copy: the message that this is a view of holds a private key as well.
    certificates.push(Uint8Array.from(reader.element(tag.sequence, 'certificate').raw));
  }
  return certificates;
}

/** An empty bundle is an entry without roots: that trust domain is known and trusted for nothing. */
function addBundle(
  bundles: Map<string, readonly Uint8Array[]>,
  trustDomain: string,
  bundle: readonly Uint8Array[],
): void {
  const known = bundles.get(trustDomain);
  // Two answers to "whom does this trust domain trust" leave the choice to whoever added the second.
  if (known !== undefined && Buffer.compare(Buffer.concat(known), Buffer.concat(bundle)) !== 0) {
    throw malformed(`two different bundles for ${trustDomain}`);
  }
  bundles.set(trustDomain, bundle);
}

/** The standard keys bundles by the trust domain's SPIFFE ID; some servers send the bare name. */
function trustDomainName(key: string): string {
  const { trustDomain, path } = parseSpiffeId(key.startsWith('spiffe://') ? key : `spiffe://${key}`);
  if (path !== '') throw malformed('a bundle is keyed by an ID with a path, which is no trust domain');
  return trustDomain;
}

/** Section 5.2.1: where several SVIDs have one hint, the first is meant. */
function firstOfEachHint(svids: readonly X509Svid[]): readonly X509Svid[] {
  return svids.filter(
    ({ hint }, index) => hint === '' || svids.findIndex((svid) => svid.hint === hint) === index,
  );
}
