import { z } from 'zod';
import { driverLabel, driverName } from '../../identity/node-plugin/driver.ts';
import { readObject } from '../../kube/objects.ts';
import { listDaemonSets, type Workload } from '../../kube/workloads.ts';
import { failed, notChecked, ok, warning, type Check } from './check.ts';

const driverPath = `/apis/storage.k8s.io/v1/csidrivers/${driverName}`;
const driverShape = z.object({
  metadata: z.object({ labels: z.record(z.string(), z.string()).default({}) }),
  spec: z
    .object({
      podInfoOnMount: z.boolean().default(false),
      volumeLifecycleModes: z.array(z.string()).default(['Persistent']),
    })
    .prefault({}),
});

/** The first release whose volumes survive a restart of kubelet (spiffe-csi issue 331). */
const oldestDriver = [0, 2, 12] as const;

/** How pods get the socket: the driver is known to kubelet by this object. */
export const csiDriver: Check = {
  name: 'csi-driver',
  about: 'The CSIDriver `csi.spiffe.io` is there, tells pods, and whose it is.',
  needsCluster: true,
  async look({ api, worker, context: { signal } }) {
    const driver = await readObject(api, driverPath, driverShape, signal);
    const installed = await worker();
    if (driver === undefined) {
      if (installed !== undefined && !usesDriver(installed)) {
        return ok(`there is none, and the worker does not ask for a ${driverName} volume`);
      }
      return failed(
        `there is no CSIDriver ${driverName}: pods of worker and master wait for their volume`,
        'install the driver of SPIFFE, or the overlay development',
      );
    }
    const { podInfoOnMount, volumeLifecycleModes } = driver.spec;
    if (!podInfoOnMount || !volumeLifecycleModes.includes('Ephemeral')) {
      return failed(
        `CSIDriver ${driverName} lacks podInfoOnMount: true or volumeLifecycleModes: [Ephemeral]`,
        "apply the driver's own CSIDriver object again",
      );
    }
    const isOurs = driver.metadata.labels[driverLabel.key] === driverLabel.value;
    return ok(
      isOurs
        ? 'the development identity serves it: not for production'
        : "it is not this project's: SPIFFE's own",
    );
  },
};

/** A driver too old piles up mounts until the node dies. */
export const csiDriverVersion: Check = {
  name: 'csi-driver-version',
  about:
    "SPIFFE's driver is 0.2.12 or newer, by the tag of its image: older ones multiply mounts at every restart of kubelet.",
  needsCluster: true,
  async look({ api, context: { signal } }) {
    const daemonSets = await listDaemonSets(api, undefined, signal);
    const images = daemonSets.flatMap(({ namespace, name, pod }) =>
      pod.containers
        .filter(({ image }) => /(^|\/)spiffe-csi-driver([:@]|$)/.test(image))
        .map(({ image }) => ({ image, where: `${namespace}/${name}` })),
    );
    const [first] = images;
    if (first === undefined) return notChecked('no DaemonSet has an image named spiffe-csi-driver');
    const old = images.filter(({ image }) => isOld(image) === true);
    const wanted = oldestDriver.join('.');
    if (old.length > 0) {
      return warning(
        `${old.map(({ image, where }) => `${where} runs ${image}`).join(', ')}: before ${wanted}, every restart of kubelet doubles each pod's mounts`,
        `set the image to ${wanted} or newer, then drain and reboot nodes that have piled up mounts (grep -c csi.spiffe.io /proc/mounts)`,
      );
    }
    const unknown = images.find(({ image }) => isOld(image) === undefined);
    if (unknown !== undefined)
      return notChecked(`the version of ${unknown.image} cannot be told by its name`);
    return ok(`${first.where} runs ${first.image}`);
  },
};

function usesDriver({ pod }: Workload): boolean {
  return pod.volumes.some(({ csi }) => csi?.driver === driverName);
}

/** By the tag of an image; undefined where it has none that is a version. */
function isOld(image: string): boolean | undefined {
  const found = /:v?(\d+)\.(\d+)\.(\d+)(?:[-@].*)?$/.exec(image);
  if (found === null) return undefined;
  const version = found.slice(1).map(Number);
  const at = oldestDriver.findIndex((wanted, index) => wanted !== version[index]);
  return at >= 0 && (version[at] ?? 0) < (oldestDriver[at] ?? 0);
}
