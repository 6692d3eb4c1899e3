import type { SecureContextOptions } from 'node:tls';

/** Where the API server is and how to be somebody there, at this moment. */
export interface Endpoint {
  /** `https://host:port`. */
  readonly origin: string;
  /** What stands before every path, `/k8s/clusters/c1` for example; mostly empty. */
  readonly prefix: string;
  readonly tls: Pick<SecureContextOptions, 'ca' | 'cert' | 'key' | 'passphrase' | 'pfx'> & {
    readonly servername?: string;
    readonly rejectUnauthorized: boolean;
  };
  /** Authorization and the like: secret. */
  readonly headers: Readonly<Record<string, string>>;
}

/** A way to the API server. Certificates and tokens are read again when they change. */
export interface Connection {
  /** For messages: `the service account of this pod`, or which kubeconfig and context. */
  readonly source: string;
  /** @throws FeaturesealError config-invalid where a file is missing or wrong */
  current(): Promise<Endpoint>;
  /** The server refused the credentials: read everything again before the next call. */
  renew(): void;
}
