import { FeaturesealError } from '../error.ts';
import { ownMember } from '../feature/guard.ts';
import type { ObjectFrame } from '../feature/parse.ts';
import { decodeBase64, encodeBase64Url } from './base64.ts';
import { parseHeader, sealAnnotation, type SealHeader } from './header.ts';

/** Longest seal, in characters: 64 KiB of ASCII. */
export const maxSealLength = 64 * 1024;

/** A seal taken apart, not verified. */
export interface Envelope {
  readonly header: SealHeader;
  /** BASE64URL text of the protected header, as signed. */
  readonly protected: string;
  readonly signature: Uint8Array<ArrayBuffer>;
}

/**
 * The seal of an object: a JWS in compact form with detached payload (RFC 7515 section 5.1 and appendix F).
 *
 * @throws FeaturesealError with a code of step 2
 */
export function readEnvelope(frame: ObjectFrame): Envelope {
  const seal = ownMember(frame.annotations, sealAnnotation);
  if (seal === undefined || seal === '') {
    throw new FeaturesealError({
      code: 'seal-missing',
      message: `the object has no annotation ${sealAnnotation}`,
    });
  }
  if (typeof seal !== 'string') throw malformed('the seal is not a string');
  if (seal.length > maxSealLength) {
    const message = `the seal has ${String(seal.length)} characters, at most ${String(maxSealLength)} are read`;
    throw new FeaturesealError({ code: 'seal-too-large', message });
  }
  const [protectedText = '', payload, signatureText = '', ...rest] = seal.split('.');
  if (payload !== '' || rest.length > 0) throw malformed('the seal is not header..signature');
  const headerBytes = decodeBase64(protectedText, 'base64url');
  const signature = decodeBase64(signatureText, 'base64url');
  if (headerBytes === undefined || signature === undefined)
    throw malformed('the seal holds text that is not base64url');
  if (signature.length === 0) throw malformed('the seal has no signature');
  return { header: parseHeader(decodeUtf8(headerBytes)), protected: protectedText, signature };
}

/** What is signed: `BASE64URL(header) . BASE64URL(payload)` (RFC 7515 section 5.1, step 8), as bytes. */
export function signingInput(protectedText: string, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const payloadText = encodeBase64Url(payload);
  const input = Buffer.allocUnsafe(protectedText.length + 1 + payloadText.length);
  // Written in two, because putting the texts together first would copy them once more.
  const written = input.write(`${protectedText}.`, 'latin1');
  input.write(payloadText, written, 'latin1');
  return input;
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw malformed('the header is not UTF-8');
  }
}

function malformed(message: string): FeaturesealError {
  return new FeaturesealError({ code: 'seal-malformed', message });
}
