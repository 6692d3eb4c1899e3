import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { call, publishMessage, tokensFor, type VolumeOwner } from '../../support/csi-call.ts';
import { ApiFailure, type ApiClient, type KubeObject } from '../api-client.ts';
import type { ControlPlane } from '../control-plane.ts';
import { kubeconfigText } from '../credentials.ts';
import { driverSocket } from '../node-plugin-program.ts';

/** Of the tokens that node plugin and authority want; the CSIDriver object asks for the same. */
export const audience = 'featureseal-identity';
const askAgainMs = 100;

interface Workload extends KubeObject {
  readonly spec: { readonly template: { readonly metadata: object; readonly spec: object } };
}
interface Pod extends KubeObject {
  readonly spec: { readonly serviceAccountName: string };
}
interface TokenRequest {
  readonly status: { readonly token: string };
}

/**
 * What kubelet is to this project, on a Node whose pods are processes of ours: each has tokens that the API server bound
 * to it, and the Workload API by a volume of csi.spiffe.io. It asks with the rights of a node and no others.
 */
export class Kubelet {
  readonly node: string;
  /** `kubelet` in it is the folder that a real one has in /var/lib. */
  readonly folder: string;
  readonly #plane: ControlPlane;
  readonly #api: ApiClient;

  private constructor(plane: ControlPlane, node: string, api: ApiClient) {
    this.#plane = plane;
    this.node = node;
    this.folder = join(plane.folder, node);
    this.#api = api;
  }

  static async create(plane: ControlPlane, node: string): Promise<Kubelet> {
    await plane.admin.create('/api/v1/nodes', { metadata: { name: node } });
    const api = await plane.client(`system:node:${node}`, ['system:nodes']);
    return new Kubelet(plane, node, api);
  }

  /** @param workload `deployments/NAME` or `daemonsets/NAME`: its pod, that controller and scheduler would have brought here */
  async pod(namespace: string, workload: string): Promise<VolumeOwner> {
    const { admin } = this.#plane;
    const found = await admin.get(`/apis/apps/v1/namespaces/${namespace}/${workload}`);
    const { metadata, spec } = found as Workload;
    const pod = {
      metadata: { ...spec.template.metadata, name: `${metadata.name}-${this.node}` },
      spec: { ...spec.template.spec, nodeName: this.node },
    };
    const made = (await admin.create(`/api/v1/namespaces/${namespace}/pods`, pod)) as Pod;
    const { name: podName, uid: podUid } = made.metadata;
    return { namespace, serviceAccount: made.spec.serviceAccountName, podName, podUid };
  }

  /** Where the processes of a pod find the API server, and who they are there. */
  async kubeconfig(pod: VolumeOwner): Promise<string> {
    const { url, caPem } = this.#plane;
    return kubeconfigText(url, caPem, { name: pod.serviceAccount, token: await this.token(pod) });
  }

  /** Bound to that pod, and so to its node (TokenRequest, authentication.k8s.io/v1); for the API server itself without audience. */
  async token({ namespace, serviceAccount, podName, podUid }: VolumeOwner, ...audiences: readonly string[]) {
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${serviceAccount}/token`;
    const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name: podName, uid: podUid };
    for (;;) {
      try {
        const request = await this.#api.request('POST', path, { spec: { audiences, boundObjectRef } });
        return (request as TokenRequest).status.token;
      } catch (thrown) {
        // A node may have tokens of the pods that run on it, and the API server hears of a new pod a moment later.
        if (!(thrown instanceof ApiFailure) || thrown.status !== 403) throw thrown;
        await sleep(askAgainMs);
      }
    }
  }

  /** The volume of csi.spiffe.io in a pod. @returns address of its Workload API, as the pod sees it */
  async publish(pod: VolumeOwner): Promise<string> {
    const folder = join(this.folder, `kubelet/pods/${pod.podUid}/volumes/kubernetes.io~csi/spiffe`);
    await mkdir(folder, { recursive: true });
    const target = join(folder, 'mount');
    const secrets = tokensFor(audience, await this.token(pod, audience));
    const message = { ...publishMessage(target, pod), secrets };
    await call(join(this.folder, driverSocket), 'csi.v1.Node', 'NodePublishVolume', message);
    // In the place of the mount in a pod: the path itself is longer than the address of a socket can be.
    const seen = join(this.folder, pod.serviceAccount);
    await symlink(target, seen);
    return `unix://${join(seen, 'spire-agent.sock')}`;
  }
}
