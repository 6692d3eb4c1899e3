import { z } from 'zod';
import type { ApiClient } from './api-client.ts';
import { malformed } from './metadata.ts';

/** One thing that somebody may be allowed to do (RBAC); without a namespace it is about all of them. */
export interface Right {
  readonly group: string;
  readonly resource: string;
  readonly verb: string;
  readonly namespace?: string;
  readonly name?: string;
}

/** A service account as the authorizer knows it (kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin). */
export interface ServiceAccount {
  readonly namespace: string;
  readonly name: string;
}

const reviewShape = z.object({ status: z.object({ allowed: z.boolean() }) });
const selfShape = z.object({ status: z.object({ userInfo: z.object({ username: z.string() }) }) });
const authorization = '/apis/authorization.k8s.io/v1';

/** `system:serviceaccount:NAMESPACE:NAME`. */
export function userNameOf({ namespace, name }: ServiceAccount): string {
  return `system:serviceaccount:${namespace}:${name}`;
}

/** Who the API server takes this process for (SelfSubjectReview, authentication.k8s.io/v1). */
export async function ownUserName(api: ApiClient, signal: AbortSignal): Promise<string> {
  const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
  const { json } = await api.request({ method: 'POST', path, body, signal });
  const self = selfShape.safeParse(json);
  if (!self.success) throw malformed('a SelfSubjectReview without a user');
  return self.data.status.userInfo.username;
}

/** Whether this process itself may (SelfSubjectAccessReview). Everybody may ask that. */
export function mayI(api: ApiClient, right: Right, signal: AbortSignal): Promise<boolean> {
  return review(api, 'SelfSubjectAccessReview', { resourceAttributes: right }, signal);
}

/** Whether a service account may (SubjectAccessReview). Administrators may ask that. */
export function mayAccount(
  api: ApiClient,
  account: ServiceAccount,
  right: Right,
  signal: AbortSignal,
): Promise<boolean> {
  const all = 'system:serviceaccounts';
  const groups = [all, `${all}:${account.namespace}`, 'system:authenticated'];
  const spec = { user: userNameOf(account), groups, resourceAttributes: right };
  return review(api, 'SubjectAccessReview', spec, signal);
}

async function review(
  api: ApiClient,
  kind: 'SelfSubjectAccessReview' | 'SubjectAccessReview',
  spec: unknown,
  signal: AbortSignal,
): Promise<boolean> {
  const path = `${authorization}/${kind.toLowerCase()}s`;
  const body = { apiVersion: 'authorization.k8s.io/v1', kind, spec };
  const { json } = await api.request({ method: 'POST', path, body, signal });
  const answer = reviewShape.safeParse(json);
  if (!answer.success) throw malformed(`a ${kind} without a verdict`);
  return answer.data.status.allowed;
}
