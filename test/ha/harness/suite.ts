import { describe } from '@jest/globals';
import { interopBin } from '../../interop/peer.ts';
import { kubectl } from '../../deploy/manifests.ts';
import { postgresBin } from './instance.ts';

/** Starting a database and its standby takes seconds, on a busy machine many. */
export const startMs = 180_000;

/** Why there is no database here; undefined where there is one. */
export const postgresSkipReason =
  postgresBin === undefined
    ? "there is no PostgreSQL (Debian's package postgresql)"
    : interopBin === undefined || kubectl === undefined
      ? 'scripts/test --cluster builds what it takes'
      : undefined;

/** Tests on a real PostgreSQL; where there is none, their title says so and they are skipped. */
export function describeOnPostgres(name: string, tests: () => void): void {
  if (postgresSkipReason === undefined) describe(name, tests);
  else describe.skip(`${name} (skipped: ${postgresSkipReason})`, tests);
}

/** Of 127.0.0.0/8, by our process ID: test runs on one machine never meet. */
export function ownHost(): string {
  const { pid } = process;
  return `127.${160 + (pid >> 16)}.${(pid >> 8) & 255}.${pid & 255}`;
}
