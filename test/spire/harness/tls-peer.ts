import { once } from 'node:events';
import { connect } from 'node:tls';
import type { Place } from './server-configuration.ts';

/** DER of the certificate that a SPIRE server shows to whoever connects. */
export async function serverCertificate({ host, port }: Place): Promise<Uint8Array> {
  // Nothing is believed here: the certificate is what a test then judges.
  const socket = connect({ host, port, rejectUnauthorized: false, ALPNProtocols: ['h2'] });
  await once(socket, 'secureConnect');
  const der = socket.getPeerX509Certificate()?.raw ?? new Uint8Array();
  socket.destroy();
  return der;
}
