import { lstat, open, readdir, readFile, rename, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { describe, expect, test } from '@jest/globals';
import type { X509Svid } from '../../../src/spiffe/types.ts';
import { verifyX509Svid } from '../../../src/spiffe/verify-svid.ts';
import { reasonOf } from '../../support/reason.ts';
import { clusterRig, hourMs, RunningAuthority, workerClaims, workerId, workloadOf } from './cluster-rig.ts';
import { eventually, kubeletOf, none, some } from './kubelet.ts';

const rig = clusterRig();
const { node, targetOf, publishMessage, published } = kubeletOf(rig);

describe('a published volume', () => {
  test("brings the pod its own node's identity, by a path of any length and without a mount", async () => {
    const { targetPath, workload, svid } = await published();
    expect(Buffer.byteLength(targetPath)).toBeGreaterThan(108);
    expect(svid.spiffeId).toBe(workerId);
    const bundles = await workload.fetchX509Bundles();
    expect(bundles).toEqual(rig().authority.authority.bundles());
    await verifyX509Svid({ chain: svid.chain, bundles, now: new Date() });
    expect(await readFile('/proc/self/mountinfo', 'utf8')).not.toContain(targetPath);
  });

  test('can be used by a pod that runs as any user', async () => {
    const { targetPath } = await published();
    expect((await stat(targetPath)).mode & 0o777).toBe(0o755);
    expect((await stat(join(targetPath, 'spire-agent.sock'))).mode & 0o777).toBe(0o666);
  });

  test('takes the token from the secrets, where the driver asks for it there', async () => {
    const targetPath = await targetOf();
    const message = publishMessage(targetPath);
    const key = 'csi.storage.k8s.io/serviceAccount.tokens';
    const { [key]: tokens = '', ...context } = message.volume_context;
    await node('NodePublishVolume', { ...message, secrets: { [key]: tokens }, volume_context: context });
    expect(await eventually(await workloadOf(targetPath), some)).toMatchObject([{ spiffeId: workerId }]);
  });

  test('stays the same socket and SVID when it is published again', async () => {
    const { targetPath, workload, svid } = await published();
    const before = await lstat(join(targetPath, 'spire-agent.sock'));
    for (let time = 0; time < 3; time += 1) await node('NodePublishVolume', publishMessage(targetPath));
    expect((await lstat(join(targetPath, 'spire-agent.sock'))).ino).toBe(before.ino);
    expect((await workload.fetchX509Svids())[0]?.chain).toEqual(svid.chain);
    expect(await readdir(targetPath)).toEqual(['spire-agent.sock']);
  });

  test('is made once, however many ask at the same time', async () => {
    const targetPath = await targetOf();
    const message = publishMessage(targetPath);
    await Promise.all([1, 2, 3].map(() => node('NodePublishVolume', message)));
    expect(await eventually(await workloadOf(targetPath), some)).toHaveLength(1);
  });

  test('is not given to another volume or pod', async () => {
    const { targetPath } = await published();
    const other = { ...publishMessage(targetPath), volume_id: 'csi-other' };
    await expect(node('NodePublishVolume', other)).rejects.toMatchObject({ code: status.ALREADY_EXISTS });
  });

  test('rotates at half of the life, with the newest token', async () => {
    const { targetPath, workload, svid } = await published();
    const token = rig().api.token(workerClaims);
    await node('NodePublishVolume', publishMessage(targetPath, token));
    const seen = rig().api.reviewed;
    while (seen.length > 0) await seen.next();
    await rig().clock.sleeping((svid.notAfter.getTime() - rig().clock.now()) / 2);
    rig().clock.advance(hourMs / 2);
    await eventually(workload, ([now]) => now !== undefined && !isSameLeaf(now, svid));
    await seen.next();
    expect(await seen.next()).toBe(token);
  });

  test('comes back after a restart of the plugin, when kubelet publishes again', async () => {
    const { targetPath } = await published();
    await rig().startPlugin();
    await node('NodePublishVolume', publishMessage(targetPath));
    expect(await eventually(await workloadOf(targetPath), some)).toMatchObject([{ spiffeId: workerId }]);
  });

  test('comes back after the plugin was killed: a socket that nobody serves is replaced', async () => {
    const { targetPath } = await published();
    await rig().plugin.close();
    await leaveSocket(targetPath);
    await rig().startPlugin();
    await node('NodePublishVolume', publishMessage(targetPath));
    expect(await eventually(await workloadOf(targetPath), some)).toMatchObject([{ spiffeId: workerId }]);
  });

  test('gets a new SVID as soon as the bundle of another authority arrives', async () => {
    const { workload } = await published();
    const { client, authority } = rig();
    await authority.close();
    rig().authority = await RunningAuthority.start(client, authority.port);
    await rig().authority.keeper.round(new AbortController().signal);
    await rig().mountBundle();
    const stop = new AbortController();
    const running = rig().plugin.run(stop.signal);
    const bundles = rig().authority.authority.bundles();
    const [svid] = await eventually(workload, ([now]) => now?.bundle.length === 1 && isUnder(now, bundles));
    await verifyX509Svid({ chain: svid?.chain ?? [], bundles, now: new Date() });
    stop.abort();
    await running;
  });
});

/** What a killed process leaves: a socket file without a listener. */
async function leaveSocket(folder: string): Promise<void> {
  const handle = await open(folder);
  const listener = createServer();
  await new Promise<void>((resolve) => listener.listen(`/proc/self/fd/${handle.fd}/left`, resolve));
  await rename(join(folder, 'left'), join(folder, 'spire-agent.sock'));
  await new Promise((resolve) => listener.close(resolve));
  await handle.close();
}

function isSameLeaf(a: X509Svid, b: X509Svid): boolean {
  return Buffer.from(a.chain[0] ?? []).equals(Buffer.from(b.chain[0] ?? []));
}

function isUnder(svid: X509Svid, bundles: ReadonlyMap<string, readonly Uint8Array[]>): boolean {
  return Buffer.from(svid.bundle[0] ?? []).equals(bundles.get('example.org')?.[0] ?? new Uint8Array());
}

describe('a pod that is not attested', () => {
  const stranger = { ...workerClaims, serviceAccount: 'default', podName: 'stranger' };

  test('has bundles, and PermissionDenied instead of an SVID', async () => {
    const targetPath = await targetOf();
    await node('NodePublishVolume', publishMessage(targetPath, rig().api.token(stranger), stranger));
    expect(await rig().problems.next()).toBe('authority-refused');
    const workload = await workloadOf(targetPath);
    expect(await reasonOf(() => workload.fetchX509Svids())).toBe('workload-api-denied');
    expect(await workload.fetchX509Bundles()).toEqual(rig().authority.authority.bundles());
  });

  test('gets its SVID with the first token that is accepted', async () => {
    const targetPath = await targetOf();
    await node('NodePublishVolume', publishMessage(targetPath, 'a.b.c'));
    expect(await rig().problems.next()).toBe('authority-refused');
    await node('NodePublishVolume', publishMessage(targetPath));
    expect(await eventually(await workloadOf(targetPath), some)).toMatchObject([{ spiffeId: workerId }]);
  });

  test('loses the SVID that it had', async () => {
    const { targetPath, workload, svid } = await published();
    await node('NodePublishVolume', publishMessage(targetPath, 'a.b.c'));
    await rig().clock.sleeping((svid.notAfter.getTime() - rig().clock.now()) / 2);
    rig().clock.advance(hourMs / 2);
    await eventually(workload, none);
  });

  test('keeps the SVID that it has while the API server is away', async () => {
    const { workload, svid } = await published();
    rig().api.failure = 500;
    await rig().clock.sleeping((svid.notAfter.getTime() - rig().clock.now()) / 2);
    rig().clock.advance(hourMs / 2);
    expect(await rig().problems.next()).toBe('authority-unavailable');
    expect((await workload.fetchX509Svids())[0]?.chain).toEqual(svid.chain);
  });
});
