import { status } from '@grpc/grpc-js';
import type { ReasonCode } from '../../error-codes.ts';

/** What a caller is told beside the code itself: whether to mend the request, to ask again later, or to give up. */
const statuses: Readonly<Partial<Record<ReasonCode, status>>> = {
  'attestation-request': status.INVALID_ARGUMENT,
  'volume-invalid': status.INVALID_ARGUMENT,
  'csr-invalid': status.INVALID_ARGUMENT,
  'key-not-allowed': status.INVALID_ARGUMENT,
  'attestation-plugin': status.UNAUTHENTICATED,
  'attestation-cluster': status.PERMISSION_DENIED,
  'attestation-service-account': status.PERMISSION_DENIED,
  'attestation-token': status.PERMISSION_DENIED,
  'attestation-pod': status.PERMISSION_DENIED,
  'attestation-node': status.PERMISSION_DENIED,
  'already-exists': status.ALREADY_EXISTS,
  'authority-unavailable': status.UNAVAILABLE,
  // The API server refuses the authority, not the pod: nobody loses an identity over it.
  'store-refused': status.UNAVAILABLE,
  'store-unavailable': status.UNAVAILABLE,
  aborted: status.CANCELLED,
};

/** The gRPC status of a failure. */
export function statusOf(code: ReasonCode): status {
  return statuses[code] ?? status.INTERNAL;
}
