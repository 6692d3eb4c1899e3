import { z } from 'zod';
import { FeaturesealError } from '../../error.ts';
import type { ReasonCode } from '../../error-codes.ts';
import type { ApiClient } from '../../kube/api-client.ts';
import { escapeControls } from '../../runtime/escape.ts';
import { namespaceName, objectName, objectUid } from './names.ts';

/** What a pod-bound service account token says, as the API server read it. */
export interface PodToken {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly podName: string;
  readonly podUid: string;
  readonly nodeName: string;
  readonly nodeUid: string;
}

export interface TokenReviewerOptions {
  readonly api: ApiClient;
  /** The one audience that tokens must be made for. */
  readonly audience: string;
}

const path = '/apis/authentication.k8s.io/v1/tokenreviews';
const timeoutMs = 10_000;

/** The part of a TokenReview that counts; proto3 and JSON leave out what is empty, and nothing empty is ever enough. */
const reviewShape = z.object({
  status: z.object({
    authenticated: z.boolean().default(false),
    error: z.string().default(''),
    audiences: z.array(z.string()).default([]),
    user: z
      .object({ username: z.string(), extra: z.record(z.string(), z.array(z.string())).default({}) })
      .optional(),
  }),
});
type Review = z.infer<typeof reviewShape>['status'];

/** Asks the API server what tokens are (authentication.k8s.io/v1 TokenReview): it alone knows whether the pod still is. */
export class TokenReviewer {
  readonly #options: TokenReviewerOptions;

  constructor(options: TokenReviewerOptions) {
    this.#options = options;
  }

  /** @throws FeaturesealError attestation-token, attestation-pod, attestation-node; store-* where the API server fails */
  async review(token: string, signal: AbortSignal): Promise<PodToken> {
    const { api, audience } = this.#options;
    const body = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      spec: { token, audiences: [audience] },
    };
    const { json } = await api.request({ method: 'POST', path, body, signal, timeoutMs });
    const parsed = reviewShape.safeParse(json);
    if (!parsed.success) throw refuse('attestation-token', 'the API server answered no TokenReview');
    checkAccepted(parsed.data.status, audience);
    checkSoleAudience(token, audience);
    return podTokenOf(parsed.data.status);
  }
}

function checkAccepted({ authenticated, error, audiences }: Review, audience: string): void {
  if (!authenticated || error !== '') {
    const why = error === '' ? '' : `: ${escapeControls(error.slice(0, 200))}`;
    throw refuse(
      'attestation-token',
      `the API server does not accept the token for audience ${audience}${why}`,
    );
  }
  // An authenticator that knows nothing of audiences answers none: then the token may be for anybody.
  if (audiences.length !== 1 || audiences[0] !== audience) {
    throw refuse('attestation-token', `the token is not confirmed for audience ${audience} and no other`);
  }
}

/**
 * The API server confirms the audiences that it was asked for. That the token is good nowhere else, so that nobody else who
 * takes tokens can hand one on, its claims tell, which are believed now (RFC 7519 section 4.1.3).
 */
function checkSoleAudience(token: string, audience: string): void {
  const audiences = audiencesOf(token);
  if (audiences?.length === 1 && audiences[0] === audience) return;
  throw refuse('attestation-token', `the token is not made for audience ${audience} alone`);
}

const claimsShape = z.object({ aud: z.union([z.array(z.string()), z.string().transform((one) => [one])]) });

function audiencesOf(token: string): readonly string[] | undefined {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    return claimsShape.safeParse(claims).data?.aud;
  } catch {
    return undefined;
  }
}

/** Claims that kubelet's TokenRequest bound to the token; node claims exist since Kubernetes 1.30. */
function podTokenOf({ user }: Review): PodToken {
  const [system, kind, namespace, serviceAccount, ...rest] = user?.username.split(':') ?? [];
  if (system !== 'system' || kind !== 'serviceaccount' || rest.length > 0) {
    throw refuse('attestation-pod', 'the token is not of a service account');
  }
  const claim = (name: string, code: ReasonCode, shape: z.ZodType<string>): string => {
    const values = user?.extra[`authentication.kubernetes.io/${name}`] ?? [];
    const value = shape.safeParse(values[0]);
    // Never a stand-in such as "unknown": two pods without a node would then be on the same one.
    if (values.length !== 1 || !value.success)
      throw refuse(code, `the token has no well-formed claim ${name}`);
    return value.data;
  };
  const names = z.object({ namespace: namespaceName, serviceAccount: objectName });
  const account = names.safeParse({ namespace, serviceAccount });
  if (!account.success) throw refuse('attestation-pod', 'the token is of no well-formed service account');
  return {
    ...account.data,
    podName: claim('pod-name', 'attestation-pod', objectName),
    podUid: claim('pod-uid', 'attestation-pod', objectUid),
    nodeName: claim('node-name', 'attestation-node', objectName),
    nodeUid: claim('node-uid', 'attestation-node', objectUid),
  };
}

function refuse(code: ReasonCode, message: string): FeaturesealError {
  return new FeaturesealError({ code, message });
}
