import { z } from 'zod';
import { configFile, find, manifestsOf, renderedText } from '../../deploy/manifests.ts';
import { parseHcl } from '../../deploy/spire/hcl.ts';

const configuration = z.object({
  plugins: z.object({
    DataStore: z.object({ sql: z.object({ plugin_data: z.object({ connection_string: z.string() }) }) }),
  }),
});
const cluster = z.object({
  metadata: z.object({ name: z.string(), namespace: z.string() }),
  spec: z.object({ postgresql: z.object({ pg_hba: z.array(z.string()) }) }),
});

/** What overlay `ha` says of its database, as kubectl would send it. */
export interface ShippedDatabase {
  readonly connectionString: string;
  readonly serverConf: string;
  /** Lines of pg_hba.conf. */
  readonly accessRules: readonly string[];
  /** The names that the operator puts into the servers' certificates for the service that follows the primary. */
  readonly serviceNames: readonly [string, ...string[]];
}

export function shippedDatabase(): ShippedDatabase {
  const manifests = manifestsOf(renderedText('ha'));
  const serverConf = configFile(manifests, 'spire-server-config', 'server.conf');
  const { plugins } = configuration.parse(parseHcl(serverConf));
  const { metadata, spec } = cluster.parse(find(manifests, 'Cluster', 'spire-database'));
  const service = `${metadata.name}-rw`;
  const inNamespace = `${service}.${metadata.namespace}`;
  return {
    serverConf,
    connectionString: plugins.DataStore.sql.plugin_data.connection_string,
    accessRules: spec.postgresql.pg_hba,
    serviceNames: [service, inNamespace, `${inNamespace}.svc`, `${inNamespace}.svc.cluster.local`],
  };
}

/** The text of one plugin in a configuration of SPIRE, which is indented as ours is. */
export function pluginBlock(serverConf: string, type: string): string {
  const [block] = new RegExp(`^  ${type} "[^]*?\\n  }\\n`, 'm').exec(serverConf) ?? [];
  if (block === undefined) throw new Error(`there is no plugin ${type}`);
  return block;
}
