import { fileURLToPath } from 'node:url';
import { Metadata } from '@grpc/grpc-js';
import {
  loadSync,
  type AnyDefinition,
  type MethodDefinition,
  type ServiceDefinition,
} from '@grpc/proto-loader';
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
  const definition = loadSync(file, { keepCase: true, defaults: true })['SpiffeWorkloadAPI'];
  const methods = definition !== undefined && isService(definition) ? definition : {};
  const { FetchX509SVID: fetchX509Svid, FetchX509Bundles: fetchX509Bundles } = methods;
  if (fetchX509Svid === undefined || fetchX509Bundles === undefined) {
    throw new FeaturesealError({ code: 'internal', message: `${file} does not define the Workload API` });
  }
  return { fetchX509Svid, fetchX509Bundles };
}

/** Only messages and enumerations have a `format`. */
function isService(definition: AnyDefinition): definition is ServiceDefinition {
  return !('format' in definition);
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
