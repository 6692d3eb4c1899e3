// What kubelet says to a CSI driver, in its own words.
import { Client, credentials, type ServiceError } from '@grpc/grpc-js';
import { loadService } from '../../src/identity/grpc/proto.ts';

type Service = Parameters<typeof loadService>[0];

/** One call of a method of proto/, on a unix socket. @throws ServiceError */
export async function call(
  socket: string,
  service: Service,
  method: string,
  message: object,
): Promise<unknown> {
  const definition = loadService(service)[method];
  if (definition === undefined) throw new Error(`${service} has no ${method}`);
  const { path, requestSerialize, responseDeserialize } = definition;
  const client = new Client(`unix://${socket}`, credentials.createInsecure());
  try {
    return await new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        message,
        (error: ServiceError | null, answer) => (error === null ? resolve(answer) : reject(error)),
      );
    });
  } finally {
    client.close();
  }
}

export interface VolumeOwner {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly podName: string;
  readonly podUid: string;
}

/** NodePublishVolume for an inline volume of a pod, but for the token: see {@link tokensFor}. */
export function publishMessage(targetPath: string, pod: VolumeOwner) {
  const volume_context: Readonly<Record<string, string>> = {
    'csi.storage.k8s.io/ephemeral': 'true',
    'csi.storage.k8s.io/pod.name': pod.podName,
    'csi.storage.k8s.io/pod.namespace': pod.namespace,
    'csi.storage.k8s.io/pod.uid': pod.podUid,
    'csi.storage.k8s.io/serviceAccount.name': pod.serviceAccount,
  };
  return {
    volume_id: 'csi-0123',
    target_path: targetPath,
    readonly: true,
    volume_capability: { mount: {}, access_mode: { mode: 'SINGLE_NODE_WRITER' } },
    secrets: {},
    volume_context,
  };
}

/** Where kubelet puts the token: in the secrets, or, before Kubernetes 1.35, in the volume's context. */
export function tokensFor(audience: string, token: string): Readonly<Record<string, string>> {
  const tokens = { [audience]: { token, expirationTimestamp: '2026-06-01T13:00:00Z' } };
  return { 'csi.storage.k8s.io/serviceAccount.tokens': JSON.stringify(tokens) };
}
