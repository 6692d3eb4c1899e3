import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { temporaryFolder } from '../support/temporary-folder.ts';
import {
  configFile,
  describeRendered,
  find,
  manifestsOf,
  podOf,
  renderedOver,
  renderedText,
  renderedWith,
  workloads,
  type Manifest,
  type Workload,
} from './manifests.ts';
import { rightsOf } from './rights.ts';
import { containerOf, variables } from './spire/containers.ts';

const socketFolder = '/run/spire/agent-sockets';
const example = (name: string): unknown =>
  parse(readFileSync(join(import.meta.dirname, '../../spire-config/edge/examples', name), 'utf8'));

/** Workloads whose pods see the folder of the agent's socket on their host. */
function holdersOfSocket(manifests: readonly Manifest[]): readonly string[] {
  return workloads(manifests)
    .filter((each) => podOf(each).volumes?.some(({ hostPath }) => hostPath?.path === socketFolder))
    .map(({ metadata }) => metadata.name)
    .toSorted();
}

describeRendered('overlay edge', () => {
  const path = temporaryFolder();
  const text = renderedText('edge');
  const manifests = manifestsOf(text);
  const server = (): Workload => find(manifests, 'StatefulSet', 'spire-server') as Workload;
  const upstreamAgent = () => containerOf(manifests, 'upstream-agent');

  test('has no placeholder left', () => {
    for (const placeholder of ['from-settings', 'from-the-agents', 'featureseal-settings'])
      expect(text).not.toContain(placeholder);
  });

  test('says trust domain, cluster, namespace and the server in the cloud in one place each', () => {
    const settings = {
      trustDomain: 'td.test',
      cluster: 'berlin',
      namespace: 'seals',
      spireClass: 'berlin-class',
      upstreamAddress: 'up.test',
      upstreamPort: '443',
    };
    const changed = renderedWith('edge', settings, path('deploy'));
    const other = manifestsOf(changed);
    for (const shipped of ['example.org', 'demo', 'spire.cloud.example'])
      expect(changed).not.toContain(shipped);
    const upstream = { TRUST_DOMAIN: 'td.test', UPSTREAM_ADDRESS: 'up.test', UPSTREAM_PORT: '443' };
    for (const name of ['spire-server', 'upstream-agent'])
      expect(variables(containerOf(other, name))).toMatchObject(upstream);
    expect(other.filter(({ metadata }) => metadata.namespace === 'seals').length).toBeGreaterThan(5);
  });

  test('uses in its configuration each variable that its pods have, and no other', () => {
    const used = (map: string, file: string): readonly string[] =>
      [...new Set(configFile(manifests, map, file).match(/(?<=\$\{)[A-Z_]+/g))].toSorted();
    const given = (name: string): readonly string[] =>
      Object.keys(variables(containerOf(manifests, name))).toSorted();
    const but = (names: readonly string[], unused: string): readonly string[] =>
      names.filter((name) => name !== unused);
    expect(given('spire-server')).toEqual(used('spire-server-config', 'server.conf'));
    expect(given('upstream-agent')).toEqual(used('spire-server-config', 'upstream-agent.conf'));
    expect(but(given('spire-agent'), 'NODE_IP')).toEqual(used('spire-agent-config', 'agent.conf'));
    expect(but(given('spire-controller-manager'), 'ENABLE_WEBHOOKS')).toEqual(
      used('spire-server-config', 'controller-manager.yaml'),
    );
  });

  test('keeps the socket to the cloud in the pod of the server', () => {
    const { volumes = [], shareProcessNamespace } = podOf(server());
    // The agent knows the server by the process that asks.
    expect(shareProcessNamespace).toBe(true);
    expect(volumes).toContainEqual({ name: 'upstream', emptyDir: {} });
    expect(volumes.filter(({ hostPath }) => hostPath !== undefined)).toEqual([]);
    const mounts = (name: string) =>
      containerOf(manifests, name).volumeMounts?.filter((mount) => mount.name === 'upstream');
    expect(mounts('spire-server')).toHaveLength(1);
    expect(mounts('spire-controller-manager')).toEqual([]);
  });

  test('gives a CA to the user of the server, which the agent beside it does not have', () => {
    const { runAsUser } = podOf(server()).securityContext ?? {};
    expect(example('site.yaml')).toMatchObject({
      spec: { selectors: [`unix:uid:${String(runAsUser)}`], downstream: true },
    });
    expect(upstreamAgent().securityContext?.['runAsUser']).not.toBe(runAsUser);
  });

  test('does not take the server away from its site because the cloud is', () => {
    expect(upstreamAgent()).not.toHaveProperty('readinessProbe');
  });

  test('starts the agent to the cloud again when the server did, or the server would not come back without the cloud', () => {
    const { ports, ['livenessProbe']: probe } = containerOf(manifests, 'spire-server');
    const { port, ...asked } = (probe as { readonly httpGet: { readonly port: string } }).httpGet;
    const health = (
      ports as unknown as readonly { readonly name: string; readonly containerPort: number }[]
    ).find(({ name }) => name === port);
    const httpGet = { ...asked, port: health?.containerPort };
    const follows = { httpGet, periodSeconds: 5, failureThreshold: 2 };
    // A server without a CA does not answer yet, and gets none while this agent is started again and again.
    expect(upstreamAgent()).toMatchObject({
      livenessProbe: follows,
      startupProbe: { ...follows, failureThreshold: 60 },
    });
  });

  test('runs one version of the agent', () => {
    expect(upstreamAgent()['image']).toBe(containerOf(manifests, 'spire-agent')['image']);
  });

  test('proves its nodes by a certificate, and lets the server review no token', () => {
    const agent = find(manifests, 'DaemonSet', 'spire-agent') as Workload;
    expect(podOf(agent).volumes?.map(({ name }) => name)).not.toContain('token');
    expect(podOf(agent).volumes).toContainEqual({
      name: 'node-certificate',
      hostPath: { path: '/etc/spire/node', type: 'Directory' },
    });
    expect(
      rightsOf(manifests, 'spire-server', 'spire-server').filter(
        (right) => !/: (list|watch|update) /.test(right),
      ),
    ).toEqual(['spire-system: get configmaps[spire-bundle]', 'spire-system: patch configmaps[spire-bundle]']);
  });

  test('brings the socket to worker and master by csi.spiffe.io', () => {
    for (const [kind, name] of [
      ['DaemonSet', 'featureseal-worker'],
      ['Deployment', 'featureseal-master'],
    ] as const)
      expect(podOf(find(manifests, kind, name) as Workload).volumes).toContainEqual({
        name: 'spiffe-workload-api',
        csi: { driver: 'csi.spiffe.io', readOnly: true },
      });
    expect(holdersOfSocket(manifests)).toEqual(['spiffe-csi-driver', 'spire-agent']);
  });

  test('closes its namespaces, and opens health and metrics to who collects them alone', () => {
    const policies = manifests.filter(({ kind }) => kind === 'NetworkPolicy');
    const namespaces = manifests
      .filter(({ kind }) => kind === 'Namespace')
      .map(({ metadata }) => metadata.name);
    for (const namespace of namespaces)
      expect(
        policies.find(({ metadata }) => metadata.name === 'closed' && metadata.namespace === namespace),
      ).toMatchObject({ spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] } });
    const opened = policies.flatMap(
      ({ spec }) => (spec as { readonly ingress?: readonly { readonly from?: unknown }[] }).ingress ?? [],
    );
    expect(opened.length).toBeGreaterThan(5);
    for (const { from } of opened) expect(from).toHaveLength(1);
    expect(JSON.stringify(opened).match(/collects-metrics/g)).toHaveLength(5);
  });

  test('marks all as its own, which is what scripts/prune takes away', () => {
    for (const { metadata } of manifests)
      expect(metadata.labels).toMatchObject({ 'app.kubernetes.io/part-of': 'featureseal' });
  });
});

