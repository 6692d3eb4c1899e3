import { readFile } from 'node:fs/promises';
import type { PeerCertificate } from 'node:tls';
import { Client, credentials, Metadata, status, type ServiceError } from '@grpc/grpc-js';
import type { MethodDefinition } from '@grpc/proto-loader';
import { z } from 'zod';
import { asFeaturesealError, FeaturesealError } from '../../error.ts';
import type { ReasonCode } from '../../error-codes.ts';
import type { Clock } from '../../port/clock.ts';
import { escapeControls } from '../../runtime/escape.ts';
import { parseX509Svid } from '../../spiffe/svid.ts';
import type { X509Bundles } from '../../spiffe/types.ts';
import { authorityId } from '../attestation/identity-list.ts';
import { loadService } from '../grpc/proto.ts';
import { pemBlocks } from '../../spiffe/pem.ts';
import type { PodReference } from './volume.ts';

export interface AuthorityClientOptions {
  /** `host:port`. */
  readonly target: string;
  readonly trustDomain: string;
  readonly cluster: string;
  /** File of the plugin's own token; kubelet renews it, so it is read for every call. */
  readonly tokenFile: string;
  readonly bundles: () => X509Bundles | undefined;
  readonly clock: Clock;
}

export interface SvidRequest {
  readonly pod: PodReference;
  readonly token: string;
  /** PKCS #10, DER. */
  readonly certificateRequest: Uint8Array;
}

const timeLimitMs = 30_000;
const responseShape = z.object({ chain: z.array(z.instanceof(Uint8Array)).min(1).max(8) });

/** Asks the authority for SVIDs, over TLS that is bound to the trust bundle and to the authority's own SPIFFE ID. */
export class AuthorityClient {
  readonly #options: AuthorityClientOptions;
  readonly #method: MethodDefinition<object, object>;
  #client: Client | undefined;
  #bundles: X509Bundles | undefined;

  constructor(options: AuthorityClientOptions) {
    this.#options = options;
    const { IssueX509Svid: method } = loadService('featureseal.identity.v1.Authority');
    if (method === undefined) throw new FeaturesealError({ code: 'internal', message: 'no IssueX509Svid' });
    this.#method = method;
  }

  /** @returns DER, leaf first. @throws FeaturesealError authority-unavailable, authority-refused */
  async issue(
    { pod, token, certificateRequest }: SvidRequest,
    signal: AbortSignal,
  ): Promise<readonly Uint8Array[]> {
    const { cluster, tokenFile } = this.#options;
    const client = this.#connected();
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${await readToken(tokenFile)}`);
    const message = { ...pod, cluster, pod_token: token, certificate_request: certificateRequest };
    const answer = await this.#call(client, message, metadata, signal).catch((thrown: unknown) => {
      // A half-open connection looks like this, too: the next attempt dials anew.
      if (client === this.#client && codeOf(thrown) === 'authority-unavailable') this.close();
      throw thrown;
    });
    const response = responseShape.safeParse(answer);
    if (response.success) return response.data.chain;
    throw unavailable('the authority answered something else than a chain');
  }

  close(): void {
    this.#client?.close();
    this.#client = undefined;
  }

  /** Another bundle, another connection: what the old one would still trust is not asked any more. */
  #connected(): Client {
    const { target, trustDomain, bundles } = this.#options;
    const current = bundles();
    if (this.#client !== undefined && this.#bundles === current) return this.#client;
    this.close();
    const roots = current?.get(trustDomain);
    if (roots === undefined) throw unavailable('there is no trust bundle yet');
    const checkServerIdentity = (_: string, certificate: PeerCertificate) =>
      wrongPeer(certificate, trustDomain);
    const pem = Buffer.from(pemBlocks('CERTIFICATE', roots));
    this.#client = new Client(target, credentials.createSsl(pem, null, null, { checkServerIdentity }), {
      // The name counts for nothing, the ID does; but an IP address must not be sent as one (RFC 6066 section 3).
      'grpc.ssl_target_name_override': 'identity-authority',
    });
    this.#bundles = current;
    return this.#client;
  }

  #call(client: Client, message: object, metadata: Metadata, signal: AbortSignal): Promise<unknown> {
    const { clock, target } = this.#options;
    const { path, requestSerialize, responseDeserialize } = this.#method;
    const done = new AbortController();
    return new Promise<unknown>((resolve, reject) => {
      const call = client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        message,
        metadata,
        (error, answer) => {
          done.abort();
          if (error === null) resolve(answer);
          else reject(failure(error, target));
        },
      );
      void clock.sleep(timeLimitMs, AbortSignal.any([signal, done.signal])).then(() => call.cancel());
    });
  }
}

/** Every worker has a certificate under the same root, so the root alone proves nothing: it must be the authority's ID. */
function wrongPeer({ raw }: PeerCertificate, trustDomain: string): Error | undefined {
  const expected = authorityId(trustDomain);
  try {
    const { spiffeId } = parseX509Svid([new Uint8Array(raw)]);
    return spiffeId === expected ? undefined : new Error(`the peer is ${spiffeId}, not ${expected}`);
  } catch (thrown) {
    return asFeaturesealError(thrown, 'certificate-malformed', 'the certificate of the peer');
  }
}

async function readToken(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (cause) {
    throw unavailable(`the token ${file} of the node plugin cannot be read`, cause);
  }
}

/** Refused is this pod; everything else, the plugin's own token too, may be well at the next attempt. */
function failure({ code, details }: ServiceError, target: string): FeaturesealError {
  const said = escapeControls(details.slice(0, 400));
  if (code === status.PERMISSION_DENIED || code === status.INVALID_ARGUMENT) {
    return new FeaturesealError({ code: 'authority-refused', message: said });
  }
  return unavailable(`${target}: ${said}`);
}

function codeOf(thrown: unknown): ReasonCode | undefined {
  return thrown instanceof FeaturesealError ? thrown.code : undefined;
}

function unavailable(message: string, cause?: unknown): FeaturesealError {
  return new FeaturesealError({ code: 'authority-unavailable', message, cause });
}
