// npm run fuzz -- --count N [--seed S] [--from N] [--threads N] [--cut CHECK|all]
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { cuts } from './cuts.ts';
import { run, type RunResult } from './run.ts';
import { inputsIn, objectsIn, reached, type Tally, type Violation } from './tally.ts';

const help = `Usage: npm run fuzz -- [--count N] [--seed S] [--from N] [--threads N] [--cut CHECK | --cut all]

Mutated sealed NodeFeatures and Workload API messages against the verifier. One of the seed and the number decides all
about an input but its keys; a run goes on where another ended with --from. Exits 1 for a false accept, a false refusal,
a crash, a hang, or a step that less than one in twenty inputs got as far as.

With --cut, a check is taken out of the program's text first, and the run has to find the hole; all: one after the other.
Checks: ${cuts.map(({ id }) => id).join(', ')}`;

const say = (text: string): void => void process.stdout.write(`${text}\n`);

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '20000' },
    seed: { type: 'string' },
    from: { type: 'string', default: '0' },
    threads: { type: 'string', default: String(availableParallelism()) },
    cut: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
});

function wholeNumber(name: string, text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  process.stderr.write(`--${name} ${text}: not a whole number\n`);
  process.exit(2);
}

function report({ tally, violations }: RunResult, seconds: number): boolean {
  const inputs = inputsIn(tally);
  say(`${inputs} inputs in ${seconds.toFixed(1)} s, ${Math.round(inputs / seconds)} a second`);
  for (let step = 1; step <= 7; step += 1) {
    const count = reached(tally, step);
    const share = ((100 * count) / inputs).toFixed(1);
    say(`step ${step}: ${count} got as far (${share} %), ${tally.endedAt[step]!} refused there`);
  }
  say(`accepted: ${tally.endedAt[8]!} of ${objectsIn(tally)} objects`);
  say(`messages: ${tally.acceptedMessages} accepted, ${tally.refusedMessages} refused`);
  for (const kind of ['false accept', 'false refusal', 'crash', 'hang']) {
    say(`${kind}: ${violations.filter(({ violation }) => violation.startsWith(kind)).length}`);
  }
  for (const violation of violations.slice(0, 10)) say(shown(violation));
  return violations.length === 0 && reachesAll(tally);
}

function shown({ index, what, violation }: Violation): string {
  return `  ${index}: ${what}: ${violation.split('\n').slice(0, 6).join('\n    ')}`;
}

/** Inputs that all end at step 2 would prove nothing of step 6. */
function reachesAll(tally: Tally): boolean {
  const least = Math.min(...[1, 2, 3, 4, 5, 6, 7].map((step) => reached(tally, step)));
  if (20 * least >= inputsIn(tally)) return true;
  say('a step was reached by less than one in twenty inputs');
  return false;
}

/** What is needed to judge a violation again, in files. */
function keep(violations: readonly Violation[], seed: number): void {
  const folder = join(import.meta.dirname, '../../.cache/fuzz');
  if (violations.length > 0) mkdirSync(folder, { recursive: true });
  for (const violation of violations.slice(0, 10)) {
    const file = join(folder, `${seed}-${violation.index}.json`);
    writeFileSync(file, JSON.stringify(violation, undefined, 1));
    say(`  kept in ${file}`);
  }
}

async function fuzz(seed: number, first: number, count: number, threads: number): Promise<boolean> {
  const started = performance.now();
  const isShown = process.stderr.isTTY;
  const result = await run({
    seed,
    first,
    end: first + count,
    threads,
    onProgress: (tally) => {
      if (isShown) process.stderr.write(`\r${inputsIn(tally)} of ${count} `);
    },
  });
  const isClean = report(result, (performance.now() - started) / 1000);
  keep(result.violations, seed);
  return isClean;
}

/** Whether the hole that the cut leaves is found. */
async function findsHole(id: string, seed: number, count: number, threads: number): Promise<boolean> {
  const { tally, violations } = await run({
    seed,
    first: 0,
    end: count,
    threads,
    cut: id,
    untilViolation: true,
  });
  const [found] = violations;
  const outcome =
    found === undefined ? 'NOT FOUND' : `found: ${found.what}: ${found.violation.split('\n')[0]!}`;
  say(`cut ${id}: ${outcome} (${inputsIn(tally)} inputs)`);
  return found !== undefined;
}

async function main(): Promise<boolean> {
  if (values.help === true) {
    say(help);
    return true;
  }
  const seed = wholeNumber('seed', values.seed ?? String(Math.floor(Math.random() * 2 ** 32)));
  const count = wholeNumber('count', values.count);
  const threads = Math.max(1, wholeNumber('threads', values.threads));
  say(`seed ${seed}`);
  const { cut } = values;
  if (cut === undefined) return fuzz(seed, wholeNumber('from', values.from), count, threads);
  const chosen = cuts.filter(({ id }) => cut === 'all' || id === cut);
  if (chosen.length === 0) {
    process.stderr.write(`--cut ${cut}: no such check\n`);
    process.exit(2);
  }
  let areAllFound = true;
  for (const { id } of chosen) areAllFound = (await findsHole(id, seed, count, threads)) && areAllFound;
  return areAllFound;
}

process.exitCode = (await main()) ? 0 : 1;
