import { rootAheadMs } from './spire.ts';

/** One key of SPIRE's configuration. */
export interface Setting {
  readonly where: string;
  readonly key: string;
  readonly valueMs: number;
  readonly why: string;
}

/** What ends when the link stays cut, counted from the cut. */
export interface Ending {
  readonly what: string;
  readonly effect: string;
  /** When the link was cut at the worst moment, just before a renewal. */
  readonly earliestMs: number;
  /** When it was cut just after one. */
  readonly latestMs: number;
  /** Somebody is without an identity then; else it is only seen. */
  readonly breaks: boolean;
}

interface Way {
  readonly way: 'agent' | 'nested';
  readonly title: string;
  /** The longest time without the cloud that this way can be made to outlast. */
  readonly limitMs: number;
}

export interface PossibleWay extends Way {
  readonly possible: true;
  readonly settings: readonly Setting[];
  /** In order of their earliest time. */
  readonly endings: readonly Ending[];
  /** What the cut does whatever the lifetimes are. */
  readonly always: readonly string[];
}

export interface ImpossibleWay extends Way {
  readonly possible: false;
  readonly why: string;
  readonly instead: string;
}

export type Plan = PossibleWay | ImpossibleWay;

/** How a way plans: the lifetimes that a time without the cloud asks for, what to set for them, and what ends when. */
interface Planning<Lifetimes> extends Way, Pick<PossibleWay, 'always'> {
  /** Said of a time longer than its limit. */
  readonly beyondLimit: Pick<ImpossibleWay, 'why' | 'instead'>;
  readonly lifetimesFor: (offlineMs: number) => Lifetimes;
  readonly settingsOf: (lifetimes: Lifetimes) => readonly Setting[];
  readonly endingsOf: (lifetimes: Lifetimes, times: SealTimes) => readonly Ending[];
}

/** What of Featureseal's own settings counts; milliseconds. */
export interface SealTimes {
  /** Age of a seal beyond which the master shows it as stale. */
  readonly maxAgeMs: number;
  /** Age at which the worker makes a seal anew. */
  readonly resignIntervalMs: number;
}

/** Makes the plan of a way for a time without the cloud, in milliseconds. */
export function planner<Lifetimes>({
  beyondLimit,
  lifetimesFor,
  settingsOf,
  endingsOf,
  always,
  ...way
}: Planning<Lifetimes>): (offlineMs: number, times: SealTimes) => Plan {
  return (offlineMs, times) => {
    if (offlineMs > way.limitMs) return { ...way, possible: false, ...beyondLimit };
    const lifetimes = lifetimesFor(offlineMs);
    const [settings, endings] = [settingsOf(lifetimes), endingsOf(lifetimes, times)];
    return { ...way, possible: true, settings, endings, always };
  };
}

export function inOrder(endings: readonly Ending[]): readonly Ending[] {
  return endings.toSorted((a, b) => a.earliestMs - b.earliestMs);
}

/** The seal that the master has was made up to a resignInterval before the cut. */
export function staleEnding({ maxAgeMs, resignIntervalMs }: SealTimes): Ending {
  return {
    what: 'seal is older than maxAge',
    effect: 'a master beyond the cut shows the node as stale; its labels stay',
    earliestMs: maxAgeMs - resignIntervalMs,
    latestMs: maxAgeMs,
    breaks: false,
  };
}

/** While the link is cut nobody hears of new roots; the old ones stay good for what is signed here. */
export function unknownRoots(who: string, caMs: number): Ending {
  return {
    what: `roots that ${who} knows`,
    effect: 'the cloud may sign with a root that is not trusted here until the link is back',
    earliestMs: rootAheadMs(caMs),
    latestMs: caMs,
    breaks: false,
  };
}
