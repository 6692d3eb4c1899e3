import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse, parseAllDocuments } from 'yaml';
import { parsePolicy } from '../../src/seal/policy.ts';
import { parseHcl } from './spire/hcl.ts';
import { knownKeys, unknownKeys, type Known } from './spire/known-keys.ts';

const folder = join(import.meta.dirname, '../../spire-config');
const textOf = (file: string): string => readFileSync(join(folder, file), 'utf8');
/** Any value does here: which ones the pods give is tested with the overlay. */
const expanded = (text: string): string => text.replaceAll(/\$\{[A-Z_]+\}/g, 'true');

const server = parseHcl(expanded(textOf('server/server.conf')));
const agent = parseHcl(expanded(textOf('agent/agent.conf')));
const controllerManager: unknown = parse(textOf('server/controller-manager.yaml'));

describe('the configuration of SPIRE', () => {
  test.each<[string, unknown, Known]>([
    ['server.conf', server, knownKeys.server],
    ['agent.conf', agent, knownKeys.agent],
    ['controller-manager.yaml', controllerManager, knownKeys.controllerManager],
  ])('%s has no key that is not read', (_, configuration, known) => {
    expect(unknownKeys(configuration, known)).toEqual([]);
  });

  test.each([
    ['server { audit_log = true }', 'server.audit_log'],
    ['plugins { NodeAttestor "k8s_sat" { plugin_data {} } }', 'plugins.NodeAttestor.k8s_sat'],
    [
      'plugins { NodeAttestor "k8s_psat" { plugin_data { clusters = { "demo" = { allow_list = [] } } } } }',
      'plugins.NodeAttestor.k8s_psat.plugin_data.clusters.demo.allow_list',
    ],
    ['plugins { KeyManager "disk" { keys_path = "/keys" } }', 'plugins.KeyManager.disk.keys_path'],
  ])('%s is seen to hold one', (text, path) => {
    // Blocks that a person wrote in one line, one a line.
    const lines = text.replaceAll(/([{}]) (?=\S)/g, '$1\n').replaceAll(/ }/g, '\n}');
    expect(unknownKeys(parseHcl(lines), knownKeys.server)).toEqual([path]);
  });

  test('attests nodes by projected tokens of the agent alone', () => {
    expect(server).toMatchObject({
      plugins: {
        NodeAttestor: {
          k8s_psat: {
            plugin_data: { clusters: { true: { service_account_allow_list: ['spire-system:spire-agent'] } } },
          },
        },
      },
    });
    expect(Object.keys((server['plugins'] as { NodeAttestor: object }).NodeAttestor)).toEqual(['k8s_psat']);
  });

  test('writes an audit log', () => {
    expect(server).toMatchObject({ server: { audit_log_enabled: true } });
  });

  test('publishes the bundle in the form, and under the name, by which agents read it', () => {
    expect(server).toMatchObject({
      plugins: {
        BundlePublisher: {
          k8s_configmap: {
            plugin_data: {
              clusters: {
                true: { namespace: 'spire-system', configmap_name: 'spire-bundle', format: 'spiffe' },
              },
            },
          },
        },
      },
    });
    expect(agent).toMatchObject({ agent: { trust_bundle_format: 'spiffe' } });
    expect(agent).not.toHaveProperty(['agent', 'insecure_bootstrap']);
  });

  test('signs SVIDs that its CA outlives, and agents that outlive those of their workloads', () => {
    const { server: settings } = server as { readonly server: Readonly<Record<string, string>> };
    const hours = (key: string): number => Number(/^(\d+)h$/.exec(settings[key] ?? '')?.[1]);
    expect(hours('default_x509_svid_ttl')).toBeLessThanOrEqual(hours('agent_ttl'));
    // SPIRE signs for a sixth of its CA's life at most.
    expect(hours('agent_ttl')).toBeLessThanOrEqual(hours('ca_ttl') / 6);
  });

  test('attests workloads by kubelet and by their user, so that no kubelet takes an agent down', () => {
    const { WorkloadAttestor } = agent['plugins'] as { readonly WorkloadAttestor: object };
    expect(Object.keys(WorkloadAttestor)).toEqual(['k8s', 'unix']);
  });

  test('gives the bundle, and nothing else, to a master without an identity', () => {
    expect(agent).toMatchObject({ agent: { allow_unauthenticated_verifiers: true } });
    for (const delegate of ['admin_socket_path', 'authorized_delegates'])
      expect(agent).not.toHaveProperty(['agent', delegate]);
  });

  test('lets the controller manager speak to its server, and leave entries made by hand', () => {
    const { socket_path } = (server as { readonly server: { readonly socket_path: string } }).server;
    expect(controllerManager).toMatchObject({
      spireServerSocketPath: socket_path,
      entryIDPrefix: '${CLUSTER}',
      watchClassless: false,
    });
  });
});

describe('the example of a third party', () => {
  const example = textOf('examples/third-party.yaml');
  const entries = parseAllDocuments(example).map(
    (each) => each.toJS() as { readonly spec: Readonly<Record<string, unknown>> },
  );

  test('hangs the signer below every node of the cluster, and not on its user', () => {
    const [nodes, signer] = entries.map(({ spec }) => spec);
    expect(signer?.['parentID']).toBe(nodes?.['spiffeID']);
    expect(signer?.['selectors']).toEqual([
      'k8s:ns:vendor',
      'k8s:sa:vendor-signer',
      'k8s:container-name:signer',
    ]);
    expect(nodes).toMatchObject({
      parentID: 'spiffe://example.org/spire/server',
      selectors: ['k8s_psat:cluster:demo'],
    });
  });

  test('tells the entry of the policy that lets it speak', () => {
    const [, entry = ''] = /^# {3}(- name: vendor\n(?:# {5}.*\n)+)/m.exec(example) ?? [];
    const signers: unknown = parse(entry.replaceAll(/^# {3}/gm, ''));
    expect(parsePolicy({ cluster: 'demo', signers }).signers).toHaveLength(1);
    const [{ spiffeIDs }] = signers as [{ readonly spiffeIDs: readonly string[] }];
    const [allowed = ''] = spiffeIDs;
    expect(entries.map(({ spec }) => spec['spiffeID'])).toContain(allowed.replace('{cluster}', 'demo'));
  });
});

describe('parseHcl', () => {
  test('reads blocks, labels, objects, lists and comments', () => {
    const text =
      '# first\na {\n  b "c" {\n    d = [1, "x\\"", true] // last\n  }\n  b "e" {}\n}\nf = {\n  g = -1.5\n}\n';
    expect(parseHcl(text)).toEqual({ a: { b: { c: { d: [1, 'x"', true] }, e: {} } }, f: { g: -1.5 } });
  });

  test.each([
    ['a = 1\na = 2', 'line 2: a second a'],
    ['a = 1 b = 2', 'line 1: a second key in a line'],
    ['a {\nb = 1', 'line the last: no more'],
    ['a = ', 'line the last: no more'],
    ['a = b', 'line 1: b is no value'],
    ['a = "b', 'line 1: "b'],
    ['}', 'line 1: } where a key should be'],
  ])('refuses %j', (text, message) => {
    expect(() => parseHcl(text)).toThrow(new SyntaxError(message));
  });
});
