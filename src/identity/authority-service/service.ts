import type { Metadata } from '@grpc/grpc-js';
import { z } from 'zod';
import { FeaturesealError } from '../../error.ts';
import { attest, type AttestationPolicy, type AttestedPod } from '../attestation/attest.ts';
import { podReference, tokenText } from '../attestation/names.ts';
import type { Authority } from '../authority.ts';
import { loadService } from '../grpc/proto.ts';
import type { ServedService } from '../grpc/server.ts';
import { unary, type UnaryOptions } from '../grpc/unary.ts';

export interface AuthorityServiceOptions extends Omit<UnaryOptions, 'speaker' | 'timeLimitMs'> {
  readonly authority: Authority;
  readonly policy: AttestationPolicy;
  readonly svidTtlMs: number;
}

const requestShape = z.object({
  ...podReference,
  cluster: z.string().min(1, 'is required').max(63),
  pod_token: tokenText,
  certificate_request: z.instanceof(Uint8Array).refine((der) => der.length > 0, 'is required'),
});
type IssueRequest = z.infer<typeof requestShape>;

/** Two TokenReviews and a signature, in a cluster that has much else to do. */
const timeLimitMs = 25_000;

/** proto/authority.proto: an identity for who is attested, nothing for anybody else. */
export function authorityService(options: AuthorityServiceOptions): ServedService {
  const { authority, policy, svidTtlMs, log } = options;
  const issue = async (request: IssueRequest, metadata: Metadata, signal: AbortSignal): Promise<object> => {
    const attested = await attest(toAttest(request, metadata), policy, signal);
    const { spiffeId, pod } = attested;
    const chain = await sign(request.certificate_request, attested, authority, svidTtlMs);
    log.info('an SVID was issued', { spiffeId, pod: `${pod.namespace}/${pod.podName}`, node: pod.nodeName });
    return { chain };
  };
  const method = unary<IssueRequest>(
    {
      shape: requestShape,
      code: 'attestation-request',
      answer: (request, { metadata, signal }) => issue(request, metadata, signal),
    },
    { ...options, speaker: 'featureseal identity authority', timeLimitMs },
  );
  return {
    definition: loadService('featureseal.identity.v1.Authority'),
    handlers: { IssueX509Svid: method },
  };
}

/** Takes an attested pod and nothing else: no way leads to a signature around {@link attest}. */
async function sign(
  request: Uint8Array,
  { spiffeId }: AttestedPod,
  authority: Authority,
  ttlMs: number,
): Promise<readonly Buffer[]> {
  const chain = await authority.signRequest(request, { spiffeId, ttlMs });
  return chain.map((der) => Buffer.from(der));
}

function toAttest(request: IssueRequest, metadata: Metadata) {
  return {
    cluster: request.cluster,
    namespace: request.namespace,
    serviceAccount: request.service_account,
    podName: request.pod_name,
    podUid: request.pod_uid,
    podToken: request.pod_token,
    pluginToken: bearerToken(metadata),
  };
}

/** RFC 6750 section 2.1. */
function bearerToken(metadata: Metadata): string {
  const values = metadata.get('authorization');
  const [scheme, text, ...rest] = typeof values[0] === 'string' ? values[0].split(' ') : [];
  const token = tokenText.safeParse(text);
  if (values.length === 1 && scheme === 'Bearer' && token.success && rest.length === 0) return token.data;
  const message = 'the caller gives no service account token of its own';
  throw new FeaturesealError({ code: 'attestation-plugin', message });
}
