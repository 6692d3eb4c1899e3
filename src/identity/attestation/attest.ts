import { FeaturesealError } from '../../error.ts';
import type { ReasonCode } from '../../error-codes.ts';
import type { IdTemplate } from '../../seal/id-template.ts';
import type { IdentityList } from './identity-list.ts';
import type { PodToken, TokenReviewer } from './token-review.ts';

/** A pod as the node plugin names it, with the two tokens that must prove it. */
export interface AttestationRequest {
  readonly cluster: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly podName: string;
  readonly podUid: string;
  readonly podToken: string;
  /** Of the node plugin itself. */
  readonly pluginToken: string;
}

export interface AttestationPolicy {
  readonly cluster: string;
  readonly identities: IdentityList;
  /** The service account of the node plugin. */
  readonly plugin: { readonly namespace: string; readonly serviceAccount: string };
  readonly reviewer: Pick<TokenReviewer, 'review'>;
}

/** Only {@link attest} makes one: what the API server confirmed of a pod, and the ID that follows from it. */
export interface AttestedPod {
  readonly trust: 'attested';
  readonly spiffeId: string;
  readonly pod: PodToken;
}

/**
 * Who is this pod? The caller first, then what is named against the list, then what is named against the pod's own
 * token, and last that both run on one node: a stolen token is of no use on another.
 *
 * @throws FeaturesealError attestation-*, or store-* where the API server fails
 */
export async function attest(
  request: AttestationRequest,
  policy: AttestationPolicy,
  signal: AbortSignal,
): Promise<AttestedPod> {
  const plugin = await reviewPlugin(request, policy, signal);
  const template = listedTemplate(request, policy);
  const pod = await policy.reviewer.review(request.podToken, signal);
  checkNamed(request, pod);
  checkNode(plugin, pod);
  const spiffeId = policy.identities.idOf(template, policy.cluster, pod.nodeName);
  return { trust: 'attested', spiffeId, pod };
}

/** Anything else that reaches the port, a pod with its own token for one, is no node plugin. */
async function reviewPlugin(
  { pluginToken }: AttestationRequest,
  { reviewer, plugin }: AttestationPolicy,
  signal: AbortSignal,
): Promise<PodToken> {
  const reviewed = await reviewer.review(pluginToken, signal).catch((thrown: unknown) => {
    if (!(thrown instanceof FeaturesealError) || !thrown.code.startsWith('attestation-')) throw thrown;
    throw refuse('attestation-plugin', `the token of the caller: ${thrown.message}`, thrown);
  });
  if (reviewed.namespace === plugin.namespace && reviewed.serviceAccount === plugin.serviceAccount)
    return reviewed;
  const who = `${reviewed.namespace}/${reviewed.serviceAccount}`;
  throw refuse('attestation-plugin', `the caller is ${who}, not the node plugin`);
}

/** Looked up by name; a list that is tried entry by entry finds the one that a forger had in mind. */
function listedTemplate(
  { cluster, namespace, serviceAccount }: AttestationRequest,
  policy: AttestationPolicy,
): IdTemplate {
  if (cluster !== policy.cluster) {
    throw refuse(
      'attestation-cluster',
      `the pod is of cluster ${cluster}, the authority of ${policy.cluster}`,
    );
  }
  const template = policy.identities.find(namespace, serviceAccount);
  if (template !== undefined) return template;
  const account = `${namespace}/${serviceAccount}`;
  throw refuse('attestation-service-account', `no identity is listed for the service account ${account}`);
}

function checkNamed(request: AttestationRequest, pod: PodToken): void {
  if (pod.namespace !== request.namespace || pod.serviceAccount !== request.serviceAccount) {
    throw refuse(
      'attestation-service-account',
      'the token is of another service account than the pod that is named',
    );
  }
  // The UID too: a pod of the same name may have come in its place.
  if (pod.podName !== request.podName || pod.podUid !== request.podUid) {
    throw refuse('attestation-pod', 'the token is bound to another pod than the one that is named');
  }
}

function checkNode(plugin: PodToken, pod: PodToken): void {
  if (pod.nodeName === plugin.nodeName && pod.nodeUid === plugin.nodeUid) return;
  throw refuse('attestation-node', `the pod runs on ${pod.nodeName}, the node plugin on ${plugin.nodeName}`);
}

function refuse(code: ReasonCode, message: string, cause?: unknown): FeaturesealError {
  return new FeaturesealError({ code, message, cause });
}
