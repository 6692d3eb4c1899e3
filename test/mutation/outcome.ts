import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import type { MutantResult } from '@stryker-mutator/api/core';
import { keyOf, type ListedMutant, type Survivors } from './survivors.ts';

/** What became of the mutants of one folder. */
export interface Count {
  killed: number;
  survived: number;
  timedOut: number;
  notCovered: number;
}

export interface Outcome {
  readonly counts: ReadonlyMap<string, Count>;
  /** Seen by no test and not listed; what could not be judged is with them. */
  readonly unlisted: readonly (ListedMutant & { readonly status: string })[];
  /** Listed, and killed by now. */
  readonly killed: readonly ListedMutant[];
}

const kinds: Partial<Record<MutantResult['status'], keyof Count>> = {
  Killed: 'killed',
  Survived: 'survived',
  Timeout: 'timedOut',
  NoCoverage: 'notCovered',
};

export function judge(results: readonly MutantResult[], survivors: Survivors): Outcome {
  const listed = new Set(survivors.flatMap(({ mutants }) => mutants.map(keyOf)));
  const counts = new Map<string, Count>();
  const alive = new Map<string, ListedMutant & { readonly status: string }>();
  const dead = new Map<string, ListedMutant>();
  for (const result of results) {
    const mutant = described(result);
    const folder = mutant.file.split('/').slice(0, 2).join('/');
    const count = counts.get(folder) ?? { killed: 0, survived: 0, timedOut: 0, notCovered: 0 };
    counts.set(folder, count);
    const kind = kinds[result.status];
    if (kind !== undefined) count[kind] += 1;
    if (kind === 'killed') dead.set(keyOf(mutant), mutant);
    else alive.set(keyOf(mutant), { ...mutant, status: result.status });
  }
  return {
    counts,
    unlisted: [...alive].filter(([key]) => !listed.has(key)).map(([, mutant]) => mutant),
    // Two mutants of one line may read the same; the one that lives keeps its place in the list.
    killed: [...dead].filter(([key]) => listed.has(key) && !alive.has(key)).map(([, mutant]) => mutant),
  };
}

/** Killed or run in circles: noticed. As share of all, from 0 to 1. */
export function shareNoticed(counts: Iterable<Count>): number {
  let [noticed, all] = [0, 0];
  for (const { killed, survived, timedOut, notCovered } of counts) {
    noticed += killed + timedOut;
    all += killed + timedOut + survived + notCovered;
  }
  return all === 0 ? 1 : noticed / all;
}

function described({ fileName, location, replacement }: MutantResult): ListedMutant {
  const { start, end } = location;
  const lines = readFileSync(fileName, 'utf8')
    .split('\n')
    .slice(start.line - 1, end.line);
  const line = (lines[0] ?? '').trim();
  const cut = lines.with(-1, (lines.at(-1) ?? '').slice(0, end.column - 1));
  const original = cut.with(0, (cut[0] ?? '').slice(start.column - 1)).join(' ');
  return { file: relative('', fileName), line, change: `${short(original)} => ${short(replacement)}` };
}

function short(text: string): string {
  const flat = text.replaceAll(/\s+/g, ' ').trim();
  return flat.length <= 100 ? flat : `${flat.slice(0, 97)}...`;
}
