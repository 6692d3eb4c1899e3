import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  attest,
  type AttestationPolicy,
  type AttestationRequest,
} from '../../../src/identity/attestation/attest.ts';
import { IdentityList } from '../../../src/identity/attestation/identity-list.ts';
import { TokenReviewer } from '../../../src/identity/attestation/token-review.ts';
import type { ApiClient } from '../../../src/kube/api-client.ts';
import { reasonOf } from '../../support/reason.ts';
import { audience, FakeTokenApi, reviewStatus, type TokenClaims } from './fake-token-api.ts';

const worker: TokenClaims = {
  namespace: 'featureseal',
  serviceAccount: 'worker',
  podName: 'worker-x7k2p',
  podUid: '3a1c5f6e-0000-4000-8000-000000000001',
  nodeName: 'node-a',
  nodeUid: 'aaaaaaaa-0000-4000-8000-00000000000a',
};
const plugin: TokenClaims = {
  ...worker,
  serviceAccount: 'node-plugin',
  podName: 'node-plugin-a',
  podUid: 'b',
};
const { signal } = new AbortController();

let fake: FakeTokenApi;
let api: ApiClient;
let policy: AttestationPolicy;
beforeEach(async () => {
  fake = await FakeTokenApi.start();
  api = fake.client();
  policy = {
    cluster: 'demo',
    identities: new IdentityList('example.org', [
      { namespace: 'featureseal', serviceAccount: 'worker', path: '/featureseal/worker/{cluster}/{node}' },
      { namespace: 'default', serviceAccount: 'example', path: '/featureseal/{node}' },
    ]),
    plugin: { namespace: 'featureseal', serviceAccount: 'node-plugin' },
    reviewer: new TokenReviewer({ api, audience }),
  };
});
afterEach(async () => {
  api.close();
  await fake.close();
});

/** What an honest node plugin sends for a pod with these claims. */
function requestOf(claims: TokenClaims, podToken = fake.token(claims)): AttestationRequest {
  const { namespace, serviceAccount, podName, podUid } = claims;
  return {
    cluster: 'demo',
    namespace,
    serviceAccount,
    podName,
    podUid,
    podToken,
    pluginToken: fake.token(plugin),
  };
}

/** The claims of the worker's token without, or with another, member of `extra`. */
function withClaim(name: string, value: unknown): object {
  const { user } = reviewStatus(worker);
  return { user: { ...user, extra: { ...user.extra, [`authentication.kubernetes.io/${name}`]: value } } };
}

function withUser(username: string): object {
  return { user: { ...reviewStatus(worker).user, username } };
}

