import type { Discovery, Features } from '../feature/features.ts';
import type { Log } from '../port/log.ts';

export type { Discovery, Features, Log };

/** What the host hands a plugin for one discovery. */
export interface DiscoverContext {
  /** Where the host's root is mounted; every path a plugin reads is below it. `/` on a host itself. */
  readonly hostRoot: string;
  /** The Node that the worker speaks for; undefined where there is none, as in `featureseal discover`. */
  readonly nodeName?: string;
  /** The time of this discovery. */
  readonly now: Date;
  /** Aborts at the deadline. A plugin that waits should stop then. */
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** What the host hands a plugin that watches. */
export interface WatchContext extends Pick<DiscoverContext, 'hostRoot' | 'log'> {
  /** Aborts when the watch is over. */
  readonly signal: AbortSignal;
}

/** One source of features. Returns data and changes nothing. */
export interface FeaturePlugin {
  /** Prefix of its features and labels: lower-case letters, digits and dashes. */
  readonly name: string;
  discover(context: DiscoverContext): Promise<Discovery>;
  /**
   * For what can be watched: calls `onChange` whenever a discovery would find something else, and resolves once its
   * signal aborts. Many calls at once ask for one discovery.
   */
  watch?(context: WatchContext, onChange: () => void): Promise<void>;
}

/** Default export of a plugin module. Throws where `options` are wrong. */
export type PluginFactory<Options = unknown> = (options: Options) => FeaturePlugin;
