import type { FeaturesealError } from '../../error.ts';
import { asFeaturesealError } from '../../error.ts';
import { ApiStatusError } from '../../kube/status.ts';
import type { World } from './world.ts';

export type Status = 'ok' | 'warning' | 'failed' | 'not checked';

/** What one look found, and what to do about it. */
export interface Finding {
  readonly status: Status;
  readonly message: string;
  readonly advice?: string;
}

/** One thing that is looked at. */
export interface Check {
  /** Stable: for scripts, and for docs/troubleshooting.md. */
  readonly name: string;
  /** What holds where it is ok; a sentence for docs/reference/doctor.md. */
  readonly about: string;
  /** Without an API server it is not even tried. */
  readonly needsCluster: boolean;
  readonly look: (world: World) => Promise<Finding>;
}

export type Checked = Finding & Pick<Check, 'name'>;

export const ok = (message: string): Finding => ({ status: 'ok', message });
export const warning = (message: string, advice: string): Finding => ({ status: 'warning', message, advice });
export const failed = (message: string, advice: string): Finding => ({ status: 'failed', message, advice });
export const notChecked = (message: string): Finding => ({ status: 'not checked', message });

/** Looks; never throws but when it is stopped. What may not be read is no fault of the cluster. */
export async function lookAt(check: Check, world: World): Promise<Checked> {
  const { name } = check;
  try {
    return { name, ...(await check.look(world)) };
  } catch (thrown) {
    if (world.context.signal.aborted) throw thrown;
    if (isForbidden(thrown)) {
      return { name, ...notChecked(`the present user may not look: ${requestOf(thrown)}`) };
    }
    const { message } = asFeaturesealError(thrown, 'internal', 'the check failed itself');
    return { name, status: 'failed', message };
  }
}

/** What was asked for. Why not is the same at every check, and doctor often runs where little may be read. */
function requestOf({ message }: FeaturesealError): string {
  return /\b[A-Z]+ \/[^\s:]*/.exec(message)?.[0] ?? message;
}

export function isForbidden(thrown: unknown): thrown is FeaturesealError {
  return thrown instanceof ApiStatusError && (thrown.status === 403 || thrown.status === 401);
}

/** `a, b, c and 4 more`. */
export function listed(names: readonly string[], most = 5): string {
  const shown = names.slice(0, most).join(', ');
  return names.length > most ? `${shown} and ${String(names.length - most)} more` : shown;
}
