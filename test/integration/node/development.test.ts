import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { describeInstalled } from '../../cluster/node/installed.ts';
import { run } from '../../cluster/node/kubectl.ts';
import { RealNode } from '../../cluster/node/real-node.ts';

const bin = process.env['FEATURESEAL_NODE_BIN'];
const image = process.env['FEATURESEAL_NODE_IMAGE'];
const describeOnNode = bin === undefined || image === undefined ? describe.skip : describe;
const repository = join(import.meta.dirname, '../../..');

// Pods start and end; on a busy machine that takes its time.
jest.setTimeout(300_000);

describeOnNode('overlay development on a real kubelet', () => {
  let started: RealNode | undefined;
  const node = (): RealNode => {
    if (started === undefined) throw new TypeError('the node did not start');
    return started;
  };
  beforeAll(async () => {
    started = await RealNode.start(bin ?? '');
    await started.loadImage(image ?? '');
  });
  afterAll(async () => {
    await started?.close();
  });

  describeInstalled('development', () => node().kubectl);

  test('keeps one socket a pod, and its volume, over three restarts of kubelet', async () => {
    const pods = await podsWithVolume();
    for (let round = 0; round < 3; round += 1) {
      await node().restart('kubelet');
      // A pod that starts shows that this kubelet is at work.
      await node().kubectl.run(
        'run',
        `round-${round}`,
        '--image=localhost/featureseal:dev',
        '--restart=Never',
        '--',
        '--version',
      );
      await node().kubectl.run(
        'wait',
        '--for=jsonpath={.status.phase}=Succeeded',
        `pod/round-${round}`,
        '--timeout=120s',
      );
      await node().kubectl.run('delete', 'pod', `round-${round}`);
    }
    expect(await podsWithVolume()).toEqual(pods);
    expect(await listeners()).toBe(pods.length);
  });

  test('leaves nothing behind when it is pruned', async () => {
    const [, ...entrance] = node().entrance;
    await run(
      'nsenter',
      [...entrance, join(repository, 'scripts/prune'), '--overlay', 'development', '--crds'],
      {
        env: {
          ...process.env,
          PATH: `${bin ?? ''}:${process.env['PATH'] ?? ''}`,
          KUBECONFIG: node().kubeconfig,
        },
      },
    );
    const { metadata } = await node().kubectl.json<{ metadata: unknown }>('node', node().name);
    expect(JSON.stringify(metadata)).not.toMatch(/feature\.node\.kubernetes\.io|featureseal|nfd\.node/);
    const left = await node().kubectl.run(
      'get',
      'pods,crds,csidrivers,clusterroles,clusterrolebindings,namespaces',
      '-A',
    );
    expect(left).not.toMatch(/featureseal|nfd\.k8s-sigs|csi\.spiffe\.io/);
    expect(await node().run('cat', '/proc/mounts')).not.toContain('kubernetes.io~csi');
  });

  /** UID and restarts of each pod that has a socket. */
  async function podsWithVolume(): Promise<readonly string[]> {
    const path =
      'jsonpath={range .items[*]}{.metadata.uid}{" "}{.status.containerStatuses[0].restartCount}{"\\n"}{end}';
    const text = await node().kubectl.run('-n', 'featureseal', 'get', 'pods', '-o', path);
    return text.trim().split('\n').toSorted();
  }

  /** How many Workload API sockets the node plugin listens on. */
  async function listeners(): Promise<number> {
    const script = `for process in /proc/[0-9]*; do
      if tr '\\0' ' ' <"$process/cmdline" | grep -q 'identity node-plugin --config'; then cat "$process/net/unix"; fi
    done 2>/dev/null`;
    const sockets = await node().run('sh', '-c', script);
    return sockets
      .split('\n')
      .filter((line) => line.endsWith('/spire-agent.sock') && line.includes(' 00010000 ')).length;
  }
});