describeRendered('a component on overlay edge', () => {
  const path = temporaryFolder();
  const rendered = (component: string): readonly Manifest[] =>
    manifestsOf(renderedOver('edge', [component], path('deploy')));

  test('host-path-socket shows the folder of the socket to worker and master, and leaves the driver out', () => {
    const changed = rendered('deploy/components/host-path-socket');
    expect(holdersOfSocket(changed)).toEqual(['featureseal-master', 'featureseal-worker', 'spire-agent']);
    expect(JSON.stringify(changed)).not.toContain('csi.spiffe.io');
    expect(JSON.stringify(changed)).not.toContain('spiffe-csi"');
  });

  test('unix-attestor asks no kubelet, and leaves the entries by pod out', () => {
    const changed = rendered('spire-config/edge/unix-attestor');
    expect(variables(containerOf(changed, 'spire-agent'))).toMatchObject({ BY_KUBELET: 'false' });
    expect(rightsOf(changed, 'spire-system', 'spire-agent')).toEqual([]);
    expect(changed.filter(({ kind }) => kind === 'ClusterSPIFFEID')).toEqual([]);
    const { runAsUser, runAsGroup } =
      podOf(find(changed, 'DaemonSet', 'featureseal-worker') as Workload).securityContext ?? {};
    expect(example('unix-worker.yaml')).toMatchObject({
      spec: {
        spiffeID: 'spiffe://example.org/featureseal/worker/demo/node-a',
        selectors: [`unix:uid:${String(runAsUser)}`, `unix:gid:${String(runAsGroup)}`],
      },
    });
  });

  test('join-token keeps what it was given for the token, and hangs pods below the name that it gave', () => {
    const changed = rendered('spire-config/edge/join-token');
    expect(variables(containerOf(changed, 'spire-agent'))).toMatchObject({
      BY_CERTIFICATE: 'false',
      BY_TOKEN: 'true',
      JOIN_TOKEN_FILE: '/run/spire/node/join-token',
    });
    expect(podOf(find(changed, 'DaemonSet', 'spire-agent') as Workload).volumes).toContainEqual({
      name: 'data',
      hostPath: { path: '/var/lib/spire-agent', type: 'DirectoryOrCreate' },
    });
    expect(variables(containerOf(changed, 'spire-controller-manager'))).toMatchObject({
      PARENT_ID_TEMPLATE:
        'spiffe://{{ .TrustDomain }}/featureseal/node/{{ .ClusterName }}/{{ .NodeMeta.Name }}',
    });
  });
});
