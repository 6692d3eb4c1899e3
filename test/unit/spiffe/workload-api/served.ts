import { afterEach, beforeEach } from '@jest/globals';
import type { Authority } from '../../../../src/identity/authority.ts';
import type { X509Svid } from '../../../../src/spiffe/types.ts';
import { WorkloadApiClient } from '../../../../src/spiffe/workload-api/client.ts';
import { hourMs, testAuthority } from '../../../support/identity.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { prepared } from '../../../support/prepared.ts';
import { RawWorkloadApi, type RawCall } from '../../../support/raw-workload-api.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

interface Served {
  readonly authority: () => Authority;
  /** An SVID for `spiffe://example.org/NAME`. */
  readonly issue: (name: string, hint?: string) => Promise<X509Svid>;
  readonly path: (name: string) => string;
  /** The server, at api.sock. */
  readonly api: () => RawWorkloadApi;
  /** The next stream that a client opens. */
  readonly nextCall: () => Promise<RawCall>;
  /** The server in another process, as it were: at a new file of the same name. */
  readonly restart: () => Promise<void>;
  readonly clock: () => ManualClock;
  readonly client: () => WorkloadApiClient;
  /** Aborted after the test. */
  readonly stop: () => AbortController;
  /** Notes what has to be closed after the test. */
  readonly opened: <T extends { close(): void }>(source: T) => T;
}

/** For each test of a file a Workload API in its hands, and a client of it whose time stands. */
export function useWorkloadApi(): Served {
  const path = temporaryFolder();
  const authority = prepared(() => testAuthority());
  let api: RawWorkloadApi;
  let clock: ManualClock;
  let client: WorkloadApiClient;
  let stop: AbortController;
  const open: { close(): void }[] = [];
  const restart = async (): Promise<void> => {
    api = await RawWorkloadApi.start(path('api.sock'));
  };
  beforeEach(async () => {
    await restart();
    clock = new ManualClock();
    client = new WorkloadApiClient({ address: api.address, clock });
    stop = new AbortController();
  });
  afterEach(async () => {
    stop.abort();
    for (const source of open.splice(0)) source.close();
    await api.kill();
  });
  return {
    authority,
    issue: (name, hint = '') =>
      authority().issue({ spiffeId: `spiffe://example.org/${name}`, ttlMs: hourMs, hint }),
    path,
    api: () => api,
    nextCall: () => api.calls.next(),
    restart,
    clock: () => clock,
    client: () => client,
    stop: () => stop,
    opened(source) {
      open.push(source);
      return source;
    },
  };
}
