import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';

export interface RawCall {
  readonly address: string;
  /** Full gRPC path. */
  readonly method: string;
  /** Values of the security header. */
  readonly header?: readonly string[];
}

/** How a server answers a call without any of our client's care: with a message, or with this status. */
export function rawAnswer({ address, method, header = ['true'] }: RawCall): Promise<object> {
  const metadata = new Metadata();
  for (const value of header) metadata.add('workload.spiffe.io', value);
  const client = new Client(address, credentials.createInsecure());
  const empty = (): Buffer => Buffer.alloc(0);
  const call = client.makeServerStreamRequest(method, empty, empty, {}, metadata);
  return new Promise<object>((resolve) => {
    call.once('data', () => resolve({ message: true }));
    call.on('error', ({ code, details }: ServiceError) => resolve({ code, details }));
  }).finally(() => {
    call.cancel();
    client.close();
  });
}
