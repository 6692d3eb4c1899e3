import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { describeInstalled } from '../../cluster/node/installed.ts';
import { spiffeCsiDriver } from '../../cluster/spiffe-csi-driver.ts';
import { describeOnNode, repository, useNode } from './use-node.ts';

// Pods start and end; on a busy machine that takes its time.
jest.setTimeout(300_000);

describeOnNode('overlay development on a real kubelet', () => {
  const { node, beside, expectNothingLeft } = useNode();

  describe("where SPIFFE's own driver has the name csi.spiffe.io", () => {
    const overlay = join(repository, 'deploy/overlays/development');
    const driver = (): Promise<unknown> => node().kubectl.json('csidriver', 'csi.spiffe.io');
    let before: unknown;

    beforeAll(async () => {
      await node().kubectl.apply(spiffeCsiDriver);
      before = await driver();
    });
    afterAll(async () => {
      await node().kubectl.run('delete', 'csidriver', 'csi.spiffe.io');
    });

    test('refuses the driver, and its node plugin serves nothing', async () => {
      await expect(node().kubectl.run('apply', '-k', overlay)).rejects.toThrow(
        /spec\.volumeLifecycleModes: .*field is immutable/,
      );
      expect(await driver()).toEqual(before);
      await node().kubectl.until('the node plugin has said so', async () => {
        const plugin = 'daemonset/featureseal-identity-node-plugin';
        const log = await node().kubectl.run('-n', 'featureseal-identity', 'logs', plugin);
        return log.includes('[driver-mismatch] CSIDriver csi.spiffe.io');
      });
      expect(JSON.stringify(await node().kubectl.json('csinode', node().name))).not.toContain(
        'csi.spiffe.io',
      );
      expect(await node().run('ls', '/var/lib/kubelet/plugins/csi.spiffe.io')).toBe('');
    });

    test('is pruned without the driver of the other', async () => {
      await prune();
      expect(await driver()).toEqual(before);
      expect(await node().kubectl.run('get', 'namespaces')).not.toContain('featureseal');
    });
  });

  describe('where nobody else has that name', () => {
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
      await prune('--crds');
      await expectNothingLeft();
    });
  });

  async function prune(...flags: readonly string[]): Promise<void> {
    const script = [join(repository, 'scripts/prune'), '--overlay', 'development', ...flags];
    await beside(script);
  }

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
