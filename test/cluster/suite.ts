import { afterAll, beforeAll, describe, jest } from '@jest/globals';
import { ControlPlane } from './control-plane.ts';

const bin = process.env['FEATURESEAL_CLUSTER_BIN'];

/** Tests that need a Kubernetes API; skipped where its programs are not named (scripts/test --cluster builds and names them). */
export const describeOnCluster = bin === undefined ? describe.skip : describe;

// Processes start and API servers come and go; on a busy machine that takes its time.
jest.setTimeout(180_000);

/** One control plane for all tests of the suite; call it where they are described. */
export function controlPlane(): () => ControlPlane {
  let plane: ControlPlane | undefined;
  beforeAll(async () => {
    plane = await ControlPlane.start(bin ?? '');
  });
  afterAll(async () => {
    await plane?.close();
  });
  return () => {
    if (plane === undefined) throw new TypeError('the control plane did not start');
    return plane;
  };
}
