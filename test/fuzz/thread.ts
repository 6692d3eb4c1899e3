// One thread of a run: takes numbers of inputs, makes and judges them, tells what came of them.
import { parentPort, workerData } from 'node:worker_threads';
import { World } from '../support/seal-cases/world.ts';
import { cuts } from './cuts.ts';
import type { Input } from './input.ts';
import { makeInput } from './inputs.ts';
import { cutFromSource } from './loader.ts';
import { emptyTally, type ThreadData, type ThreadMessage, type Violation } from './tally.ts';

const { seed, first, end, stride, cut, progress } = workerData as ThreadData;
const batch = 64;

const chosen = cuts.find(({ id }) => id === cut);
if (chosen !== undefined) cutFromSource(chosen);
const { Target } = await import('./target.ts');

const world = new World();
const target = new Target(world);
const at = new BigInt64Array(progress);

function evidence(input: Input): object {
  if (input.kind === 'message') return { message: input.bytes.toString('base64') };
  const { bundles, policy, now, accepted, nodeCreated } = input.scenario;
  const certificates = [...bundles].map(
    ([domain, roots]) => [domain, roots.map((der) => Buffer.from(der).toString('base64'))] as const,
  );
  return {
    nodeFeature: input.text,
    bundles: Object.fromEntries(certificates),
    policy,
    now,
    accepted,
    nodeCreated,
  };
}

for (let from = first; from < end; from += stride) {
  const tally = emptyTally();
  const violations: Violation[] = [];
  const indexes = Array.from({ length: Math.min(batch, end - from) }, (_, offset) => from + offset);
  // Whoever watches sees a hang by this number standing still.
  Atomics.store(at, 0, BigInt(from));
  const inputs = indexes.map((index) => makeInput(world, seed, index));
  const verdicts = await Promise.all(inputs.map((input, offset) => target.judge(input, indexes[offset]!)));
  for (const [offset, { step, code, violation }] of verdicts.entries()) {
    const [input, index] = [inputs[offset]!, indexes[offset]!];
    if (input.kind === 'seal') tally.endedAt[step]! += 1;
    else if (code === 'accepted') tally.acceptedMessages += 1;
    else tally.refusedMessages += 1;
    if (violation !== undefined)
      violations.push({ index, what: input.what, violation, evidence: evidence(input) });
  }
  parentPort?.postMessage({ tally, violations } satisfies ThreadMessage);
}
