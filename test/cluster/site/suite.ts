import { describe } from '@jest/globals';
import { describeOnCluster } from '../suite.ts';
import { networkObstacle } from './own-network.ts';

/** Tests with a site behind a link; where this machine gives no networks to make it of, their title says why. */
export function describeAtSite(name: string, tests: () => void): void {
  const obstacle = networkObstacle();
  if (obstacle === undefined) describeOnCluster(name, tests);
  else describe.skip(`${name} (skipped, no network of its own: ${obstacle})`, tests);
}
