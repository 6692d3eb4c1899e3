// One fake API server a test, and a client of it with a clock that the test moves.
import { afterEach, beforeEach } from '@jest/globals';
import { ApiClient } from '../../../src/kube/api-client.ts';
import { connectionTo, FakeApiServer } from '../../support/fake-api-server.ts';
import { ManualClock } from '../../support/manual-clock.ts';

export interface FakeApi {
  readonly server: FakeApiServer;
  readonly clock: ManualClock;
  readonly api: ApiClient;
  readonly controller: AbortController;
}

/** Call it where tests are described. */
export function fakeApi(maxResponseBytes = 64 * 1024 * 1024): () => FakeApi {
  let fake: FakeApi | undefined;
  beforeEach(async () => {
    const server = await FakeApiServer.start();
    const clock = new ManualClock();
    const api = new ApiClient({ connection: connectionTo(server), clock, maxResponseBytes });
    fake = { server, clock, api, controller: new AbortController() };
  });
  afterEach(async () => {
    fake?.controller.abort();
    fake?.api.close();
    await fake?.server.close();
  });
  return () => {
    if (fake === undefined) throw new Error('only inside a test');
    return fake;
  };
}

export const nodesPath = '/api/v1/nodes';
export const nodeFeaturesPath = '/apis/nfd.k8s-sigs.io/v1alpha1/nodefeatures';

/** Waits until `condition` holds; every look is after whatever came in between. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
