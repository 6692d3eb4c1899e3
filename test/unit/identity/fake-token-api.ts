// The API server as far as the development identity speaks to one: TokenReview, the ConfigMap of the bundle, the CSIDriver
// object. HTTP/2 over TLS on a real socket; what each token is, the test says.
import { once } from 'node:events';
import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { ApiClient } from '../../../src/kube/api-client.ts';
import type { Connection } from '../../../src/kube/endpoint.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { createTestCa, toPem, toPkcs8 } from '../../support/certificates.ts';
import { Queue } from '../../support/queue.ts';

export const audience = 'featureseal-identity';

export interface TokenClaims {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly podName: string;
  readonly podUid: string;
  readonly nodeName: string;
  readonly nodeUid: string;
}

const reviewBody = z.object({ spec: z.object({ token: z.string(), audiences: z.array(z.string()) }) });
const configMapBody = z.object({ data: z.object({ 'bundle.pem': z.string() }) });

export class FakeTokenApi {
  /** The status of a TokenReview, by token; any other token is not authenticated. */
  readonly tokens = new Map<string, object>();
  /** Every token that was reviewed. */
  readonly reviewed = new Queue<string>();
  /** Every bundle that was published: PEM. */
  readonly bundles = new Queue<string>();
  csiDriver: object | undefined;
  /** Answered to everything, where it is set; 0 answers nothing at all. */
  failure: number | undefined;
  readonly #server: Http2SecureServer;
  readonly #caPem: string;
  #made = 0;

  private constructor(server: Http2SecureServer, caPem: string) {
    this.#server = server;
    this.#caPem = caPem;
    server.on('request', (request, response) => void this.#answer(request, response));
  }

  static async start(): Promise<FakeTokenApi> {
    const ca = await createTestCa({ trustDomain: 'cluster.local' });
    const { chain, key } = await ca.issue({ names: [{ type: 'ip', value: '127.0.0.1' }] });
    const der = Buffer.from(await toPkcs8(key)).toString('base64');
    const pem = `-----BEGIN PRIVATE KEY-----\n${der}\n-----END PRIVATE KEY-----\n`;
    const server = createSecureServer({ cert: toPem(chain), key: pem });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new FakeTokenApi(server, toPem([ca.root]));
  }

  get #origin(): string {
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** JSON is YAML. */
  kubeconfig(): string {
    const ca = Buffer.from(this.#caPem).toString('base64');
    return JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'c',
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
      clusters: [{ name: 'c', cluster: { server: this.#origin, 'certificate-authority-data': ca } }],
      users: [{ name: 'u', user: { token: 'secret' } }],
    });
  }

  client(): ApiClient {
    const endpoint = {
      origin: this.#origin,
      prefix: '',
      tls: { ca: this.#caPem, rejectUnauthorized: true },
      headers: {},
    };
    const connection: Connection = {
      source: 'a test',
      current: async () => endpoint,
      renew: () => undefined,
    };
    return new ApiClient({ connection, clock: systemClock });
  }

  /** A token that the API server knows, for this pod; `status` replaces members of the review's status. */
  token(claims: TokenClaims, status: object = {}, aud: unknown = [audience]): string {
    const payload = JSON.stringify({ aud, jti: String(++this.#made) });
    const token = `e30.${Buffer.from(payload).toString('base64url')}.c2lnbmF0dXJl`;
    this.tokens.set(token, { ...reviewStatus(claims), ...status });
    return token;
  }

  async close(): Promise<void> {
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #answer(request: Http2ServerRequest, response: Http2ServerResponse): Promise<void> {
    response.on('error', () => undefined);
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      // The client gave the call up.
      return;
    }
    const text = Buffer.concat(chunks).toString();
    if (this.failure === 0) return;
    const { code, body } =
      this.failure === undefined ? this.#serve(request, text) : { code: this.failure, body: {} };
    response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }

  #serve({ method, url }: Http2ServerRequest, text: string): { code: number; body: object } {
    const call = `${method} ${url}`;
    if (call === 'POST /apis/authentication.k8s.io/v1/tokenreviews') {
      const { spec } = reviewBody.parse(JSON.parse(text));
      this.reviewed.push(spec.token);
      const status = spec.audiences.join() === audience ? this.tokens.get(spec.token) : undefined;
      const unknown = { authenticated: false, error: '[invalid bearer token, token lookup failed]' };
      return { code: 201, body: { kind: 'TokenReview', spec, status: status ?? unknown } };
    }
    if (call.startsWith('PATCH /api/v1/namespaces/featureseal/configmaps/bundle?')) {
      this.bundles.push(configMapBody.parse(JSON.parse(text)).data['bundle.pem']);
      return { code: 200, body: {} };
    }
    const isDriver = call === 'GET /apis/storage.k8s.io/v1/csidrivers/csi.spiffe.io';
    return isDriver && this.csiDriver !== undefined
      ? { code: 200, body: this.csiDriver }
      : { code: 404, body: {} };
  }
}

/** What the API server says of a token with these claims. */
export function reviewStatus(claims: TokenClaims) {
  const extra: Readonly<Record<string, unknown>> = {
    'authentication.kubernetes.io/pod-name': [claims.podName],
    'authentication.kubernetes.io/pod-uid': [claims.podUid],
    'authentication.kubernetes.io/node-name': [claims.nodeName],
    'authentication.kubernetes.io/node-uid': [claims.nodeUid],
  };
  const username = `system:serviceaccount:${claims.namespace}:${claims.serviceAccount}`;
  return { authenticated: true, audiences: [audience], user: { username, extra } };
}
