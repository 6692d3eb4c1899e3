export interface ServerOptions {
  readonly trustDomain: string;
  readonly caKeyType?: 'ec-p256' | 'ec-p384' | 'rsa-2048' | 'rsa-4096';
  /** Keys outlive the process, as those of a server that has to come back by itself. */
  readonly keysOnDisk?: true;
  /** A nested server gets its CA from this one, through the Workload API at `socket`. */
  readonly upstream?: { readonly server: { readonly place: Place }; readonly socketPath: string };
  /** Of its own CA; default a day. */
  readonly caTtl?: string;
  /** Of the agents' own SVIDs; default an hour. */
  readonly agentTtl?: string;
  /** PEM. Whose certificates prove a node; default nobody's, tokens alone do. */
  readonly nodeCa?: string;
  /** In the place of a database file of its own, and a root of its own: blocks of configuration, in a pod's place. */
  readonly shared?: SharedOptions;
}

export interface SharedOptions {
  readonly dataStore: string;
  readonly upstreamAuthority: string;
  readonly within: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface Place {
  readonly bin: string;
  /** Of the loopback network. */
  readonly host: string;
  readonly port: number;
}

/** Short intervals where SPIRE has settings for them: what a test waits for is the protocol, not a poll. */
export function serverConfiguration(folder: string, { host, port }: Place, options: ServerOptions): string {
  const {
    trustDomain,
    caKeyType = 'ec-p256',
    upstream,
    keysOnDisk = false,
    caTtl = '24h',
    agentTtl = '1h',
    nodeCa,
    shared,
  } = options;
  const keyManager = keysOnDisk
    ? `"disk" {
    plugin_data {
      keys_path = "${folder}/keys.json"
    }
  }`
    : `"memory" {
    plugin_data {}
  }`;
  const nested = `
  UpstreamAuthority "spire" {
    plugin_data {
      server_address = "${upstream?.server.place.host ?? ''}"
      server_port = ${upstream?.server.place.port ?? 0}
      workload_api_socket = "${upstream?.socketPath ?? ''}"
    }
  }`;
  // As in overlay edge: the agent is called as its certificate is.
  const byCertificate = `
  NodeAttestor "x509pop" {
    plugin_data {
      ca_bundle_path = "${folder}/node-ca.pem"
      agent_path_template = "/{{ .PluginName }}/{{ .Subject.CommonName }}"
    }
  }`;
  const ownFile = `
  DataStore "sql" {
    plugin_data {
      database_type = "sqlite3"
      connection_string = "${folder}/datastore.sqlite3"
    }
  }`;
  const authority = shared?.upstreamAuthority ?? (upstream === undefined ? '' : nested);
  return `
server {
  bind_address = "${host}"
  bind_port = ${port}
  socket_path = "${folder}/admin.sock"
  trust_domain = "${trustDomain}"
  data_dir = "${folder}"
  ca_key_type = "${caKeyType}"
  ca_ttl = "${caTtl}"
  default_x509_svid_ttl = "1h"
  agent_ttl = "${agentTtl}"
  audit_log_enabled = true
  log_format = "json"
  experimental {
    cache_reload_interval = "1s"
  }
}
plugins {
  ${shared?.dataStore ?? ownFile}
  NodeAttestor "join_token" {
    plugin_data {}
  }
  ${nodeCa === undefined ? '' : byCertificate}
  KeyManager ${keyManager}
  ${authority}
}
`;
}
