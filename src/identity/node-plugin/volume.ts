import { normalize } from 'node:path/posix';
import { z } from 'zod';
import { FeaturesealError } from '../../error.ts';
import { podReference, tokenText } from '../attestation/names.ts';
import { faultsOf } from '../grpc/faults.ts';

/** The pod that a volume is for, by the names that proto/authority.proto gives them. */
export type PodReference = z.infer<typeof podShape>;

/** What kubelet asks for, once it is clear that it can be served. */
export interface PublishRequest {
  readonly volumeId: string;
  readonly targetPath: string;
  readonly pod: PodReference;
  /** For the audience of the authority, bound to the pod. */
  readonly token: string;
}

const podShape = z.object(podReference);

const volumeId = z.string().min(1, 'is required').max(128, 'is longer than 128 bytes');
const targetPath = z
  .string()
  .min(1, { error: 'is required', abort: true })
  .max(4095, 'is longer than a path')
  // One text for one folder: volumes are known by it.
  .refine(
    (path) => path.startsWith('/') && normalize(path) === path && !path.endsWith('/'),
    'is not absolute and plain',
  );

const capability = z.object(
  {
    access_mode: z.object({ mode: z.literal('SINGLE_NODE_WRITER') }, 'must be SINGLE_NODE_WRITER'),
    mount: z.object(
      {
        fs_type: z.literal('', 'must be empty: a simple mount'),
        mount_flags: z.array(z.string()).max(0, 'must be empty: a simple mount'),
      },
      'is required: access must be by a mount',
    ),
  },
  'is required',
);

/** What every call about a volume says; with it, all further faults can name the path. */
export const volumeShape = z.looseObject({ volume_id: volumeId, target_path: targetPath });

/** CSI NodePublishVolume, as kubelet asks for an inline volume. */
const publishShape = z.object({
  volume_capability: capability,
  readonly: z.literal(
    true,
    'pod.spec.volumes[].csi.readOnly must be true: no pod may put anything beside its socket',
  ),
  secrets: z.record(z.string(), z.string()),
  volume_context: z.record(z.string(), z.string()),
});

const prefix = 'csi.storage.k8s.io';
const tokensKey = `${prefix}/serviceAccount.tokens`;
const tokensShape = z.record(z.string(), z.object({ token: tokenText }));

/** @throws FeaturesealError volume-invalid */
export function publishRequest(message: z.infer<typeof volumeShape>, audience: string): PublishRequest {
  const { volume_id: volume, target_path: path } = message;
  const asked = publishShape.safeParse(message);
  if (!asked.success) throw invalid(path, faultsOf(asked.error));
  const { volume_context: context, secrets } = asked.data;
  if (context[`${prefix}/ephemeral`] !== 'true')
    throw invalid(path, 'only ephemeral (inline) volumes are served');
  const pod = podShape.safeParse({
    namespace: context[`${prefix}/pod.namespace`],
    service_account: context[`${prefix}/serviceAccount.name`],
    pod_name: context[`${prefix}/pod.name`],
    pod_uid: context[`${prefix}/pod.uid`],
  });
  if (!pod.success)
    throw invalid(path, 'kubelet does not name the pod; the CSIDriver object needs podInfoOnMount');
  const token = tokenFor(audience, secrets[tokensKey] ?? context[tokensKey]);
  if (token === undefined) {
    throw invalid(
      path,
      `kubelet gives no token for ${audience}; the CSIDriver object needs tokenRequests for it`,
    );
  }
  return { volumeId: volume, targetPath: path, pod: pod.data, token };
}

/** `{"<audience>":{"token":"...","expirationTimestamp":"..."}}`; other audiences are not ours to read. */
function tokenFor(audience: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  try {
    const tokens = tokensShape.safeParse(JSON.parse(text));
    return tokens.success && Object.hasOwn(tokens.data, audience) ? tokens.data[audience]?.token : undefined;
  } catch {
    return undefined;
  }
}

function invalid(path: string, why: string): FeaturesealError {
  return new FeaturesealError({ code: 'volume-invalid', message: `${path}: ${why}` });
}
