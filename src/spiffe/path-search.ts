import type { Crypto } from '../crypto.ts';
import { FeaturesealError } from '../error.ts';
import type { Certificate } from './certificate.ts';
import { verifyCertificateSignature } from './certificate-signature.ts';
import { isWithin } from './name-matching.ts';
import { type Fault, issuerFault } from './path-rules.ts';

/** Signature checks for one leaf, whatever lattice the chain spans: one of 5 by 8 certificates has 390,625 paths. */
const mostSignatureChecks = 16;
/** Names times constraints for one leaf. */
const mostNameComparisons = 250_000;

const isSame = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

/** What a search goes by. `roots` alone are anchors. */
export interface SearchOptions {
  readonly pool: readonly Certificate[];
  readonly roots: readonly Certificate[];
  readonly trustDomain?: string;
  readonly now: Date;
  readonly crypto: Crypto;
}

/** One search for a path, depth first. It ends: every edge costs a signature check, and those are few. */
export class PathSearch {
  readonly #options: SearchOptions;
  readonly #issuers: readonly Certificate[];
  readonly #verdicts = new Map<Certificate, Map<Certificate, boolean>>();
  #signatureChecks = 0;
  #nameComparisons = 0;
  #furthest: { readonly depth: number; readonly fault: Fault } | undefined;

  constructor(options: SearchOptions) {
    this.#options = options;
    // Anchors first, so that a copy of an anchor in the chain is never taken for an intermediate.
    this.#issuers = withoutCopies([...options.roots, ...options.pool]);
  }

  /** The fault of the path that got furthest; of equally long ones, the first that was tried. */
  get fault(): Fault {
    return (
      this.#furthest?.fault ?? {
        code: 'path-not-found',
        message: 'nothing leads from the leaf to a root of the bundle',
      }
    );
  }

  /** The path from the leaf to an anchor that begins with `path`, or undefined. */
  async extend(path: readonly Certificate[]): Promise<readonly Certificate[] | undefined> {
    const candidates = this.#candidates(path);
    if (candidates.length === 0) {
      this.#note(path, {
        code: 'path-not-found',
        message: 'a certificate of the path has no issuer in chain and bundle',
      });
    }
    for (const issuer of candidates) {
      const fault = await this.#fault(path, issuer);
      if (fault !== undefined) {
        this.#note(path, fault);
        continue;
      }
      const longer = [...path, issuer];
      const found = this.#options.roots.includes(issuer) ? longer : await this.extend(longer);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #note(path: readonly Certificate[], fault: Fault): void {
    if (path.length > (this.#furthest?.depth ?? 0)) this.#furthest = { depth: path.length, fault };
  }

  /** Who could have issued the last certificate: by name, and nobody twice in a path (RFC 5280 section 6.1). */
  #candidates(path: readonly Certificate[]): readonly Certificate[] {
    const child = path.at(-1);
    if (child === undefined) return [];
    return this.#issuers
      .filter(({ subject }) => isSame(subject.raw, child.issuer.raw))
      .filter((issuer) => !path.some((certificate) => isSameAuthority(certificate, issuer)))
      .sort((a, b) => keyIdRank(child, a) - keyIdRank(child, b));
  }

  /** All rules on one more issuer, the cheap ones first: what fails them costs no signature check. */
  async #fault(path: readonly Certificate[], issuer: Certificate): Promise<Fault | undefined> {
    const { now, trustDomain } = this.#options;
    const child = path.at(-1);
    if (child?.scheme === undefined) {
      return {
        code: 'certificate-algorithm',
        message: 'a certificate is not signed with SHA-2 by ECDSA or RSA',
      };
    }
    return (
      issuerFault(issuer, { now, trustDomain, intermediates: path.length - 1 }) ??
      ((await this.#isSignedBy(child, issuer)) ? this.#namesFault(path, issuer) : wrongSignature)
    );
  }

  /** C9: names and key identifiers are copied easily; only the signature tells who issued. */
  async #isSignedBy(child: Certificate, issuer: Certificate): Promise<boolean> {
    const verdicts = this.#verdicts.get(child) ?? new Map<Certificate, boolean>();
    this.#verdicts.set(child, verdicts);
    const known = verdicts.get(issuer);
    if (known !== undefined) return known;

    const { scheme, signature, signed: data } = child;
    if (scheme === undefined) return false;
    this.#signatureChecks += 1;
    if (this.#signatureChecks > mostSignatureChecks) {
      throw new FeaturesealError({
        code: 'path-too-much-work',
        message: `no path to a root after ${mostSignatureChecks} signature checks`,
      });
    }
    const { crypto } = this.#options;
    const verdict = await verifyCertificateSignature({
      crypto,
      key: issuer.publicKey,
      scheme,
      signature,
      data,
    });
    verdicts.set(issuer, verdict);
    return verdict;
  }

  /** RFC 5280 section 4.2.1.10: an issuer's constraints hold for every name below it, self-issued certificates included. */
  #namesFault(
    path: readonly Certificate[],
    { extensions: { nameConstraints } }: Certificate,
  ): Fault | undefined {
    if (nameConstraints === undefined) return undefined;
    const names = path.flatMap(({ extensions }) => extensions.names);
    this.#nameComparisons +=
      names.length * (nameConstraints.permitted.length + nameConstraints.excluded.length);
    const isFeasible = this.#nameComparisons <= mostNameComparisons;
    if (isFeasible && isWithin(names, nameConstraints)) return undefined;
    const why = isFeasible ? 'a name is outside of, or of a form not enforced' : 'too many names to compare';
    return { code: 'name-constraints', message: `name constraints of an issuer: ${why}` };
  }
}

const wrongSignature: Fault = {
  code: 'certificate-signature',
  message: 'a certificate is not signed by the issuer that it names',
};

function withoutCopies(certificates: readonly Certificate[]): readonly Certificate[] {
  const byBytes = new Map<string, Certificate>();
  for (const certificate of certificates) {
    const bytes = Buffer.from(certificate.der).toString('latin1');
    if (!byBytes.has(bytes)) byBytes.set(bytes, certificate);
  }
  return [...byBytes.values()];
}

/** The same name and key: following it again is going in a circle. */
function isSameAuthority(a: Certificate, b: Certificate): boolean {
  return isSame(a.subject.raw, b.subject.raw) && isSame(a.publicKey.spki, b.publicKey.spki);
}

/** Key identifiers are hints (RFC 5280 section 4.2.1.1): they order the candidates and exclude none. */
function keyIdRank(
  { extensions: { authorityKeyId } }: Certificate,
  { extensions: { subjectKeyId } }: Certificate,
): number {
  if (authorityKeyId === undefined || subjectKeyId === undefined) return 1;
  return isSame(authorityKeyId, subjectKeyId) ? 0 : 2;
}
