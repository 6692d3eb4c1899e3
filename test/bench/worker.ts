// The worker as a process of its own, as in its pod: memory beside that of bare Node, start beside a bare start and one write.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:http2';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { medians } from './interleaved.ts';
import { Pod, stop } from './pod.ts';

const path = '/apis/nfd.k8s-sigs.io/v1alpha1/namespaces/featureseal/nodefeatures';
const built = join(import.meta.dirname, '../../dist/src/cli/main.js');
/** Discoveries that go before memory is looked at, one a second: as many as in the first half an hour of a worker. */
const discoveries = 30;
const starts = 10;

/** Lines to print. */
export async function measureWorker(): Promise<string> {
  if (!existsSync(built)) return 'worker process: left out, `npm run build` first\n';
  const pod = await Pod.create();
  try {
    return `${await memory(pod)}\n${await start(pod)}`;
  } finally {
    await pod.close();
  }
}

async function memory(pod: Pod): Promise<string> {
  const bare = pod.startBare('setInterval(() => {}, 1e6)');
  const worker = await pod.startWorker('discoverInterval: 1s\n');
  await pod.nextWrite();
  await setTimeout(discoveries * 1000);
  const [floor, own] = [memoryOf(bare.pid), memoryOf(worker.pid)];
  await Promise.all([stop(worker), stop(bare)]);
  const line = (name: string, of: Memory): string =>
    `${name.padEnd(60)} RSS ${megabytes(of.rss)} ${(of.rss / floor.rss).toFixed(2)}   PSS ${megabytes(of.pss)}   private ${megabytes(of.own)}\n`;
  return line('worker: floor, memory of bare Node', floor) + line('worker: steady memory', own);
}

async function start(pod: Pod): Promise<string> {
  const own = 'worker: start to first published object';
  const floor = 'worker: floor, start of bare Node + one write';
  let worker: ChildProcess | undefined;
  let object: unknown;
  const clear = async (): Promise<void> => {
    if (worker !== undefined) await stop(worker);
    worker = undefined;
    if (pod.api.objects.all(path).length > 0) pod.api.objects.delete(path, { name: 'node-a' });
  };
  const times = await medians(
    [
      {
        name: own,
        prepare: clear,
        run: async () => {
          worker = await pod.startWorker('');
          object = await pod.nextWrite();
        },
      },
      {
        name: floor,
        prepare: clear,
        run: async () => {
          await once(pod.startBare('0'), 'exit');
          await write(pod, object);
        },
      },
    ],
    starts,
  );
  await clear();
  const base = times.get(floor) ?? NaN;
  return [...times]
    .map(
      ([name, ms]) =>
        `${name.padEnd(60)} ${ms.toFixed(0).padStart(6)} ms  ${(ms / base).toFixed(2).padStart(7)}\n`,
    )
    .join('');
}

/** The same object on a connection of its own, by Node alone. */
async function write(pod: Pod, object: unknown): Promise<void> {
  const { origin, tls, headers } = pod.api.endpoint();
  const session = connect(origin, tls);
  const stream = session.request({ ...headers, ':method': 'POST', ':path': path });
  stream.end(JSON.stringify(object));
  stream.resume();
  await once(stream, 'end');
  session.close();
  // It waits in the queue of requests too.
  await pod.nextWrite();
}

interface Memory {
  /** All pages that are in memory, in kB. */
  readonly rss: number;
  /** Those that are shared divided by who shares them. */
  readonly pss: number;
  /** Those that are written to: what one more worker costs. */
  readonly own: number;
}

/** Linux, Documentation/ABI/testing/procfs-smaps_rollup. */
function memoryOf(pid: number | undefined): Memory {
  const text = readFileSync(`/proc/${String(pid)}/smaps_rollup`, 'utf8');
  const of = (name: string): number => Number(new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(text)?.[1]);
  return { rss: of('Rss'), pss: of('Pss'), own: of('Private_Dirty') };
}

function megabytes(kilobytes: number): string {
  return `${(kilobytes / 1024).toFixed(1).padStart(6)} MiB`;
}