describe('attestation of a pod', () => {
  test('gives the ID of its own node to a listed service account', async () => {
    const attested = await attest(requestOf(worker), policy, signal);
    expect(attested).toEqual({
      trust: 'attested',
      spiffeId: 'spiffe://example.org/featureseal/worker/demo/node-a',
      pod: worker,
    });
  });

  test.each<[string, string, (request: AttestationRequest) => Partial<AttestationRequest>]>([
    ['another cluster', 'attestation-cluster', () => ({ cluster: 'prod' })],
    [
      'a service account that is not listed',
      'attestation-service-account',
      () => ({ serviceAccount: 'default' }),
    ],
    ['a namespace that is not listed', 'attestation-service-account', () => ({ namespace: 'kube-system' })],
    [
      'a listed account that the token is not of',
      'attestation-service-account',
      () => ({ namespace: 'default', serviceAccount: 'example' }),
    ],
    ['another pod than that of the token', 'attestation-pod', () => ({ podName: 'worker-other' })],
    ['a pod of the same name and another UID', 'attestation-pod', () => ({ podUid: 'other' })],
    ['a token that the API server does not know', 'attestation-token', () => ({ podToken: 'a.b.c' })],
    ['the caller with a token that is not known', 'attestation-plugin', () => ({ pluginToken: 'a.b.c' })],
    ["the caller with the pod's token", 'attestation-plugin', ({ podToken }) => ({ pluginToken: podToken })],
  ])('refuses %s with %s', async (_, code, change) => {
    const request = requestOf(worker);
    expect(await reasonOf(() => attest({ ...request, ...change(request) }, policy, signal))).toBe(code);
  });

  test.each<[string, string, object]>([
    ['that says nothing of audiences', 'attestation-token', { audiences: undefined }],
    ['for another audience', 'attestation-token', { audiences: ['https://kubernetes.default.svc'] }],
    ['for another audience, too', 'attestation-token', { audiences: [audience, 'vault'] }],
    ['that is not authenticated', 'attestation-token', { authenticated: false }],
    ['with an error beside the yes', 'attestation-token', { error: 'revoked' }],
    ['without a user', 'attestation-pod', { user: undefined }],
    ['of a person', 'attestation-pod', withUser('kubernetes-admin')],
    ['with a colon too many', 'attestation-pod', withUser('system:serviceaccount:featureseal:worker:x')],
    ['with a percent escape', 'attestation-pod', withUser('system:serviceaccount:featureseal:work%65r')],
    ['that is bound to no pod', 'attestation-pod', withClaim('pod-name', undefined)],
    ['without the UID of its pod', 'attestation-pod', withClaim('pod-uid', [])],
    ['that names two pods', 'attestation-pod', withClaim('pod-uid', [worker.podUid, 'other'])],
    ['that names no node', 'attestation-node', withClaim('node-name', undefined)],
    ['with an empty name of a node', 'attestation-node', withClaim('node-name', [''])],
    ['with a colon in the name of the node', 'attestation-node', withClaim('node-name', ['node:a'])],
    ['with a percent escape there', 'attestation-node', withClaim('node-name', ['node%2da'])],
    ['without the UID of its node', 'attestation-node', withClaim('node-uid', undefined)],
    ['of a pod on another node', 'attestation-node', withClaim('node-name', ['node-b'])],
    ['of a node that has the same name since', 'attestation-node', withClaim('node-uid', ['other'])],
  ])('refuses a token %s with %s', async (_, code, status) => {
    const request = requestOf(worker, fake.token(worker, status));
    expect(await reasonOf(() => attest(request, policy, signal))).toBe(code);
  });

  test.each<[string, unknown, string]>([
    ['made for it alone, as a text', audience, 'accepted'],
    ['made for another audience as well', [audience, 'vault'], 'attestation-token'],
    ['made for another audience', 'vault', 'attestation-token'],
    ['made for nobody', [], 'attestation-token'],
    ['that does not say for whom', null, 'attestation-token'],
    ['that says it in another shape', [[audience]], 'attestation-token'],
  ])('of tokens that the API server confirms, one %s', async (_, made, code) => {
    const request = requestOf(worker, fake.token(worker, {}, made));
    expect(await reasonOf(() => attest(request, policy, signal))).toBe(code);
  });

  test.each([
    ['of another service account', plugin, withUser('system:serviceaccount:featureseal:worker')],
    ['of another namespace', plugin, withUser('system:serviceaccount:default:node-plugin')],
    ['that names no node', { ...plugin, nodeName: '' }, {}],
    ['for another audience', plugin, { audiences: ['https://kubernetes.default.svc'] }],
  ])('refuses a caller with a token %s', async (_, claims, status) => {
    const pluginToken = fake.token(claims, status);
    const attempt = () => attest({ ...requestOf(worker), pluginToken }, policy, signal);
    expect(await reasonOf(attempt)).toBe('attestation-plugin');
  });

  test('never tries a name that is not given: a refused name costs one review, of the caller', async () => {
    await reasonOf(() => attest({ ...requestOf(worker), serviceAccount: 'default' }, policy, signal));
    expect(fake.reviewed.length).toBe(1);
  });

  test('refuses a node whose name would make a pod the authority itself', async () => {
    const claims = {
      ...worker,
      namespace: 'default',
      serviceAccount: 'example',
      nodeName: 'identity-authority',
    };
    const request = {
      ...requestOf(claims),
      pluginToken: fake.token({ ...plugin, nodeName: claims.nodeName }),
    };
    expect(await reasonOf(() => attest(request, policy, signal))).toBe('attestation-node');
  });

  test.each([
    [403, 'store-refused'],
    [500, 'store-unavailable'],
  ])(
    'says of an API server that answers %d that it is %s: nobody is refused over it',
    async (status, code) => {
      const request = requestOf(worker);
      fake.failure = status;
      expect(await reasonOf(() => attest(request, policy, signal))).toBe(code);
    },
  );
});

describe('the list of identities', () => {
  test.each([
    ['a path that is no SPIFFE ID', [{ namespace: 'a', serviceAccount: 'b', path: '/x:y' }]],
    ['a path with an escape', [{ namespace: 'a', serviceAccount: 'b', path: '/x%2fy' }]],
    ['part of a segment as {node}', [{ namespace: 'a', serviceAccount: 'b', path: '/x-{node}' }]],
    ['a path that SPIRE keeps', [{ namespace: 'a', serviceAccount: 'b', path: '/spire/server' }]],
    [
      'one service account twice',
      [
        { namespace: 'a', serviceAccount: 'b', path: '/x' },
        { namespace: 'a', serviceAccount: 'b', path: '/y' },
      ],
    ],
  ])('refuses %s', async (_, entries) => {
    expect(await reasonOf(() => new IdentityList('example.org', entries))).toBe('config-invalid');
  });
});
