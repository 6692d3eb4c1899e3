import { z } from 'zod';
import { FeaturesealError } from '../../error.ts';
import { workloadApiService } from './service.ts';

/** Far above what a workload has, far below what would hurt. */
const maxSvids = 64;
const maxTrustDomains = 1024;
const maxHintBytes = 1024;

const bytes = z.instanceof(Uint8Array);
/** Workload API section 4.5: a mandatory field that has its default value makes the message invalid. */
const mandatoryBytes = bytes.refine((value) => value.length > 0, 'must not be empty');

const bundleMap = z
  .record(z.string(), bytes)
  .refine(
    (value) => Object.keys(value).length <= maxTrustDomains,
    `more than ${maxTrustDomains} trust domains`,
  );

const svidMessage = z.object({
  spiffe_id: z.string().min(1),
  x509_svid: mandatoryBytes,
  x509_svid_key: mandatoryBytes,
  bundle: mandatoryBytes,
  hint: z
    .string()
    .refine((hint) => Buffer.byteLength(hint) <= maxHintBytes, `longer than ${maxHintBytes} bytes`),
});

const svidResponse = z.object({
  svids: z.array(svidMessage).min(1).max(maxSvids),
  federated_bundles: bundleMap,
});

// Its `bundles` are mandatory too, but an empty map must not leave roots in use: it is read as the redaction of all.
const bundlesResponse = z.object({ bundles: bundleMap });

export type SvidMessage = z.infer<typeof svidMessage>;
export type SvidResponse = z.infer<typeof svidResponse>;
export type BundlesResponse = z.infer<typeof bundlesResponse>;

/** Workload API section 5.2.1, shape only: mandatory fields are there, sizes and counts are bounded. */
export function decodeSvidResponse(message: Buffer): SvidResponse {
  return shaped(svidResponse, message, workloadApiService().fetchX509Svid.responseDeserialize);
}

/** Workload API section 5.2.2, shape only. */
export function decodeBundlesResponse(message: Buffer): BundlesResponse {
  return shaped(bundlesResponse, message, workloadApiService().fetchX509Bundles.responseDeserialize);
}

function shaped<T>(shape: z.ZodType<T>, message: Buffer, decode: (bytes: Buffer) => object): T {
  let decoded: object;
  try {
    decoded = decode(message);
  } catch (cause) {
    throw malformed('not the protobuf message that was expected', cause);
  }
  const result = shape.safeParse(decoded);
  if (result.success) return result.data;
  // Only paths and rules are told, never values: one of the fields is a private key.
  const faults = result.error.issues.map(({ path, message: fault }) => `${path.join('.')}: ${fault}`);
  throw malformed(faults.slice(0, 5).join('; '));
}

export function malformed(fault: string, cause?: unknown): FeaturesealError {
  return new FeaturesealError({
    code: 'workload-api-malformed',
    message: `a message of the Workload API is discarded: ${fault}`,
    ...(cause === undefined ? {} : { cause }),
  });
}
