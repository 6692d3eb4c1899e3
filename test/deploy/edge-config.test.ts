import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { masterDefaults } from '../../src/master/settings.ts';
import { parseDuration } from '../../src/runtime/duration.ts';
import { durationText } from '../../src/ttl/duration-text.ts';
import { nested } from '../../src/ttl/nested.ts';
import { workerDefaults } from '../../src/worker/settings.ts';
import { parseHcl } from './spire/hcl.ts';
import { knownKeys, unknownKeys, type Known } from './spire/known-keys.ts';

const folder = join(import.meta.dirname, '../../spire-config/edge');
const textOf = (file: string): string => readFileSync(join(folder, file), 'utf8');
/** Any value does here: which ones the pods give is tested with the overlay. */
const configuration = (file: string) => parseHcl(textOf(file).replaceAll(/\$\{[A-Z_]+\}/g, 'true'));

const server = configuration('server/server.conf');
const upstreamAgent = configuration('server/upstream-agent.conf');
const agent = configuration('agent/agent.conf');
const controllerManager: unknown = parse(textOf('server/controller-manager.yaml'));
const site: unknown = parse(textOf('examples/site.yaml'));
const unixWorker: unknown = parse(textOf('examples/unix-worker.yaml'));

describe('the configuration of SPIRE at a site', () => {
  test.each<[string, unknown, Known]>([
    ['server.conf', server, knownKeys.server],
    ['upstream-agent.conf', upstreamAgent, knownKeys.agent],
    ['agent.conf', agent, knownKeys.agent],
    ['controller-manager.yaml', controllerManager, knownKeys.controllerManager],
  ])('%s has no key that is not read', (_, read, known) => {
    expect(unknownKeys(read, known)).toEqual([]);
  });

  test('has the lifetimes that `featureseal ttl` tells for the time that it names', () => {
    const [, offline = ''] = /`featureseal ttl --offline (\w+)`/.exec(textOf('server/server.conf')) ?? [];
    const plan = nested(parseDuration(offline), {
      maxAgeMs: masterDefaults.maxAgeMs,
      resignIntervalMs: workerDefaults.resignIntervalMs,
    });
    if (!plan.possible) throw new Error(plan.why);
    const wanted = (place: string): Readonly<Record<string, string>> =>
      Object.fromEntries(
        plan.settings
          .filter(({ where }) => where === place)
          .map(({ key, valueMs }) => [key, durationText(valueMs)]),
      );
    expect(server['server']).toMatchObject(wanted('server at the site'));
    const cloud = wanted('server in the cloud')['ca_ttl'] ?? '';
    for (const file of ['server/server.conf', 'examples/site.yaml'])
      expect(textOf(file)).toContain(`ca_ttl = "${cloud}"`);
    expect(textOf('examples/site.yaml')).toContain(`--offline ${offline}`);
  });

  test('keeps key and database on disk, for a restart without the cloud', () => {
    const { plugins } = server as { readonly plugins: Readonly<Record<string, object>> };
    expect(Object.keys(plugins['KeyManager'] ?? {})).toEqual(['disk']);
    expect(plugins).toMatchObject({
      DataStore: { sql: { plugin_data: { connection_string: '/run/spire/data/datastore.sqlite3' } } },
      KeyManager: { disk: { plugin_data: { keys_path: '/run/spire/data/keys.json' } } },
    });
  });

  test('gets its CA through the agent in its own pod', () => {
    const { socket_path } = (upstreamAgent as { agent: { socket_path: string } }).agent;
    expect(server).toMatchObject({
      plugins: { UpstreamAuthority: { spire: { plugin_data: { workload_api_socket: socket_path } } } },
    });
  });

  test('attests nobody by a token that an API server, which may be in the cloud, would have to review', () => {
    const attestors = ({ plugins }: Readonly<Record<string, unknown>>): readonly string[] =>
      Object.keys((plugins as { readonly NodeAttestor: object }).NodeAttestor);
    expect(attestors(server)).toEqual(['x509pop', 'join_token']);
    expect(attestors(agent)).toEqual(['x509pop', 'join_token']);
    expect(attestors(upstreamAgent)).toEqual(['x509pop']);
  });

  test('names an agent by its certificate, and expects it of the cloud too', () => {
    const template = '/{{ .PluginName }}/{{ .Subject.CommonName }}';
    expect(server).toMatchObject({
      plugins: { NodeAttestor: { x509pop: { plugin_data: { agent_path_template: template } } } },
    });
    expect(textOf('examples/site.yaml')).toContain(`agent_path_template = "${template}"`);
    expect(site).toMatchObject({ spec: { parentID: 'spiffe://example.org/spire/agent/x509pop/site-north' } });
    expect(unixWorker).toMatchObject({
      spec: { parentID: 'spiffe://example.org/spire/agent/x509pop/node-a' },
    });
  });

  test('lets the controller manager speak to its server', () => {
    const { socket_path } = (server as { server: { socket_path: string } }).server;
    expect(controllerManager).toMatchObject({
      spireServerSocketPath: socket_path,
      entryIDPrefix: '${CLUSTER}',
    });
  });
});
