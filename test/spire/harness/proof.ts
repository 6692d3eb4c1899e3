import type { Credentials } from '../../cluster/api-client.ts';

/** How an agent proves its node. */
export interface Proof {
  /** Of its SPIFFE ID. */
  readonly path: string;
  readonly files: Readonly<Record<string, string>>;
  /** Of its configuration. */
  readonly settings: string;
  readonly plugins: (folder: string) => string;
}

/** Good for one attestation, so key and SVID are kept for a restart. */
export function byToken(joinToken: string): Proof {
  return {
    path: `join_token/${joinToken}`,
    files: {},
    settings: `join_token = "${joinToken}"`,
    plugins: (folder) => `
  NodeAttestor "join_token" {
    plugin_data {}
  }
  KeyManager "disk" {
    plugin_data {
      directory = "${folder}"
    }
  }`,
  };
}

/** As in overlay edge: a new key and a new attestation at every start, tried for longer than a minute. */
export function byCertificate({ name, certificatePem, keyPem }: Credentials): Proof {
  return {
    path: `x509pop/${name}`,
    files: { 'node.pem': certificatePem, 'node-key.pem': keyPem },
    settings: 'rebootstrap_mode = "auto"\n  rebootstrap_delay = "10m"',
    plugins: (folder) => `
  NodeAttestor "x509pop" {
    plugin_data {
      certificate_path = "${folder}/node.pem"
      private_key_path = "${folder}/node-key.pem"
    }
  }
  KeyManager "memory" {
    plugin_data {}
  }`,
  };
}
