import type { Discovery, Features } from '../feature/features.ts';
import type { Log } from '../port/log.ts';

export type { Discovery, Features, Log };

/**
 * The files of one host, for one discovery. Paths are the host's own, such as `/proc/modules`; links lead where they
 * lead on the host, and never out of it. Absent files are `undefined`; what is there but is no bounded, regular,
 * readable text throws an error that names path and reason.
 */
export interface Host {
  /** The whole file. */
  bytes(path: string, maxBytes: number): Promise<Uint8Array | undefined>;
  /** The whole file as text. */
  text(path: string, maxBytes: number): Promise<string | undefined>;
  /** The whole lines within the first `maxBytes`, however long the file is. */
  head(path: string, maxBytes: number): Promise<string | undefined>;
  /** One trimmed value that `pattern` must match. */
  value(path: string, pattern: RegExp): Promise<string | undefined>;
  /** The names in a folder, sorted. */
  list(path: string): Promise<readonly string[] | undefined>;
  exists(path: string): Promise<boolean>;
  /** The path in this process of one of the host's; undefined where there is none. */
  locate(path: string): Promise<string | undefined>;
}

/** What the host hands a plugin for one discovery. */
export interface DiscoverContext {
  /** Reads the host. A plugin that reads by other means does so below `hostRoot`. */
  readonly host: Host;
  /** Where the host's root is mounted; `/` on a host itself. */
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

/** What a plugin returns. */
export interface PluginDiscovery extends Discovery {
  /** From then on a discovery would find something else: it is made then, not only when the interval is over. */
  readonly validUntil?: Date;
  /**
   * True where this follows from the options and from what `host` answered, and from nothing else but what stays as it is
   * while the process lives: for as long as the host answers the same, the plugin is not asked again.
   */
  readonly fromHostAlone?: boolean;
}

/** One source of features. Returns data and changes nothing. */
export interface FeaturePlugin {
  /** Prefix of its features and labels: lower-case letters, digits and dashes. */
  readonly name: string;
  discover(context: DiscoverContext): Promise<PluginDiscovery>;
  /**
   * For what can be watched: calls `onChange` whenever a discovery would find something else, and resolves once its
   * signal aborts. Many calls at once ask for one discovery.
   */
  watch?(context: WatchContext, onChange: () => void): Promise<void>;
}

/** Default export of a plugin module. Throws where `options` are wrong. */
export type PluginFactory<Options = unknown> = (options: Options) => FeaturePlugin;
