import { z } from 'zod';
import { escapeControls } from '../../runtime/escape.ts';
import { loadService } from '../grpc/proto.ts';
import type { ServedService } from '../grpc/server.ts';
import { unary, type UnaryOptions } from '../grpc/unary.ts';
import { driverName } from './driver.ts';

export interface RegistrationOptions extends Omit<UnaryOptions, 'speaker' | 'timeLimitMs'> {
  /** Path of the CSI socket, as kubelet sees it. */
  readonly endpoint: string;
  /** What kubelet made of it; undefined where it took the driver. */
  readonly onStatus: (problem: string | undefined) => void;
}

const timeLimitMs = 5_000;

const statusShape = z.object({ plugin_registered: z.boolean(), error: z.string() });
type Status = z.infer<typeof statusShape>;

/** Tells kubelet of the driver: a socket in plugins_registry is all the registration there is. */
export function registrationService({ endpoint, onStatus, ...rest }: RegistrationOptions): ServedService {
  const options = { ...rest, speaker: driverName, timeLimitMs };
  const info = { type: 'CSIPlugin', name: driverName, endpoint, supported_versions: ['1.0.0'] };
  const take = ({ plugin_registered: isRegistered, error }: Status): object => {
    if (isRegistered) rest.log.info('kubelet has registered the driver', { driver: driverName, endpoint });
    else
      rest.log.error('kubelet does not register the driver', { driver: driverName, endpoint, reason: error });
    onStatus(isRegistered ? undefined : `kubelet refused it: ${escapeControls(error.slice(0, 400))}`);
    return {};
  };
  return {
    definition: loadService('pluginregistration.Registration'),
    handlers: {
      GetInfo: unary({ shape: z.object({}), code: 'volume-invalid', answer: () => info }, options),
      NotifyRegistrationStatus: unary({ shape: statusShape, code: 'volume-invalid', answer: take }, options),
    },
  };
}
