// SPIFFE's own CSI driver has the name csi.spiffe.io. Where it is, that of the development identity must not come over it.
import { access, mkdtemp, readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { loadService } from '../../../src/identity/grpc/proto.ts';
import { GrpcServer } from '../../../src/identity/grpc/server.ts';
import { ApiFailure, type KubeObject } from '../../cluster/api-client.ts';
import { driverSocket, nodePluginProgram, registrationSocket } from '../../cluster/node-plugin-program.ts';
import { RunningPrograms } from '../../cluster/programs.ts';
import { spiffeCsiDriver } from '../../cluster/spiffe-csi-driver.ts';
import { controlPlane, describeOnCluster } from '../../cluster/suite.ts';
import { call } from '../../support/csi-call.ts';

const objects = join(import.meta.dirname, '../../../deploy/components/development-identity/objects');
const drivers = '/apis/storage.k8s.io/v1/csidrivers';
const path = `${drivers}/csi.spiffe.io`;

describeOnCluster('the CSIDriver object csi.spiffe.io', () => {
  const plane = controlPlane();
  let ours: object;

  beforeEach(async () => {
    ours = parse(await readFile(join(objects, 'csi-driver.yaml'), 'utf8')) as object;
  });
  afterEach(() => plane().admin.delete(path));

  /** What two objects of one name come to when a person applies one over the other. */
  const ways = {
    'kubectl apply': (object: object) =>
      plane().admin.request('PATCH', path, object, 'application/strategic-merge-patch+json'),
    'kubectl apply --server-side --force-conflicts': (object: object) =>
      plane().admin.request(
        'PATCH',
        `${path}?fieldManager=kubectl&force=true`,
        object,
        'application/apply-patch+yaml',
      ),
  };

  test.each(Object.entries(ways))("of SPIFFE's own driver is not changed by %s of ours", async (_, apply) => {
    const before = await plane().admin.create(drivers, spiffeCsiDriver);
    await expectImmutable(apply(ours));
    expect(await plane().admin.get(path)).toEqual(before);
  });

  test.each<[string, object]>([
    ['as it is', {}],
    ['with our label and all of our fields that can be merged', { label: true }],
  ])(
    "of SPIFFE's own driver, %s, keeps our node plugin from starting",
    async (_, { label }: { label?: true }) => {
      await plane().admin.create(drivers, spiffeCsiDriver);
      if (label === true) await plane().admin.patch(path, mergeable(ours));
      const folder = await mkdtemp(join(tmpdir(), 'fs-driver-'));
      const theirs = await startTheirs(join(folder, driverSocket));
      const { ino } = await stat(join(folder, driverSocket));
      const kubeconfig = await plane().kubeconfig('node-plugin', ['system:masters']);
      const programs = new RunningPrograms({
        folder,
        programs: [await nodePluginProgram(folder, kubeconfig)],
      });
      try {
        expect(await programs.ends('node-plugin')).toBe(1);
        expect(await programs.log('node-plugin')).toMatch(
          /\[driver-mismatch\] CSIDriver csi\.spiffe\.io: .*another driver has the name.*scripts\/prune --overlay development/,
        );
        // Theirs is at work as before, and kubelet has heard of no other.
        expect((await stat(join(folder, driverSocket))).ino).toBe(ino);
        expect(await call(join(folder, driverSocket), 'csi.v1.Identity', 'GetPluginInfo', {})).toMatchObject({
          vendor_version: 'theirs',
        });
        await expect(access(join(folder, registrationSocket))).rejects.toMatchObject({ code: 'ENOENT' });
      } finally {
        await theirs.close();
        await programs.close();
      }
    },
  );
});

async function expectImmutable(answer: Promise<unknown>): Promise<void> {
  const refusal = await answer.catch((thrown: unknown) => thrown);
  expect(refusal).toBeInstanceOf(ApiFailure);
  expect(refusal).toMatchObject({
    status: 422,
    message: expect.stringMatching(/spec\.volumeLifecycleModes: .*field is immutable/),
  });
}

/** The object without what the API server never takes. */
function mergeable(object: object): object {
  const { metadata, spec } = object as KubeObject & { readonly spec: Readonly<Record<string, unknown>> };
  const { volumeLifecycleModes: _, ...rest } = spec;
  return { metadata: { labels: metadata.labels }, spec: rest };
}

/** A driver that serves on the socket of the real one. */
function startTheirs(socket: string): Promise<GrpcServer> {
  const info = { name: 'csi.spiffe.io', vendor_version: 'theirs' };
  return GrpcServer.startOnSocket(socket, [
    {
      definition: loadService('csi.v1.Identity'),
      handlers: { GetPluginInfo: (_, answer) => answer(null, info) },
    },
  ]);
}
