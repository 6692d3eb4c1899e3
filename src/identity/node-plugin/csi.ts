import { z } from 'zod';
import { loadService } from '../grpc/proto.ts';
import type { ServedService } from '../grpc/server.ts';
import { unary, type UnaryMethod, type UnaryOptions } from '../grpc/unary.ts';
import { driverName } from './driver.ts';
import { publishRequest, volumeShape } from './volume.ts';
import type { Volumes } from './volumes.ts';

export interface CsiOptions extends Omit<UnaryOptions, 'speaker' | 'timeLimitMs'> {
  readonly volumes: Volumes;
  /** Name of the Node. */
  readonly node: string;
  readonly version: string;
  readonly audience: string;
}

/** Nothing here waits for the network; kubelet itself gives up after two minutes. */
const timeLimitMs = 15_000;

const anything = z.object({});

/** CSI as far as kubelet needs it of a driver without storage: who it is, publish and unpublish. */
export function csiServices(options: CsiOptions): readonly ServedService[] {
  const { volumes, node, version, audience } = options;
  const serve = <Request>(shape: z.ZodType<Request>, answer: UnaryMethod<Request>['answer']) =>
    unary({ shape, code: 'volume-invalid', answer }, { ...options, speaker: driverName, timeLimitMs });
  return [
    {
      definition: loadService('csi.v1.Identity'),
      handlers: {
        GetPluginInfo: serve(anything, () => ({ name: driverName, vendor_version: version })),
        GetPluginCapabilities: serve(anything, () => ({})),
        Probe: serve(anything, () => ({ ready: { value: true } })),
      },
    },
    {
      definition: loadService('csi.v1.Node'),
      handlers: {
        NodePublishVolume: serve(volumeShape, async (message) => {
          await volumes.publish(publishRequest(message, audience));
          return {};
        }),
        NodeUnpublishVolume: serve(volumeShape, async ({ target_path: path }) => {
          await volumes.unpublish(path);
          return {};
        }),
        NodeGetCapabilities: serve(anything, () => ({})),
        NodeGetInfo: serve(anything, () => ({ node_id: node, max_volumes_per_node: 0 })),
      },
    },
  ];
}
