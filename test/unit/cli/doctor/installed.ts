import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect } from '@jest/globals';
import type { CliContext } from '../../../../src/cli/context.ts';
import type { Checked } from '../../../../src/cli/doctor/check.ts';
import { DevelopmentIdentity } from '../../../../src/identity/development-identity.ts';
import { systemClock } from '../../../../src/runtime/clock.ts';
import { silentLog } from '../../../../src/runtime/log.ts';
import { signNodeFeature } from '../../../../src/seal/sign.ts';
import { shippedObjects } from '../../../cluster/shipped-objects.ts';
import type { Outcome } from '../../../support/cli-context.ts';
import type { ApiObject } from '../../../support/fake-api-server.ts';
import { prepared } from '../../../support/prepared.ts';
import { minute, nodeFeature, policyText, workerId } from '../../../support/sealing.ts';
import {
  fakeCluster,
  installMaster,
  nodeFeaturesPath,
  nodesPath,
  type FakeCluster,
} from '../fake-cluster.ts';
import { crdsPath, putDriver, putLease, putWorker } from './objects.ts';

type Overrides = Partial<CliContext>;

interface Installed {
  readonly cluster: () => FakeCluster;
  readonly identity: () => DevelopmentIdentity;
  /** Where the identity of the worker of node-a is served. */
  readonly socket: () => string;
  readonly run: (args: readonly string[], overrides?: Overrides) => Promise<Outcome>;
  /** What each check found, by its name; with the socket where no other arguments are given. */
  readonly checked: (
    overrides?: Overrides,
    args?: readonly string[],
  ) => Promise<ReadonlyMap<string, Checked>>;
  readonly found: (name: string, overrides?: Overrides) => Promise<Checked | undefined>;
}

/** A cluster in which everything is as it should be: each test spoils one thing, and doctor says which. */
export function useInstalled(): Installed {
  const cluster = fakeCluster();
  const made = prepared(servedIdentity, async ({ identity, folder }) => {
    await identity.close();
    await rm(folder, { recursive: true });
  });
  const stored = prepared(async () => {
    const now = new Date();
    const svid = await made().identity.issue(workerId());
    const created = new Date(now.getTime() - minute).toISOString();
    return {
      crd: await establishedCrd(),
      node: { metadata: { name: 'node-a', creationTimestamp: created } },
      sealed: await signNodeFeature(nodeFeature(), { svid, cluster: 'demo', now }),
    };
  });
  beforeEach(() => {
    const { server, put } = cluster();
    server.answers(/^GET \/version$/, () => ({ major: '1', minor: '36', gitVersion: 'v1.36.3' }));
    server.answers(/accessreviews$/, () => ({ status: { allowed: true } }));
    server.answers(/^POST .*\/nodefeatures$/, ({ body }) => body);
    putDriver(cluster(), { 'featureseal.io/identity': 'development' });
    installMaster(cluster(), { policy: policyText });
    putWorker(cluster());
    putLease(cluster(), ['featureseal', 'featureseal-master'], new Date());
    const { crd, node, sealed } = stored();
    put(crdsPath, crd);
    put(nodesPath, node);
    put(nodeFeaturesPath, sealed as never);
  });

  const socket = (): string => made().address;
  const run: Installed['run'] = (args, overrides) => cluster().run(['doctor', ...args], overrides);
  const checked: Installed['checked'] = async (overrides, args = ['--socket', socket()]) => {
    const { out, err, status } = await run(['-o', 'json', ...args], overrides);
    expect(err).toBe('');
    const { checks } = JSON.parse(out) as { checks: Checked[] };
    expect(status).toBe(checks.some((each) => each.status === 'failed') ? 1 : 0);
    return new Map(checks.map((check) => [check.name, check]));
  };
  const found: Installed['found'] = async (name, overrides) => (await checked(overrides)).get(name);
  return { cluster, identity: () => made().identity, socket, run, checked, found };
}

async function servedIdentity() {
  const folder = await mkdtemp(join(tmpdir(), 'fs-'));
  const identity = await DevelopmentIdentity.create({
    trustDomain: 'example.org',
    clock: systemClock,
    crypto: globalThis.crypto,
    log: silentLog,
    directory: join(folder, 'identity'),
    svidTtlMs: 60 * minute,
  });
  const { address } = await identity.serve(workerId());
  return { folder, identity, address };
}

async function establishedCrd(): Promise<ApiObject> {
  const [crd] = await shippedObjects('crd/nodefeatures.yaml');
  const status = { conditions: [{ type: 'Established', status: 'True' }] };
  return { ...(crd as never as ApiObject), status };
}
