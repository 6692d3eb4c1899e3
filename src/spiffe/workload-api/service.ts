import { fileURLToPath } from 'node:url';
import { Metadata } from '@grpc/grpc-js';
import { loadSync, type MethodDefinition } from '@grpc/proto-loader';
import { FeaturesealError } from '../../error.ts';

/** The calls of proto/workload.proto, with their codecs. */
export interface WorkloadApiService {
  readonly fetchX509Svid: MethodDefinition<object, object>;
  readonly fetchX509Bundles: MethodDefinition<object, object>;
}

let loaded: WorkloadApiService | undefined;

/** Reads proto/workload.proto, once and at first use: whoever never talks to a socket never needs it. */
export function workloadApiService(): WorkloadApiService {
  loaded ??= load();
  return loaded;
}

function load(): WorkloadApiService {
  // The same relative place in the source tree and in dist.
  const file = fileURLToPath(new URL('../../../proto/workload.proto', import.meta.url));
  const service = loadSync(file, { keepCase: true, defaults: true })['SpiffeWorkloadAPI'];
  const methods = new Map(Object.entries(service ?? {}));
  const fetchX509Svid = methods.get('FetchX509SVID');
  const fetchX509Bundles = methods.get('FetchX509Bundles');
  if (fetchX509Svid === undefined || fetchX509Bundles === undefined) {
    throw new FeaturesealError({ code: 'internal', message: `${file} does not define the Workload API` });
  }
  return { fetchX509Svid, fetchX509Bundles };
}

/** SPIFFE Workload Endpoint section 3: in every request, against request forgery through this process. */
export const securityHeaderName = 'workload.spiffe.io';

export function securityHeader(): Metadata {
  const metadata = new Metadata();
  metadata.set(securityHeaderName, 'true');
  return metadata;
}

/** Every request of the X.509 profile is an empty message. */
export function emptyRequest(): Buffer {
  return Buffer.alloc(0);
}
