import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import type { Crypto, CryptoKey } from '../../crypto.ts';
import { workloadKeys } from '../key-type.ts';

/** A new key of a workload, and the request for its certificate. */
export interface KeyAndRequest {
  /** Can be exported: the Workload API hands it to the pod, and to nobody else. */
  readonly key: CryptoKey;
  /** PKCS #10 DER, without any name: the authority decides what the ID is. */
  readonly request: Uint8Array;
}

export async function createKeyAndRequest(crypto: Crypto): Promise<KeyAndRequest> {
  const signingAlgorithm = workloadKeys['ec-p256'];
  const keys = await crypto.subtle.generateKey(signingAlgorithm, true, ['sign', 'verify']);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({ keys, signingAlgorithm }, crypto);
  return { key: keys.privateKey, request: new Uint8Array(request.rawData) };
}
