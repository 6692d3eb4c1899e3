import { expect, test } from '@jest/globals';
import { namespace, type InstalledCluster } from './installed-cluster.ts';

/** What an identity comes through, and the label of its pods. */
interface Part {
  readonly namespace: string;
  readonly workload: string;
  readonly label: string;
}

const spirePart = (inNamespace: string, kind: string, name: string): Part => ({
  namespace: inNamespace,
  workload: `${kind}/${name}`,
  label: `app.kubernetes.io/name=${name}`,
});

const spireParts: readonly Part[] = [
  spirePart('spire-server', 'statefulset', 'spire-server'),
  spirePart('spire-system', 'daemonset', 'spire-agent'),
  spirePart('spiffe-csi', 'daemonset', 'spiffe-csi-driver'),
];

/** By overlay. Elsewhere they are somebody's own, and are left alone. */
const parts: Readonly<Record<string, readonly Part[]>> = {
  development: [
    {
      namespace: 'featureseal-identity',
      workload: 'daemonset/featureseal-identity-node-plugin',
      label: 'app.kubernetes.io/component=node-plugin',
    },
  ],
  spire: spireParts,
  ha: spireParts,
  // With its server in the cloud there or away: the site must not notice.
  edge: spireParts,
};

/** What holds of the identities that an overlay brings. */
export function describeIdentities(overlay: string, installed: InstalledCluster): void {
  const ofOverlay = parts[overlay] ?? [];

  for (const part of ofOverlay) {
    test(`keeps every label while ${part.workload} is replaced, and identities come as before`, async () => {
      const before = await installed.ownLabels();
      await installed.kubectl('-n', part.namespace, 'delete', 'pods', '-l', part.label);
      await installed.rollout(part.namespace, part.workload);
      await installed.replaceWorkers();
      expect(await installed.ownLabels()).toEqual(before);
    });
  }

  const testOfSpire = ofOverlay === spireParts ? test : test.skip;
  testOfSpire("needs SPIRE's server neither to take over nor to put a label back", async () => {
    const before = await installed.ownLabels();
    const server = (replicas: number): Promise<string> =>
      installed.kubectl('-n', 'spire-server', 'scale', 'statefulset/spire-server', `--replicas=${replicas}`);
    const replicas = Number(
      await installed.kubectl(
        ...['-n', 'spire-server', 'get', 'statefulset/spire-server', '-o', 'jsonpath={.spec.replicas}'],
      ),
    );
    await server(0);
    try {
      await installed.kubectl(
        '-n',
        'spire-server',
        'wait',
        '--for=delete',
        'pod/spire-server-0',
        '--timeout=60s',
      );
      await installed.kubectl('-n', namespace, 'delete', 'pods', '-l', 'app.kubernetes.io/component=master');
      await installed.rollout(namespace, 'deployment/featureseal-master');
      await installed.kubectl(
        'label',
        'node',
        installed.node,
        'feature.node.kubernetes.io/kernel-version.full-',
      );
      await installed.until('the new master has put the label back', async () => {
        return (await installed.ownLabels()).length === before.length;
      });
      expect(await installed.ownLabels()).toEqual(before);
    } finally {
      await server(replicas);
      await installed.rollout('spire-server', 'statefulset/spire-server');
    }
  });

  // In somebody's own SPIRE it may have an identity, though never a worker's.
  const testOfOurs = ofOverlay.length > 0 ? test : test.skip;
  testOfOurs("gives no identity to a pod that has all of a worker's but its service account", async () => {
    const image = await installed.kubectl(
      ...['-n', namespace, 'get', 'daemonset/featureseal-worker'],
      ...['-o', 'jsonpath={.spec.template.spec.containers[0].image}'],
    );
    const job = ['-n', namespace, 'job/impostor'] as const;
    const log = (): Promise<string> => installed.kubectl('logs', ...job);
    const refusals = async (): Promise<number> => (await log()).split('workload-api-denied').length - 1;
    await installed.cluster.apply(impostor(image));
    try {
      await installed.until('the impostor was refused', async () => (await refusals()) > 0);
      // An identity may come late. A pod that is younger than it gets its own, and still it is refused.
      await installed.replaceWorkers();
      const heard = await refusals();
      await installed.until('the impostor was refused again', async () => (await refusals()) > heard);
      expect(await log()).not.toContain('spiffe://');
    } finally {
      await installed.kubectl('delete', ...job, '--cascade=foreground', '--timeout=60s');
    }
  });
}

/** Labels and container as the worker's, of the same image, which the nodes have. A Job, or the DaemonSet would adopt it. */
const impostor = (image: string) => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'impostor', namespace },
  spec: {
    template: {
      metadata: {
        labels: { 'app.kubernetes.io/name': 'featureseal', 'app.kubernetes.io/component': 'worker' },
      },
      spec: {
        serviceAccountName: 'default',
        restartPolicy: 'Never',
        terminationGracePeriodSeconds: 2,
        dnsPolicy: 'Default',
        containers: [
          {
            name: 'worker',
            image,
            imagePullPolicy: 'IfNotPresent',
            args: ['svid', '--watch'],
            env: [{ name: 'SPIFFE_ENDPOINT_SOCKET', value: 'unix:///spiffe-workload-api/spire-agent.sock' }],
            volumeMounts: [{ name: 'spiffe', mountPath: '/spiffe-workload-api', readOnly: true }],
          },
        ],
        volumes: [{ name: 'spiffe', csi: { driver: 'csi.spiffe.io', readOnly: true } }],
      },
    },
  },
});
