import type { Crypto } from '../crypto.ts';
import { FeaturesealError } from '../error.ts';
import { rootsOf, type Bundles } from '../spiffe/bundle.ts';
import type { Certificate } from '../spiffe/certificate.ts';
import { findPath, type CertificatePath } from '../spiffe/path.ts';
import { verifySealSignature } from '../spiffe/signature.ts';
import { parseX509Svid, type ParsedSvid } from '../spiffe/svid.ts';
import { encodeBase64Url } from './base64.ts';
import { BoundedMap } from './bounded-map.ts';
import { sha256 } from './digest.ts';
import { signingInput, type Envelope } from './envelope.ts';
import type { SealHeader } from './header.ts';

const remembered = 4096;
/** Longer chains are judged each time: remembering them would let whoever pads one fill the memory. */
const longestRemembered = 8 * 1024;
/** Names and constraints of a chain, for the same reason: parsed, they take more than ten times their text. */
const mostNamesRemembered = 64;

interface KnownBundles {
  readonly bundles: Bundles;
  readonly roots: Map<string, readonly Certificate[]>;
  readonly paths: BoundedMap<CertificatePath>;
}

/**
 * Steps 3 to 5, remembering what was proven: a leaf is parsed once, a path holds until its first date or until the
 * bundles change, a signature over the same bytes holds for ever. Only successes are remembered, under keys that hold
 * every byte that went into them, so nobody can plant a verdict (threat E7). Freshness and policy are never remembered.
 *
 * Bundles are compared by identity: pass a new Map when they change, as X509BundleSource does.
 */
export class SealTrust {
  readonly #crypto: Crypto;
  readonly #leaves = new BoundedMap<ParsedSvid>(remembered);
  /** By signature, what it was proven to be over. */
  readonly #signatures = new BoundedMap<string>(remembered);
  #known: KnownBundles | undefined;

  constructor(crypto: Crypto = globalThis.crypto) {
    this.#crypto = crypto;
  }

  /** Step 3. @throws FeaturesealError with a code of step 3 */
  leafOf(header: SealHeader): ParsedSvid {
    const known = this.#leaves.get(header.chainText);
    if (known !== undefined) return known;
    const svid = parseX509Svid(header.chain);
    if (isSmall(header, svid)) this.#leaves.set(header.chainText, svid);
    return svid;
  }

  /** Step 4 without iat. @throws FeaturesealError with a code of step 4 */
  async pathOf(header: SealHeader, svid: ParsedSvid, bundles: Bundles, now: Date): Promise<CertificatePath> {
    const known = this.#knownFor(bundles);
    const path = known.paths.get(header.chainText);
    // The clock may have moved either way since: another path may be the right one now, or none.
    if (path?.certificates.every((each) => each.notBefore <= now && now <= each.notAfter) === true)
      return path;
    const roots = this.#rootsOf(known, svid.trustDomain);
    const { leaf, pool, trustDomain } = svid;
    const found = await findPath({ leaf, pool, roots, trustDomain, now, crypto: this.#crypto });
    if (isSmall(header, svid)) known.paths.set(header.chainText, found);
    return found;
  }

  /** Asks step 4 again for a leaf that had a path. @returns until when it has one (ms since the epoch), or undefined */
  async hasPath(svid: ParsedSvid, bundles: Bundles, now: Date): Promise<number | undefined> {
    const { leaf, pool, trustDomain } = svid;
    try {
      const roots = this.#rootsOf(this.#knownFor(bundles), trustDomain);
      const path = await findPath({ leaf, pool, roots, trustDomain, now, crypto: this.#crypto });
      return path.notAfter.getTime();
    } catch (thrown) {
      if (thrown instanceof FeaturesealError) return undefined;
      throw thrown;
    }
  }

  /**
   * Step 5: the leaf's key signed exactly these bytes. `digest` is that of the payload.
   *
   * @throws FeaturesealError signature-invalid
   */
  async proveSignature(
    envelope: Envelope,
    svid: ParsedSvid,
    payload: Uint8Array<ArrayBuffer>,
    digest: Promise<string>,
  ): Promise<void> {
    const { signature, header } = envelope;
    const text = encodeBase64Url(signature);
    const content = this.#contentOf(envelope, digest);
    const known = this.#signatures.get(text);
    // Only for a signature that held before, over whatever it was, is the content worth waiting for.
    if (known !== undefined && known === (await content)) return;
    // The signatures of a new chain go first: each leads on to the next, this one to nothing.
    if (this.#known?.paths.get(header.chainText) === undefined) await digest;
    const proof = {
      crypto: this.#crypto,
      key: svid.leaf.publicKey,
      algorithm: header.algorithm,
      signature,
      data: signingInput(envelope.protected, payload),
    };
    const [holds, proven] = await Promise.all([verifySealSignature(proof), content]);
    if (!holds) {
      throw new FeaturesealError({
        code: 'signature-invalid',
        message: 'the signature does not match the payload',
      });
    }
    this.#signatures.set(text, proven);
  }

  /** One digest for all that was signed, header and payload: a header may be long, and many are remembered. */
  async #contentOf(envelope: Envelope, digest: Promise<string>): Promise<string> {
    return sha256(this.#crypto, Buffer.from(`${envelope.protected}.${await digest}`, 'latin1'));
  }

  #knownFor(bundles: Bundles): KnownBundles {
    if (this.#known?.bundles === bundles) return this.#known;
    this.#known = { bundles, roots: new Map(), paths: new BoundedMap(remembered) };
    return this.#known;
  }

  /** The bundle of the leaf's own trust domain, never a pool of all: a federated CA must not mint our IDs (threat C4). */
  #rootsOf(known: KnownBundles, trustDomain: string): readonly Certificate[] {
    const parsed = known.roots.get(trustDomain) ?? rootsOf(known.bundles, trustDomain);
    known.roots.set(trustDomain, parsed);
    return parsed;
  }
}

function isSmall({ chainText }: SealHeader, { leaf, pool }: ParsedSvid): boolean {
  const names = [leaf, ...pool].map(({ extensions: { names: own, nameConstraints } }) => {
    const { permitted = [], excluded = [] } = nameConstraints ?? {};
    return own.length + permitted.length + excluded.length;
  });
  const sum = names.reduce((total, count) => total + count, 0);
  return chainText.length <= longestRemembered && sum <= mostNamesRemembered;
}
