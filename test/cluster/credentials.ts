import { generateKeyPairSync } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  createTestCa,
  toPem,
  toPkcs8,
  type TestCa,
  type TestCertificateOptions,
} from '../support/certificates.ts';
import type { Credentials } from './api-client.ts';

/** Where kube-apiserver finds its own keys and certificates. */
export interface ServerFiles {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
  /** Service account tokens are signed with the one and verified with the other. */
  readonly tokenKey: string;
  readonly tokenPublicKey: string;
}

/** Who asks with a token. */
export interface TokenCredentials {
  readonly name: string;
  readonly token: string;
}

/** The certificate authority of one control plane, for its server and for its users. */
export class ClusterCa {
  readonly #ca: TestCa;

  private constructor(ca: TestCa) {
    this.#ca = ca;
  }

  static async create(): Promise<ClusterCa> {
    // Not a SPIFFE authority: no URI SAN.
    return new ClusterCa(
      await createTestCa({ trustDomain: 'kubernetes', subject: 'CN=kubernetes', names: [] }),
    );
  }

  get pem(): string {
    return toPem([this.#ca.root]);
  }

  /** A client certificate: the API server takes the common name as user, the organisations as groups. */
  async user(name: string, groups: readonly string[] = []): Promise<Credentials> {
    const subject = [`CN=${name}`, ...groups.map((group) => `O=${group}`)].join(', ');
    return { name, ...(await this.#issue({ subject })) };
  }

  async writeServerFiles(folder: string, ...addresses: readonly string[]): Promise<ServerFiles> {
    const server = await this.#issue({
      subject: 'CN=kube-apiserver',
      names: addresses.map((value) => ({ type: 'ip', value })),
    });
    const tokens = generateKeyPairSync('ec', {
      namedCurve: 'P-256',
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    await mkdir(folder, { mode: 0o700 });
    const write = async (name: string, text: string): Promise<string> => {
      await writeFile(join(folder, name), text, { mode: 0o600 });
      return join(folder, name);
    };
    return {
      ca: await write('ca.pem', this.pem),
      certificate: await write('server.pem', server.certificatePem),
      key: await write('server-key.pem', server.keyPem),
      tokenKey: await write('token-key.pem', tokens.privateKey),
      tokenPublicKey: await write('token-public-key.pem', tokens.publicKey),
    };
  }

  async #issue(options: TestCertificateOptions): Promise<Omit<Credentials, 'name'>> {
    const { chain, key } = await this.#ca.issue(options);
    const der = Buffer.from(await toPkcs8(key)).toString('base64');
    return {
      certificatePem: toPem(chain),
      keyPem: `-----BEGIN PRIVATE KEY-----\n${der}\n-----END PRIVATE KEY-----\n`,
    };
  }
}

/** A kubeconfig file of one user, known by a certificate or by a service account token. */
export function kubeconfigText(
  url: string,
  caPem: string,
  credentials: Credentials | TokenCredentials,
): string {
  const { name } = credentials;
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    contexts: [{ name: 'test', context: { cluster: 'test', user: name } }],
    clusters: [{ name: 'test', cluster: { server: url, 'certificate-authority-data': base64(caPem) } }],
    users: [
      {
        name,
        user:
          'token' in credentials
            ? { token: credentials.token }
            : {
                'client-certificate-data': base64(credentials.certificatePem),
                'client-key-data': base64(credentials.keyPem),
              },
      },
    ],
  });
}
