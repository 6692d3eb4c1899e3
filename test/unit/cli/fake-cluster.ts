// A cluster for commands: a fake API server with a kubeconfig, and what an overlay would have put there.
import { writeFile } from 'node:fs/promises';
import { afterEach, beforeEach } from '@jest/globals';
import type { CliContext } from '../../../src/cli/context.ts';
import { runCommandLine, type Outcome } from '../../support/cli-context.ts';
import { kubeconfigOf } from '../../support/fake-api/kubeconfig.ts';
import { FakeApiServer, type ApiObject } from '../../support/fake-api-server.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

export interface FakeCluster {
  readonly server: FakeApiServer;
  readonly kubeconfig: string;
  /** A file beside the kubeconfig. */
  readonly path: (name: string) => string;
  readonly put: (collection: string, object: ApiObject) => ApiObject;
  /** Runs a command with this cluster's kubeconfig in its environment. */
  readonly run: (args: readonly string[], overrides?: Partial<CliContext>) => Promise<Outcome>;
}

export const nodesPath = '/api/v1/nodes';
export const nodeFeaturesPath = '/apis/nfd.k8s-sigs.io/v1alpha1/nodefeatures';
export const eventsPath = '/api/v1/events';

/** Call it where tests are described. */
export function fakeCluster(): () => FakeCluster {
  const path = temporaryFolder();
  let cluster: FakeCluster | undefined;
  beforeEach(async () => {
    const server = await FakeApiServer.start();
    const kubeconfig = path('kubeconfig');
    await writeFile(kubeconfig, JSON.stringify(kubeconfigOf(server)));
    cluster = {
      server,
      kubeconfig,
      path,
      put: (collection, object) => server.objects.put(collection, object),
      run(args, overrides = {}) {
        const env = { KUBECONFIG: kubeconfig, ...overrides.env };
        return runCommandLine(args, { ...overrides, env });
      },
    };
  });
  afterEach(() => cluster?.server.close());
  return () => {
    if (cluster === undefined) throw new Error('only inside a test');
    return cluster;
  };
}

/** The master's Deployment and its ConfigMap, as the manifests make them. */
export function installMaster(
  { put }: FakeCluster,
  {
    policy,
    config = '',
    args = [],
  }: { readonly policy: string; readonly config?: string; readonly args?: readonly string[] },
): void {
  put('/api/v1/configmaps', {
    metadata: { name: 'master-config', namespace: 'featureseal' },
    data: {
      'policy.yaml': policy,
      'master.yaml': `policy: /etc/featureseal/policy.yaml\nleaderElection: true\n${config}`,
    },
  });
  const container = {
    name: 'master',
    image: 'featureseal',
    args: ['master', '--config', '/etc/featureseal/master.yaml', ...args],
    volumeMounts: [{ name: 'config', mountPath: '/etc/featureseal' }],
  };
  put('/apis/apps/v1/deployments', {
    metadata: { name: 'featureseal-master', namespace: 'featureseal', labels: componentLabels('master') },
    spec: {
      replicas: 2,
      template: {
        spec: {
          serviceAccountName: 'featureseal-master',
          containers: [container],
          volumes: [{ name: 'config', configMap: { name: 'master-config' } }],
        },
      },
    },
    status: { readyReplicas: 2, updatedReplicas: 2 },
  });
}

export function componentLabels(component: string): Record<string, string> {
  return { 'app.kubernetes.io/name': 'featureseal', 'app.kubernetes.io/component': component };
}
