import type { Discovery, Features } from '../feature/features.ts';
import type { Log } from '../port/log.ts';

export type { Discovery, Features, Log };

/** What the host hands a plugin for one discovery. */
export interface DiscoverContext {
  /** Where the host's root is mounted; every path a plugin reads is below it. `/` on a host itself. */
  readonly hostRoot: string;
  /** Aborts at the deadline. A plugin that waits should stop then. */
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** One source of features. Returns data and changes nothing. */
export interface FeaturePlugin {
  /** Prefix of its features and labels: lower-case letters, digits and dashes. */
  readonly name: string;
  discover(context: DiscoverContext): Promise<Discovery>;
}

/** Default export of a plugin module. Throws where `options` are wrong. */
export type PluginFactory<Options = unknown> = (options: Options) => FeaturePlugin;
