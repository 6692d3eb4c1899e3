import type { Features, Log } from './contract.ts';
import { reasonOf } from './thrown.ts';

/** What a probe found of one feature; a feature may be of several kinds. */
export interface Finding {
  readonly flags?: Iterable<string>;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly instances?: readonly Readonly<Record<string, string>>[];
}

/** Looks for one feature; undefined where the host has no such thing to look at. */
export type Probe = () => Promise<Finding | undefined>;

/**
 * Runs all probes, keyed by the feature's name. One that fails loses its own feature alone, with a log line that says
 * which file and why.
 */
export async function runProbes(
  probes: Readonly<Record<string, Probe>>,
  { log, signal }: { readonly log: Log; readonly signal: AbortSignal },
): Promise<Features> {
  const found = await Promise.all(
    Object.entries(probes).map(async ([feature, probe]): Promise<[string, Finding] | undefined> => {
      try {
        const finding = await probe();
        return finding === undefined ? undefined : [feature, finding];
      } catch (thrown) {
        signal.throwIfAborted();
        log.warn('feature not discovered', { feature, reason: reasonOf(thrown) });
        return undefined;
      }
    }),
  );
  return toFeatures(found.filter((entry) => entry !== undefined));
}

// Object.fromEntries defines its members, so that a kernel module named `__proto__` is data like any other.
function toFeatures(found: readonly (readonly [string, Finding])[]): Features {
  const kind = <Part, Feature>(
    part: (finding: Finding) => Part | undefined,
    build: (part: Part) => Feature,
  ): Record<string, Feature> =>
    Object.fromEntries(
      found.flatMap(([name, finding]) => {
        const value = part(finding);
        return value === undefined ? [] : [[name, build(value)] as const];
      }),
    );
  return {
    flags: kind(
      (finding) => finding.flags,
      (names) => ({ elements: Object.fromEntries([...new Set(names)].sort().map((name) => [name, {}])) }),
    ),
    attributes: kind(
      (finding) => finding.attributes,
      (values) => ({ elements: sortedByKey(values) }),
    ),
    instances: kind(
      (finding) => finding.instances,
      (list) => ({ elements: list.map((attributes) => ({ attributes })) }),
    ),
  };
}

/**
 * Values that a probe keeps from one discovery to the next: sorted and frozen. As long as a feature has the same frozen
 * values, it is not sorted, copied and checked again.
 */
export function keptValues(values: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.freeze(sortedByKey(values));
}

/** By key alone: the default order would join key and value of each entry at every comparison. */
function sortedByKey(values: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  if (Object.isFrozen(values)) return values;
  return Object.fromEntries(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)));
}
