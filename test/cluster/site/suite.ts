import { describe } from '@jest/globals';
import { describeOnCluster } from '../suite.ts';

/** Tests with a site behind a link; where this process is not root, their title says so and they are skipped. */
export function describeAtSite(name: string, tests: () => void): void {
  if (process.getuid?.() === 0) describeOnCluster(name, tests);
  else describe.skip(`${name} (skipped: network namespaces need root)`, tests);
}
