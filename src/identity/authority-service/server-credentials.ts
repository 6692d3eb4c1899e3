import { ServerCredentials } from '@grpc/grpc-js';
import type { Crypto } from '../../crypto.ts';
import type { X509Svid } from '../../spiffe/types.ts';
import { pemBlocks } from '../../spiffe/pem.ts';

/** TLS with an X.509-SVID that changes while the server runs; TLS 1.3 alone, both ends are ours. */
export class SvidServerCredentials extends ServerCredentials {
  constructor() {
    super({ minVersion: 'TLSv1.3' });
  }

  /** Handshakes from now on show this one; connections that stand go on. */
  async use({ chain, key }: X509Svid, crypto: Crypto): Promise<void> {
    const pkcs8 = new Uint8Array(await crypto.subtle.exportKey('pkcs8', key));
    this.updateSecureContextOptions({
      cert: pemBlocks('CERTIFICATE', chain),
      key: pemBlocks('PRIVATE KEY', [pkcs8]),
    });
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}
