import { fileURLToPath } from 'node:url';
import { loadSync, type AnyDefinition, type ServiceDefinition } from '@grpc/proto-loader';
import { FeaturesealError } from '../../error.ts';

/** Where each service is defined, and under which name. */
const files = {
  'csi.v1.Identity': 'csi.proto',
  'csi.v1.Node': 'csi.proto',
  'pluginregistration.Registration': 'pluginregistration.proto',
  'featureseal.identity.v1.Authority': 'authority.proto',
} as const;

/** The methods of a service in proto/, with their codecs. Absent members are decoded as their defaults. */
export function loadService(name: keyof typeof files): ServiceDefinition {
  // The same relative place in the source tree and in dist.
  const file = fileURLToPath(new URL(`../../../proto/${files[name]}`, import.meta.url));
  const definition = loadSync(file, { keepCase: true, defaults: true, enums: String, longs: Number })[name];
  if (definition !== undefined && isService(definition)) return definition;
  throw new FeaturesealError({ code: 'internal', message: `${file} does not define ${name}` });
}

/** Only messages and enumerations have a `format`. */
function isService(definition: AnyDefinition): definition is ServiceDefinition {
  return !('format' in definition);
}
