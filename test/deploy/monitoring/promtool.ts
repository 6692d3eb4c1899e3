import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe } from '@jest/globals';

const promtool = findPromtool();

/** Tests by Prometheus's own promtool; skipped where there is none (scripts/test --cluster builds one). */
export const describePromtool = promtool === undefined ? describe.skip : describe;

function findPromtool(): string | undefined {
  const built = join(process.env['FEATURESEAL_CLUSTER_BIN'] ?? '', 'promtool');
  const candidates = existsSync(built) ? [built] : ['promtool'];
  return candidates.find((each) => spawnSync(each, ['--version']).status === 0);
}

/** What promtool finds wrong; empty where it is content. */
export function promtoolFaults(args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(promtool ?? '', args, {
    encoding: 'utf8',
    maxBuffer: 16 * 1024 * 1024,
  });
  return status === 0 ? '' : `${stdout}${stderr}`;
}
