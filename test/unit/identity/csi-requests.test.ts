import { lstat, mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { describe, expect, test } from '@jest/globals';
import { clusterRig, workloadOf } from './cluster-rig.ts';
import { eventually, kubeletOf, some, unpublishMessage } from './kubelet.ts';

const rig = clusterRig();
const { node, targetOf, publishMessage, published } = kubeletOf(rig);

describe('NodePublishVolume refuses', () => {
  type Message = ReturnType<typeof publishMessage>;
  const context = (key: string) => (message: Message) => {
    const { [`csi.storage.k8s.io/${key}`]: _, ...rest } = message.volume_context;
    return { volume_context: rest };
  };

  test.each<[string, string, (message: Message) => object]>([
    ['no volume ID', 'volume_id: is required', () => ({ volume_id: '' })],
    ['no path', 'target_path: is required', () => ({ target_path: '' })],
    [
      'a path that is not absolute',
      'target_path: is not absolute and plain',
      () => ({ target_path: 'x/mount' }),
    ],
    ['a path with ..', 'target_path: is not absolute and plain', () => ({ target_path: '/var/../etc' })],
    ['no capability', 'volume_capability: is required', () => ({ volume_capability: undefined })],
    [
      'no access type',
      'access must be by a mount',
      () => ({ volume_capability: { access_mode: { mode: 1 } } }),
    ],
    [
      'block access',
      'access must be by a mount',
      () => ({ volume_capability: { block: {}, access_mode: { mode: 1 } } }),
    ],
    ['no access mode', 'must be SINGLE_NODE_WRITER', () => ({ volume_capability: { mount: {} } })],
    [
      'another access mode',
      'SINGLE_NODE_WRITER',
      () => ({ volume_capability: { mount: {}, access_mode: { mode: 'MULTI_NODE_MULTI_WRITER' } } }),
    ],
    [
      'mount options',
      'a simple mount',
      () => ({ volume_capability: { mount: { mount_flags: ['suid'] }, access_mode: { mode: 1 } } }),
    ],
    ['a volume to write to', 'pod.spec.volumes[].csi.readOnly must be true', () => ({ readonly: false })],
    ['a volume that is not inline', 'only ephemeral', context('ephemeral')],
    ['no name of the pod', 'podInfoOnMount', context('pod.name')],
    ['no namespace', 'podInfoOnMount', context('pod.namespace')],
    ['no UID', 'podInfoOnMount', context('pod.uid')],
    ['no service account', 'podInfoOnMount', context('serviceAccount.name')],
    ['no tokens', 'tokenRequests', context('serviceAccount.tokens')],
    [
      'tokens that are not JSON',
      'tokenRequests',
      ({ volume_context }) => ({
        volume_context: { ...volume_context, 'csi.storage.k8s.io/serviceAccount.tokens': '{' },
      }),
    ],
    [
      'a token for another audience',
      'tokenRequests',
      ({ volume_context }) => ({
        volume_context: {
          ...volume_context,
          'csi.storage.k8s.io/serviceAccount.tokens': '{"x":{"token":"a.b.c"}}',
        },
      }),
    ],
  ])('%s, and names plugin and path', async (_, why, change) => {
    const targetPath = await targetOf();
    const message = publishMessage(targetPath);
    const changed = change(message);
    const where = 'target_path' in changed || 'volume_id' in changed ? '' : `${targetPath}: `;
    await expect(node('NodePublishVolume', { ...message, ...changed })).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringContaining(`csi.spiffe.io: [volume-invalid] ${where}`),
      message: expect.stringContaining(why),
    });
    await expect(lstat(targetPath)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('a link in the place of the folder, and names plugin and path', async () => {
    const targetPath = await targetOf();
    await mkdir(rig().path('elsewhere'));
    await symlink(rig().path('elsewhere'), targetPath);
    const details = expect.stringContaining(`csi.spiffe.io: [file-unwritable] ${targetPath}`);
    await expect(node('NodePublishVolume', publishMessage(targetPath))).rejects.toMatchObject({ details });
    expect(await readdir(rig().path('elsewhere'))).toEqual([]);
  });
});

describe('NodePublishVolume', () => {
  test('takes the token from the secrets, where newer kubelets put it, before that of the volume', async () => {
    const targetPath = await targetOf();
    const key = 'csi.storage.k8s.io/serviceAccount.tokens';
    const secrets = { [key]: publishMessage(targetPath).volume_context[key] };
    await node('NodePublishVolume', { ...publishMessage(targetPath, 'of.nobody.known'), secrets });
    expect(await eventually(await workloadOf(targetPath), some)).toHaveLength(1);
  });
});

describe('NodeUnpublishVolume', () => {
  test('takes socket and folder away', async () => {
    const { targetPath } = await published();
    await node('NodeUnpublishVolume', unpublishMessage(targetPath));
    await expect(lstat(targetPath)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('is content with what is gone, or never was', async () => {
    const { targetPath } = await published();
    for (let time = 0; time < 2; time += 1) await node('NodeUnpublishVolume', unpublishMessage(targetPath));
    await node('NodeUnpublishVolume', unpublishMessage('/nowhere/at/all'));
    const { targetPath: again } = await published();
    await rm(again, { recursive: true });
    await node('NodeUnpublishVolume', unpublishMessage(again));
  });

  test('removes what an earlier process left', async () => {
    const { targetPath } = await published();
    await rig().startPlugin();
    await node('NodeUnpublishVolume', unpublishMessage(targetPath));
    await expect(lstat(targetPath)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test("leaves what is not the driver's, and says where", async () => {
    const { targetPath } = await published();
    await writeFile(join(targetPath, 'precious'), '');
    const details = expect.stringContaining(targetPath);
    await expect(node('NodeUnpublishVolume', unpublishMessage(targetPath))).rejects.toMatchObject({
      details,
    });
    expect(await readdir(targetPath)).toEqual(['precious']);
  });

  test.each([
    ['no volume ID', { volume_id: '', target_path: '/x' }],
    ['no path', { volume_id: 'x', target_path: '' }],
  ])('refuses %s', async (_, message) => {
    await expect(node('NodeUnpublishVolume', message)).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
    });
  });
});
