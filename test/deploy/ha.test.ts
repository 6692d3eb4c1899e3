import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { parseHcl, type HclObject } from './spire/hcl.ts';
import {
  configFile,
  describeRendered,
  find,
  manifestsOf,
  podOf,
  renderedText,
  type Manifest,
  type Workload,
} from './manifests.ts';
import { rightsOf } from './rights.ts';
import { containerOf, variables } from './spire/containers.ts';
import { knownKeys, unknownKeys } from './spire/known-keys.ts';

const expanded = (text: string): string => text.replaceAll(/\$\{[A-Z_]+\}/g, 'true');
const identity = ({ kind, metadata }: Manifest): string =>
  `${kind} ${metadata.namespace ?? ''}/${metadata.name.replace(/(-config)-[a-z\d]{10}$/, '$1')}`;

describeRendered('overlay ha', () => {
  const text = renderedText('ha');
  const manifests = manifestsOf(text);
  const one = manifestsOf(renderedText('spire'));
  const server = (): Workload => find(manifests, 'StatefulSet', 'spire-server') as Workload;
  const configuration = (of: readonly Manifest[]): HclObject =>
    parseHcl(expanded(configFile(of, 'spire-server-config', 'server.conf')));
  const policy = (name: string): Manifest => find(manifests, 'NetworkPolicy', name);

  test('has no placeholder left', () => {
    expect(text).not.toContain('from-settings');
    expect(text).not.toContain('featureseal-settings');
  });

  test('is overlay spire, with a database, a budget and a lease', () => {
    const before = new Set(one.map(identity));
    const added = manifests.map(identity).filter((each) => !before.delete(each));
    expect([...before]).toEqual([]);
    expect(added.toSorted()).toEqual([
      'Cluster spire-server/spire-database',
      'NetworkPolicy spire-server/spire-database',
      'PodDisruptionBudget spire-server/spire-server',
      'Role spire-server/spire-controller-manager',
      'RoleBinding spire-server/spire-controller-manager',
    ]);
  });

  test('configures its servers by keys that SPIRE reads', () => {
    expect(unknownKeys(configuration(manifests), knownKeys.server)).toEqual([]);
    const manager: unknown = parse(configFile(manifests, 'spire-server-config', 'controller-manager.yaml'));
    expect(unknownKeys(manager, knownKeys.controllerManager)).toEqual([]);
  });

  test('configures them as the one server, but for database, keys and who signs the CA', () => {
    const { plugins, ...rest } = configuration(manifests) as { readonly plugins: HclObject };
    const { plugins: ofOne, ...restOfOne } = configuration(one) as { readonly plugins: HclObject };
    expect(rest).toEqual(restOfOne);
    const { DataStore: _, KeyManager: keys, UpstreamAuthority: upstream, ...attested } = plugins;
    const { DataStore: _one, KeyManager: _keys, ...attestedByOne } = ofOne;
    expect(attested).toEqual(attestedByOne);
    expect(keys).toEqual({ memory: { plugin_data: {} } });
    expect(Object.keys(upstream as HclObject)).toEqual(['disk']);
    expect(rest).toMatchObject({ server: { audit_log_enabled: true } });
  });

  test('configures the controller managers as the one, with a leader among them', () => {
    const managers = [manifests, one].map(
      (of) => parse(configFile(of, 'spire-server-config', 'controller-manager.yaml')) as object,
    );
    const leaderElection = {
      leaderElect: true,
      resourceName: 'spire-controller-manager',
      resourceNamespace: 'spire-server',
    };
    expect(managers[0]).toEqual({ ...managers[1], leaderElection });
  });

  test('gives the server that right on the lease and no other that it had not', () => {
    const had = new Set(rightsOf(one, 'spire-server', 'spire-server'));
    expect(rightsOf(manifests, 'spire-server', 'spire-server').filter((each) => !had.delete(each))).toEqual([
      'spire-server: create coordination.k8s.io/leases',
      'spire-server: get coordination.k8s.io/leases[spire-controller-manager]',
      'spire-server: update coordination.k8s.io/leases[spire-controller-manager]',
    ]);
    expect([...had]).toEqual([]);
  });

  test('reaches the database by the service that follows the primary, verified, for writing', () => {
    const { metadata, spec } = find(manifests, 'Cluster', 'spire-database') as Manifest & {
      readonly spec: { readonly bootstrap: { readonly initdb: Readonly<Record<string, string>> } };
    };
    const { plugins } = configuration(manifests) as {
      readonly plugins: {
        readonly DataStore: {
          readonly sql: { readonly plugin_data: { readonly connection_string: string } };
        };
      };
    };
    const { connection_string } = plugins.DataStore.sql.plugin_data;
    const { database, owner } = spec.bootstrap.initdb;
    expect(Object.fromEntries(connection_string.split(' ').map((each) => each.split('=')))).toEqual({
      host: `${metadata.name}-rw.${metadata.namespace ?? ''}.svc`,
      port: '5432',
      dbname: database,
      user: owner,
      sslmode: 'verify-full',
      sslrootcert: '/run/spire/database/ca.crt',
      target_session_attrs: 'read-write',
      connect_timeout: '10',
    });
  });

  test('takes password and authorities from Secrets, of the CA of the database the certificate alone', () => {
    const { env } = containerOf(manifests, 'spire-server');
    expect(env).toContainEqual({
      name: 'PGPASSWORD',
      valueFrom: { secretKeyRef: { name: 'spire-database-app', key: 'password' } },
    });
    expect(podOf(server()).volumes).toEqual(
      expect.arrayContaining([
        {
          name: 'database',
          secret: { secretName: 'spire-database-ca', items: [{ key: 'ca.crt', path: 'ca.crt' }] },
        },
        { name: 'upstream', secret: { secretName: 'spire-upstream-ca', defaultMode: 0o440 } },
      ]),
    );
    expect(Object.keys(variables(containerOf(manifests, 'spire-controller-manager')))).not.toContain(
      'PGPASSWORD',
    );
    const mounts = ({ volumeMounts = [] }: ReturnType<typeof containerOf>): readonly string[] =>
      volumeMounts.map(({ name }) => name);
    expect(mounts(containerOf(manifests, 'spire-server'))).toEqual(
      expect.arrayContaining(['database', 'upstream']),
    );
    expect(mounts(containerOf(manifests, 'spire-controller-manager'))).toEqual(['config', 'tmp']);
  });

  test('has more than one of each, apart from one another, and takes away one at a time', () => {
    expect(server().spec).toMatchObject({ replicas: 3, podManagementPolicy: 'Parallel' });
    expect(server().spec).not.toHaveProperty('volumeClaimTemplates');
    expect(podOf(server()).volumes).toContainEqual({ name: 'data', emptyDir: {} });
    expect(podOf(server())).toMatchObject({
      affinity: {
        podAntiAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            {
              topologyKey: 'kubernetes.io/hostname',
              labelSelector: { matchLabels: { 'app.kubernetes.io/name': 'spire-server' } },
            },
          ],
        },
      },
    });
    expect(find(manifests, 'PodDisruptionBudget', 'spire-server')).toMatchObject({
      spec: {
        maxUnavailable: 1,
        selector: { matchLabels: { 'app.kubernetes.io/name': 'spire-server' } },
      },
    });
  });

  test('starts a server anew that its database left waiting, before its next look at it', () => {
    const { ['livenessProbe']: probe } = containerOf(manifests, 'spire-server');
    const {
      periodSeconds,
      failureThreshold = 3,
      ...asked
    } = probe as {
      readonly periodSeconds: number;
      readonly failureThreshold?: number;
    };
    expect(asked).toMatchObject({ httpGet: { path: '/live', port: 'health' } });
    // What SPIRE answers there it finds out once a minute: one failure has to do.
    expect(periodSeconds * failureThreshold).toBeLessThanOrEqual(60);
  });

  test('bears throughout the label by which it is taken off', () => {
    const partOf = ({ metadata }: Manifest): string | undefined =>
      metadata.labels?.['app.kubernetes.io/part-of'];
    expect(manifests.filter((each) => partOf(each) !== 'featureseal').map(identity)).toEqual([]);
  });

  test('has the definitions of overlay spire', () => {
    const definitions = (overlay: string): readonly string[] =>
      manifestsOf(renderedText(`${overlay}/crd`)).map(identity);
    expect(definitions('ha')).toEqual(definitions('spire'));
    expect(definitions('ha')).not.toEqual([]);
  });

  test('keeps a write in two places of three, and lets nobody in without TLS', () => {
    expect(find(manifests, 'Cluster', 'spire-database')).toMatchObject({
      spec: {
        instances: 3,
        enablePDB: true,
        enableSuperuserAccess: false,
        affinity: { podAntiAffinityType: 'required' },
        postgresql: {
          synchronous: { method: 'any', number: 1, dataDurability: 'required' },
          pg_hba: ['hostssl spire spire all scram-sha-256', 'host all all all reject'],
        },
      },
    });
  });

  test('does not ask of the database more connections than it has', () => {
    const { plugins } = configuration(manifests) as {
      readonly plugins: {
        readonly DataStore: { readonly sql: { readonly plugin_data: { readonly max_open_conns: number } } };
      };
    };
    // PostgreSQL's default is 100, and the operator's own need a few. During an update there is no fourth server.
    expect(3 * plugins.DataStore.sql.plugin_data.max_open_conns).toBeLessThanOrEqual(90);
  });

  test('opens between server and database the way that both policies allow', () => {
    const database = { podSelector: { matchLabels: { 'cnpg.io/cluster': 'spire-database' } } };
    expect(policy('spire-server')).toMatchObject({
      spec: {
        egress: expect.arrayContaining([{ ports: [{ port: 5432, protocol: 'TCP' }], to: [database] }]),
      },
    });
    expect(policy('spire-database')).toMatchObject({
      spec: {
        ...database,
        ingress: expect.arrayContaining([
          {
            ports: [{ port: 5432, protocol: 'TCP' }],
            from: [{ podSelector: { matchLabels: { 'app.kubernetes.io/name': 'spire-server' } } }],
          },
        ]),
      },
    });
    expect(podOf(server())).toMatchObject({ dnsPolicy: 'ClusterFirst' });
  });
});
