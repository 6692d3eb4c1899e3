// The test as kubelet: the calls that it makes of a CSI driver, and what a pod sees afterwards.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { FeaturesealError } from '../../../src/error.ts';
import type { X509Svid } from '../../../src/spiffe/types.ts';
import type { WorkloadApiClient } from '../../../src/spiffe/workload-api/client.ts';
import { call, publishMessage as messageFor, tokensFor } from '../../support/csi-call.ts';
import { workerClaims, workloadOf, type Rig } from './cluster-rig.ts';
import { audience } from './fake-token-api.ts';

export interface PublishedPod {
  readonly targetPath: string;
  readonly workload: WorkloadApiClient;
  readonly svid: X509Svid;
}

/** The kubelet of a rig's one node. */
export function kubeletOf(rig: () => Rig) {
  const csiSocket = () => rig().path('kubelet/plugins/csi.spiffe.io/csi.sock');
  const node = (method: string, message: object) => call(csiSocket(), 'csi.v1.Node', method, message);

  /** As long as kubelet's: beyond what fits into the address of a socket. */
  const targetOf = async (): Promise<string> => {
    const name = `pods/${'0'.repeat(36)}/volumes/kubernetes.io~csi/spiffe${'-long'.repeat(10)}`;
    await mkdir(rig().path(name), { recursive: true });
    return join(rig().path(name), 'mount');
  };

  /** For an inline volume of a pod. */
  const publishMessage = (
    targetPath: string,
    token = rig().api.token(workerClaims),
    claims = workerClaims,
  ) => {
    const { volume_context: context, ...message } = messageFor(targetPath, claims);
    return { ...message, volume_context: { ...context, ...tokensFor(audience, token) } };
  };

  /** A pod that has its SVID. */
  const published = async (): Promise<PublishedPod> => {
    const targetPath = await targetOf();
    await node('NodePublishVolume', publishMessage(targetPath));
    const workload = await workloadOf(targetPath);
    const [svid] = await eventually(workload, some);
    if (svid === undefined) throw new Error('no SVID');
    return { targetPath, workload, svid };
  };
  return { csiSocket, node, targetOf, publishMessage, published };
}

export const unpublishMessage = (targetPath: string) => ({ volume_id: 'csi-0123', target_path: targetPath });

/** Asks until the answer holds. */
export async function eventually(
  workload: WorkloadApiClient,
  holds: (svids: readonly X509Svid[]) => boolean,
): Promise<readonly X509Svid[]> {
  for (;;) {
    const svids = await workload.fetchX509Svids().catch((thrown: unknown) => {
      if (thrown instanceof FeaturesealError && thrown.code === 'workload-api-denied') return [];
      throw thrown;
    });
    if (holds(svids)) return svids;
  }
}

export const some = (svids: readonly X509Svid[]) => svids.length > 0;
export const none = (svids: readonly X509Svid[]) => svids.length === 0;
