import type { Lifetimes } from '../ttl/agent-only.ts';
import { durationText } from '../ttl/duration-text.ts';
import type { Ending, Plan } from '../ttl/plan.ts';
import { warningsOf } from '../ttl/warnings.ts';
import { renderTable, type TableOptions } from './output.ts';
import { wrapWords } from './wrap.ts';

type Look = Pick<TableOptions, 'colour'>;

/** What `-o json` shows for `--offline`; durations as SPIRE writes them. */
export function publishedPlan(offlineMs: number, ways: readonly Plan[]): object {
  return {
    offline: durationText(offlineMs),
    ways: ways.map((plan) => ({
      way: plan.way,
      possible: plan.possible,
      limit: durationText(plan.limitMs),
      ...(plan.possible
        ? {
            settings: plan.settings.map(({ where, key, valueMs, why }) => ({
              where,
              key,
              value: durationText(valueMs),
              why,
            })),
            ...publishedOrder(plan.endings),
            always: plan.always,
          }
        : { why: plan.why, instead: plan.instead }),
    })),
  };
}

export function publishedEndings(lifetimes: Lifetimes, endings: readonly Ending[]): object {
  return { ...valuesOf(lifetimes), ...publishedOrder(endings), warnings: warningsOf(lifetimes) };
}

function publishedOrder(endings: readonly Ending[]): object {
  return {
    breaksFirst: firstToBreak(endings)?.what,
    endings: endings.map(({ what, effect, earliestMs, latestMs, breaks }) => ({
      what,
      earliest: durationText(earliestMs),
      latest: durationText(latestMs),
      breaks,
      effect,
    })),
  };
}

/** Each way with its settings, and under them what ends when. */
export function renderPlan(offlineMs: number, ways: readonly Plan[], look: Look): string {
  return ways.map((plan) => renderWay(offlineMs, plan, look)).join('\n');
}

function renderWay(offlineMs: number, plan: Plan, look: Look): string {
  const limit = `${plan.title}: ${durationText(plan.limitMs)} at most`;
  if (!plan.possible) {
    return `${limit}\n${indented(`${durationText(offlineMs)} is not possible: ${plan.why}. Instead: ${plan.instead}.`)}`;
  }
  const settings = plan.settings.map(({ where, key, valueMs, why }) => [
    where,
    key,
    durationText(valueMs),
    why,
  ]);
  return [
    `${limit}\n\n`,
    renderTable(settings, { header: ['SET AT', 'KEY', 'TO', 'WHY'], ...look }),
    `\nwithout the cloud for ${durationText(offlineMs)} and longer\n\n`,
    table(plan.endings, look),
    `\nwhatever the lifetimes\n`,
    ...plan.always.map((sentence) => indented(sentence)),
  ].join('');
}

export function renderEndings(lifetimes: Lifetimes, endings: readonly Ending[], look: Look): string {
  const values = Object.entries(valuesOf(lifetimes)).map(([key, value]) => `${key} ${value}`);
  const warnings = warningsOf(lifetimes)
    .map((sentence) => indented(sentence))
    .join('');
  return `${values.join(', ')}; counted from the last word with the server\n${warnings}\n${table(endings, look)}`;
}

function table(endings: readonly Ending[], look: Look): string {
  const first = firstToBreak(endings);
  const rows = endings.map((ending) => [
    durationText(ending.earliestMs),
    durationText(ending.latestMs),
    `${ending.what}${ending === first ? ' (breaks first)' : ''}`,
    ending.effect,
  ]);
  return renderTable(rows, { header: ['EARLIEST', 'LATEST', 'ENDS', 'EFFECT'], ...look });
}

function valuesOf({ svidMs, agentMs, caMs, availabilityTargetMs }: Lifetimes): Record<string, string> {
  return {
    default_x509_svid_ttl: durationText(svidMs),
    agent_ttl: durationText(agentMs),
    ca_ttl: durationText(caMs),
    ...(availabilityTargetMs === undefined
      ? {}
      : { availability_target: durationText(availabilityTargetMs) }),
  };
}

function firstToBreak(endings: readonly Ending[]): Ending | undefined {
  return endings.find(({ breaks }) => breaks);
}

function indented(sentence: string): string {
  return wrapWords(sentence.split(' '))
    .map((line) => `  ${line}\n`)
    .join('');
}
