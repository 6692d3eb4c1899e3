import { Worker } from 'node:worker_threads';
import {
  addTally,
  emptyTally,
  type Tally,
  type ThreadData,
  type ThreadMessage,
  type Violation,
} from './tally.ts';

export interface RunOptions {
  readonly seed: number;
  /** Numbers of inputs, `end` not included. */
  readonly first: number;
  readonly end: number;
  readonly threads: number;
  readonly cut?: string | undefined;
  /** Stop at the first violation. */
  readonly untilViolation?: boolean;
  readonly onProgress?: (tally: Tally) => void;
}

export interface RunResult {
  readonly tally: Tally;
  readonly violations: readonly Violation[];
}

const batch = 64;
/** One batch takes some 50 ms; a thread that makes no headway for so long hangs. */
const hangMs = 60_000;

/** Makes and judges the inputs of a seed. A hang is a violation too. */
export async function run(options: RunOptions): Promise<RunResult> {
  const tally = emptyTally();
  const violations: Violation[] = [];
  const { threads } = options;
  const stop = new AbortController();
  const take = (told: ThreadMessage): void => {
    addTally(tally, told.tally);
    violations.push(...told.violations);
    options.onProgress?.(tally);
    if (options.untilViolation === true && violations.length > 0) stop.abort();
  };
  const all = Array.from({ length: threads }, (_, number) =>
    runThread({ ...options, first: options.first + number * batch }, threads * batch, take, stop.signal),
  );
  violations.push(...(await Promise.all(all)).filter((hang) => hang !== undefined));
  return { tally, violations: violations.sort((a, b) => a.index - b.index) };
}

/** Resolves with the hang, if it came to one. */
async function runThread(
  { seed, first, end, cut }: RunOptions,
  stride: number,
  take: (told: ThreadMessage) => void,
  signal: AbortSignal,
): Promise<Violation | undefined> {
  const progress = new SharedArrayBuffer(8);
  const workerData: ThreadData = { seed, first, end, stride, cut, progress };
  const worker = new Worker(new URL('./thread.ts', import.meta.url), { workerData });
  const { promise, resolve, reject } = Promise.withResolvers<Violation | undefined>();
  worker.on('message', take);
  worker.on('error', reject);
  worker.on('exit', () => resolve(undefined));
  signal.addEventListener('abort', () => resolve(undefined));

  const at = new BigInt64Array(progress);
  let last = -1n;
  const watch = setInterval(() => {
    const now = Atomics.load(at, 0);
    if (now === last) resolve(hangAt(Number(now)));
    last = now;
  }, hangMs);
  try {
    return await promise;
  } finally {
    clearInterval(watch);
    await worker.terminate();
  }
}

function hangAt(index: number): Violation {
  return {
    index,
    what: `the batch from ${index}`,
    violation: `hang: no headway in ${hangMs / 1000} s`,
    evidence: {},
  };
}
