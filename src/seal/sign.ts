import type { Crypto } from '../crypto.ts';
import { FeaturesealError } from '../error.ts';
import { byCodeUnits } from '../feature/canonical-text.ts';
import type { NodeFeature } from '../feature/node-feature.ts';
import { parseFrame, parseJsonObject, type ObjectFrame } from '../feature/parse.ts';
import { payloadBytes, type CoveredKeys } from '../feature/payload.ts';
import { parseSpec } from '../feature/spec.ts';
import { certificatesFrom, type CertificateInput } from '../spiffe/pem.ts';
import { importSigningKey, signSeal, type SigningKeyInput } from '../spiffe/signing-key.ts';
import { parseX509Svid } from '../spiffe/svid.ts';
import { encodeBase64Url } from './base64.ts';
import { maxSealLength, signingInput } from './envelope.ts';
import { parseHeader, sealAnnotation, sealType } from './header.ts';
import { coveredNodeName, isClusterName } from './subject.ts';

export interface SignOptions {
  readonly svid: {
    /** Leaf first; PEM text or DER. */
    readonly chain: CertificateInput;
    /** PKCS#8 PEM or DER, or a CryptoKey of the provider in use. */
    readonly key: SigningKeyInput;
  };
  /** As the verifier's policy names it: one path segment of a SPIFFE ID, at most 63 characters. */
  readonly cluster: string;
  /** Becomes `iat`. */
  readonly now: Date;
  /** Metadata keys to cover; default: all that the object has but the seal's own. */
  readonly covered?: CoveredKeys;
  readonly crypto?: Crypto;
}

/**
 * Seals a NodeFeature; docs/seal.md, "Signing". KEP-1186's SignData.
 *
 * @param nodeFeature an object or its JSON text
 * @returns a copy with the annotation `featureseal.io/signature`
 * @throws FeaturesealError with the code of the rule that the object, the SVID or the key breaks
 */
export async function signNodeFeature(nodeFeature: unknown, options: SignOptions): Promise<NodeFeature> {
  const { svid, cluster, now, crypto = globalThis.crypto } = options;
  checkOptions(cluster, now);
  const value = parseJsonObject(nodeFeature);
  const frame = parseFrame(value);
  const { canonical } = parseSpec(frame.spec);
  const covered = inOrder(options.covered ?? allKeys(frame));

  const chain = certificatesFrom(svid.chain);
  const { leaf } = parseX509Svid(chain);
  const key = await importSigningKey({ crypto, key: svid.key, publicKey: leaf.publicKey });
  const header = JSON.stringify({
    typ: sealType,
    alg: key.algorithm,
    x5c: chain.map((der) => Buffer.from(der).toString('base64')),
    iat: now.getTime(),
    cluster,
    labels: covered.labels,
    annotations: covered.annotations,
  });
  // What a verifier would refuse is refused here: the same parser reads the header back.
  parseHeader(header);
  coveredNodeName(frame);

  const protectedText = encodeBase64Url(Buffer.from(header, 'utf8'));
  const data = signingInput(protectedText, payloadBytes(frame, covered, canonical));
  const seal = `${protectedText}..${encodeBase64Url(await signSeal({ crypto, key, data }))}`;
  if (seal.length > maxSealLength) {
    throw new FeaturesealError({
      code: 'seal-too-large',
      message: 'chain and covered keys make the seal too large',
    });
  }
  return withSeal(value, seal);
}

/** A header that no policy could ever match is refused before it is signed. */
function checkOptions(cluster: string, now: Date): void {
  if (!isClusterName(cluster)) {
    const message = 'the cluster is not one segment of a SPIFFE ID of at most 63 characters';
    throw new FeaturesealError({ code: 'config-invalid', message });
  }
  if (Number.isNaN(now.getTime()))
    throw new FeaturesealError({ code: 'usage', message: 'now is not a time' });
}

function allKeys(frame: ObjectFrame): CoveredKeys {
  return {
    labels: Object.keys(frame.labels),
    annotations: Object.keys(frame.annotations).filter((key) => key !== sealAnnotation),
  };
}

function inOrder({ labels, annotations }: CoveredKeys): CoveredKeys {
  return { labels: [...labels].sort(byCodeUnits), annotations: [...annotations].sort(byCodeUnits) };
}

function withSeal(value: unknown, seal: string): NodeFeature {
  const { metadata, ...rest } = value as NodeFeature;
  const annotations = { ...metadata.annotations, [sealAnnotation]: seal };
  return { ...rest, metadata: { ...metadata, annotations } };
}
