// npm run mutation -- [--files FILE,...] [--lines N] [--record] [--again]
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Stryker } from '@stryker-mutator/core';
import { judge, shareNoticed, type Outcome } from './outcome.ts';
import { writePage } from './page.ts';
import { allFiles, sample } from './scope.ts';
import { readSurvivors } from './survivors.ts';

const help = `Usage: npm run mutation -- [--files FILE[:LINE-LINE],... | --lines N] [--again] [--record]

Changes src/seal and src/spiffe in one place at a time and runs the tests: each change has to make one fail. Exits 1 where
one is not noticed and test/mutation/survivors.json gives no reason, or where less than 95 in 100 are noticed.

  --files   these alone
  --lines   a sample of so many lines, chosen by the text of all of them
  --again   judge all anew, also what neither its file nor its tests changed since
  --record  write what came of it to docs/mutation.md; for all files alone`;

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const leastShare = 0.95;

const { values } = parseArgs({
  options: {
    files: { type: 'string' },
    lines: { type: 'string' },
    again: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h' },
  },
});

process.chdir(join(import.meta.dirname, '../..'));
if (values.help === true) say(help);
else process.exitCode = (await mutate()) ? 0 : 1;

async function mutate(): Promise<boolean> {
  const { files, lines, again, record } = values;
  const isAll = files === undefined && lines === undefined;
  const selected = files?.split(',') ?? (lines === undefined ? allFiles() : sample(Number(lines)));
  if (lines !== undefined) say(`sample: ${selected.join(' ')}`);
  const stryker = new Stryker({
    configFile: join(import.meta.dirname, 'stryker.json'),
    mutate: [...selected],
    incremental: lines === undefined,
    force: again,
  });
  const survivors = readSurvivors();
  const outcome = judge(await stryker.runMutationTest(), survivors);
  const passes = report(outcome, isAll);
  if (record && isAll) writePage(outcome, survivors);
  return passes;
}

function report({ counts, unlisted, killed }: Outcome, isAll: boolean): boolean {
  for (const [folder, count] of counts) {
    const { killed: dead, survived, timedOut, notCovered } = count;
    say(`${folder}: ${dead} killed, ${survived} survived, ${timedOut} timed out, ${notCovered} not covered`);
  }
  const share = shareNoticed(counts.values());
  say(`noticed: ${(100 * share).toFixed(2)} %`);
  for (const mutant of killed) say(`listed, and killed: ${JSON.stringify(mutant)}`);
  for (const { status, ...mutant } of unlisted) say(`${status}, not listed: ${JSON.stringify(mutant)}`);
  // Whether a mutant that runs in circles ends in time may be the machine's doing: that is told, and fails a full run alone.
  const missed = unlisted.filter(({ status }) => isAll || status !== 'Timeout');
  return missed.length === 0 && (!isAll || share >= leastShare);
}
