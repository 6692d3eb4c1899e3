import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FeaturesealProcess } from '../featureseal-process.ts';
import type { Installation } from '../installation.ts';
import { RunningPrograms } from '../programs.ts';
import type { Link } from './link.ts';
import { tie } from './tie.ts';

/** A worker at the site, and what leads to its identity. */
export interface RelayedWorker {
  readonly worker: FeaturesealProcess;
  /** Takes the way to its identity away; the worker is the installation's to end. */
  close(): Promise<void>;
}

/**
 * The worker of a node at the site. All of its identity comes over the link: the Workload API that it sees leads to the
 * authority in the cloud and to nothing at the site, as an agent does that has no server there.
 */
export async function startRelayedWorker(
  link: Link,
  world: Installation,
  node: string,
): Promise<RelayedWorker> {
  const authority = new URL(await world.workerSocket(node)).pathname;
  const server = createServer((far) => tie(far, connect(authority)));
  const port = await listen(server, link.cloudAddress);

  const folder = await mkdtemp(join(tmpdir(), 'fs-site-'));
  const socket = join(folder, 'agent.sock');
  const script = join(import.meta.dirname, 'relay.ts');
  const [file = '', ...enter] = link.enter;
  const args = [...enter, process.execPath, script, socket, link.cloudAddress, String(port)];
  const relay = new RunningPrograms({ folder, programs: [{ name: 'relay', file, args, output: 'inherit' }] });

  const worker = await world.startWorker(node, { enter: link.enter, socket: `unix://${socket}` });
  const close = async (): Promise<void> => {
    await relay.close();
    server.close();
  };
  return { worker, close };
}

async function listen(server: Server, host: string): Promise<number> {
  server.listen(0, host);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
