import { readFile, writeFile } from 'node:fs/promises';
import { Client, credentials, Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { SvidServerCredentials } from '../../../src/identity/authority-service/server-credentials.ts';
import { authorityService } from '../../../src/identity/authority-service/service.ts';
import { loadService } from '../../../src/identity/grpc/proto.ts';
import { GrpcServer } from '../../../src/identity/grpc/server.ts';
import { AuthorityClient } from '../../../src/identity/node-plugin/authority-client.ts';
import { createKeyAndRequest } from '../../../src/identity/node-plugin/certificate-request.ts';
import { IdentityList } from '../../../src/identity/attestation/identity-list.ts';
import type { ApiClient } from '../../../src/kube/api-client.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { certificatesFrom } from '../../../src/spiffe/pem.ts';
import { parseX509Svid } from '../../../src/spiffe/svid.ts';
import type { X509Bundles } from '../../../src/spiffe/types.ts';
import { testAuthority } from '../../support/identity.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { hourMs, pluginClaims, RunningAuthority, workerClaims, workerId } from './cluster-rig.ts';
import { FakeTokenApi } from './fake-token-api.ts';

const path = temporaryFolder();
const { crypto } = globalThis;
const { signal } = new AbortController();

let fake: FakeTokenApi;
let api: ApiClient;
let running: RunningAuthority;
let closing: (() => unknown)[];
beforeEach(async () => {
  fake = await FakeTokenApi.start();
  api = fake.client();
  running = await RunningAuthority.start(api);
  closing = [];
  await running.keeper.round(signal);
  await writeFile(path('token'), fake.token(pluginClaims));
});
afterEach(async () => {
  for (const close of closing) await close();
  await running.close();
  api.close();
  await fake.close();
});

/** A client that trusts these bundles, the authority's own where none are given. */
function clientOf(
  port = running.port,
  bundles: X509Bundles | undefined = running.authority.bundles(),
): AuthorityClient {
  const client = new AuthorityClient({
    target: `127.0.0.1:${port}`,
    trustDomain: 'example.org',
    cluster: 'demo',
    tokenFile: path('token'),
    bundles: () => bundles,
    clock: new ManualClock(),
  });
  closing.push(() => client.close());
  return client;
}

const pod = {
  namespace: workerClaims.namespace,
  service_account: workerClaims.serviceAccount,
  pod_name: workerClaims.podName,
  pod_uid: workerClaims.podUid,
};

async function requestOf(token = fake.token(workerClaims)) {
  return { pod, token, certificateRequest: (await createKeyAndRequest(crypto)).request };
}

/** One call over TLS, with whatever members and metadata. */
async function rawCall(change: object, authorization: readonly string[]): Promise<ServiceError | null> {
  const { IssueX509Svid: method } = loadService('featureseal.identity.v1.Authority');
  if (method === undefined) throw new Error('no IssueX509Svid');
  const { token, certificateRequest } = await requestOf();
  const message = {
    ...pod,
    cluster: 'demo',
    pod_token: token,
    certificate_request: certificateRequest,
    ...change,
  };
  const metadata = new Metadata();
  for (const value of authorization) metadata.add('authorization', value);
  const roots = Buffer.from(await readFile(path('bundle.pem')));
  const tls = credentials.createSsl(roots, null, null, { checkServerIdentity: () => undefined });
  const client = new Client(`localhost:${running.port}`, tls);
  closing.push(() => client.close());
  return new Promise((resolve) => {
    const { path: name, requestSerialize, responseDeserialize } = method;
    client.makeUnaryRequest(name, requestSerialize, responseDeserialize, message, metadata, (error) =>
      resolve(error),
    );
  });
}

describe('the authority', () => {
  test('issues to an attested pod, for the key of its request', async () => {
    const chain = await clientOf().issue(await requestOf(), signal);
    expect(parseX509Svid(chain).spiffeId).toBe(workerId);
  });

  test('publishes its bundle before anything else', async () => {
    expect(certificatesFrom(await fake.bundles.next())).toEqual(
      running.authority.bundle().map((der) => new Uint8Array(der)),
    );
  });

  test('publishes again and shows a new certificate at half of the life, though the API server was away', async () => {
    const stop = new AbortController();
    const loop = running.keeper.run(stop.signal);
    await fake.bundles.next();
    await fake.bundles.next();
    await running.clock.sleeping(hourMs / 2);
    fake.failure = 500;
    await running.clock.pass(hourMs / 2);
    await running.clock.sleeping(500);
    expect(running.keeper.problem()).toContain('HTTP 500');
    fake.failure = undefined;
    await running.clock.pass(500);
    await fake.bundles.next();
    await running.clock.sleeping(hourMs / 2);
    expect(running.keeper.problem()).toBeUndefined();
    expect(parseX509Svid(await clientOf().issue(await requestOf(), signal)).spiffeId).toBe(workerId);
    stop.abort();
    await loop;
  });

  test.each([
    ['cluster', ''],
    ['namespace', ''],
    ['namespace', 'kube:system'],
    ['service_account', ''],
    ['service_account', 'wor%6ber'],
    ['pod_name', ''],
    ['pod_uid', ''],
    ['pod_uid', '../x'],
    ['pod_token', ''],
    ['pod_token', 'not a token'],
    ['certificate_request', Buffer.alloc(0)],
  ])('refuses a request with %s %p as INVALID_ARGUMENT', async (member, value) => {
    await writeFile(path('bundle.pem'), await fake.bundles.next());
    const error = await rawCall({ [member]: value }, [`Bearer ${fake.token(pluginClaims)}`]);
    expect(error).toMatchObject({ code: status.INVALID_ARGUMENT });
    expect(error?.details).toContain(`[attestation-request] ${member}: `);
  });

  test.each<[string, string, readonly string[]]>([
    ['without a token of its own', 'attestation-plugin', []],
    ['with a token of another scheme', 'attestation-plugin', ['Basic a.b.c']],
    ['with more behind its token', 'attestation-plugin', ['Bearer a.b.c x']],
    ['with a token that is not known', 'attestation-plugin', ['Bearer a.b.c']],
  ])('refuses a caller %s as UNAUTHENTICATED', async (_, code, authorization) => {
    await writeFile(path('bundle.pem'), await fake.bundles.next());
    const error = await rawCall({}, authorization);
    expect(error).toMatchObject({
      code: status.UNAUTHENTICATED,
      details: expect.stringContaining(`[${code}]`),
    });
  });

  test('refuses a pod for good and says why, with its code', async () => {
    await expect(clientOf().issue(await requestOf('a.b.c'), signal)).rejects.toMatchObject({
      code: 'authority-refused',
      message: expect.stringContaining('[attestation-token]'),
    });
  });

  test('refuses what is no certificate request', async () => {
    const request = { ...(await requestOf()), certificateRequest: Uint8Array.of(1, 2, 3) };
    await expect(clientOf().issue(request, signal)).rejects.toMatchObject({
      code: 'authority-refused',
      message: expect.stringContaining('[csr-invalid]'),
    });
  });

  test('answers in time where the API server does not', async () => {
    fake.failure = 0;
    const answer = clientOf().issue(await requestOf(), signal);
    const rejected = expect(answer).rejects.toMatchObject({
      code: 'authority-unavailable',
      message: expect.stringContaining('no answer within 25 s'),
    });
    await running.clock.sleeping(25_000);
    running.clock.advance(25_000);
    await rejected;
  });
});

describe('the node plugin asks nobody', () => {
  test('without a bundle', async () => {
    const client = new AuthorityClient({
      ...{ target: '127.0.0.1:1', trustDomain: 'example.org', cluster: 'demo', tokenFile: path('token') },
      bundles: () => undefined,
      clock: new ManualClock(),
    });
    await expect(client.issue(await requestOf(), signal)).rejects.toMatchObject({
      code: 'authority-unavailable',
    });
  });

  test('under another root', async () => {
    const other = await testAuthority({ clock: new ManualClock(Date.now()) });
    await expect(
      clientOf(running.port, other.bundles()).issue(await requestOf(), signal),
    ).rejects.toMatchObject({
      code: 'authority-unavailable',
    });
    expect(fake.reviewed.length).toBe(0);
  });

  test('with the certificate of a worker, though it is under the same root', async () => {
    const impostor = new SvidServerCredentials();
    await impostor.use(await running.authority.issue({ spiffeId: workerId, ttlMs: hourMs }), crypto);
    const reviewed: string[] = [];
    const service = authorityService({
      authority: running.authority,
      policy: {
        cluster: 'demo',
        identities: new IdentityList('example.org', []),
        plugin: pluginClaims,
        reviewer: {
          review: async (token) => {
            reviewed.push(token);
            return pluginClaims;
          },
        },
      },
      svidTtlMs: hourMs,
      clock: new ManualClock(),
      log: silentLog,
    });
    const server = await GrpcServer.start('127.0.0.1:0', [service], impostor);
    closing.push(() => server.close());
    await expect(clientOf(server.port).issue(await requestOf(), signal)).rejects.toMatchObject({
      code: 'authority-unavailable',
      message: expect.stringContaining(`the peer is ${workerId}`),
    });
    expect(reviewed).toEqual([]);
  });

  test('once it was told to stop', async () => {
    const stop = new AbortController();
    stop.abort();
    await expect(clientOf().issue(await requestOf(), stop.signal)).rejects.toMatchObject({
      code: 'authority-unavailable',
    });
  });
});
