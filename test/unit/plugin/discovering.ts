import type { DiscoverContext } from '../../../src/plugin/contract.ts';
import { discoverAll, type DiscoverOptions } from '../../../src/plugin/discover.ts';
import type { LoadedPlugin } from '../../../src/plugin/load.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { recordingLog } from './recording-log.ts';

/** A plugin that answers with whatever this gives. */
export const plugin = (name: string, discover: (context: DiscoverContext) => unknown): LoadedPlugin => ({
  name,
  discover: async (context) => discover(context),
});
export const nothing = { features: { flags: {}, attributes: {}, instances: {} }, labels: {} };
export const labelled = (labels: unknown) => ({ ...nothing, labels });
export const flagged = (feature: string, ...names: readonly string[]) => ({
  ...nothing,
  features: {
    ...nothing.features,
    flags: { [feature]: { elements: Object.fromEntries(names.map((name) => [name, {}])) } },
  },
});
export const fine = plugin('fine', () => flagged('is', 'HERE'));
export const fineFlags = { 'fine.is': { elements: { HERE: {} } } };

/** One discovery by these plugins, with the lines that it logs. */
export function discover(plugins: readonly LoadedPlugin[], options: Partial<DiscoverOptions> = {}) {
  const { log, lines } = recordingLog();
  const signal = new AbortController().signal;
  const result = discoverAll({
    plugins,
    hostRoot: '/',
    signal,
    log,
    clock: new ManualClock(),
    deadlineMs: 5000,
    ...options,
  });
  return { result, lines };
}
