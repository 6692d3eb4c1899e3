import { asFeaturesealError, FeaturesealError } from '../error.ts';
import type { Clock } from '../port/clock.ts';
import { createBackOff } from '../runtime/back-off.ts';
import type { ApiClient } from './api-client.ts';
import { startDeadline } from './deadline.ts';
import { listPages } from './lister.ts';
import { keyOf, malformed, metadataOf } from './metadata.ts';
import { isOlder } from './resource-version.ts';
import type { Resource } from './resources.ts';
import { isExpired } from './status.ts';
import { parseWatchEvent, type WatchEvent } from './watch-event.ts';

export type ReflectorEvent =
  | { readonly type: 'applied'; readonly key: string; readonly object: unknown }
  | { readonly type: 'deleted'; readonly key: string }
  /** A complete list was read; each of its objects was told of before, in this list or earlier. */
  | { readonly type: 'synced'; readonly keys: ReadonlySet<string> };

/** Takes an event in; the reflector reads on when it has, so that a fast server cannot fill the memory of a slow reader. */
export type ReflectorListener = (event: ReflectorEvent) => void | Promise<void>;

export interface ReflectorOptions {
  readonly api: ApiClient;
  readonly resource: Resource;
  readonly clock: Clock;
  /** From 0 to below 1. */
  readonly random: () => number;
  /** Told of every failure; the reflector goes on by itself. */
  readonly onProblem?: (problem: FeaturesealError) => void;
}

/** Milliseconds. */
const reflectorTimes = {
  /** The server ends a watch between the first and the second, spread so that not all come back at once. */
  shortestWatch: 300_000,
  longestWatch: 600_000,
  /** Servers send a bookmark about every minute: a watch that is silent for longer has got stuck. */
  idle: 150_000,
  /** A watch that stood so long was a good one, also where nothing happened. */
  steady: 10_000,
  firstRetry: 1_000,
  longestRetry: 30_000,
};

/** A watch that fails so often in a row without one event is no longer trusted to go on where it was. */
const mostFruitlessWatches = 3;

/**
 * A local view of a collection that survives everything: list in pages, then watch from the list's resourceVersion;
 * resets, errors and silence lead to a new watch from the last event seen, an expired version (410) to a new list, with
 * back-off and for ever. Of objects it keeps key and resourceVersion only.
 */
export class Reflector {
  readonly #options: ReflectorOptions;
  /** resourceVersion of what was told last, by key. */
  readonly #told = new Map<string, string>();
  /** Where to watch from; undefined: list first. */
  #version: string | undefined;
  /** The newest resourceVersion that the server ever told. */
  #newest: string | undefined;
  #hasProgressed = false;
  #fruitless = 0;

  constructor(options: ReflectorOptions) {
    this.#options = options;
  }

  /** Tells of what is there and of every change, in the server's order, until `signal` aborts. Never rejects for a failure. */
  async run(onEvent: ReflectorListener, signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#options;
    const { firstRetry, longestRetry } = reflectorTimes;
    const backOff = createBackOff({ clock, random, firstMs: firstRetry, maxMs: longestRetry });
    while (!signal.aborted) {
      this.#hasProgressed = false;
      const hasEnded = await this.#listAndWatch(onEvent, signal);
      if (signal.aborted) return;
      if (this.#hasProgressed) backOff.reset();
      // A good watch that the server ended goes on at once; all else waits, so that nothing spins.
      if (!hasEnded || !this.#hasProgressed) await backOff.wait(signal);
    }
  }

  /** @returns true where the watch ended by itself */
  async #listAndWatch(onEvent: ReflectorListener, signal: AbortSignal): Promise<boolean> {
    try {
      this.#version ??= await this.#list(onEvent, signal);
      await this.#watch(this.#version, onEvent, signal);
      return true;
    } catch (thrown) {
      if (signal.aborted) return false;
      this.#onFailure(asFeaturesealError(thrown, 'internal', 'the watch stopped'));
      return false;
    }
  }

  #onFailure(problem: FeaturesealError): void {
    this.#fruitless = this.#hasProgressed ? 0 : this.#fruitless + 1;
    const mustList =
      isExpired(problem) || problem.code === 'store-refused' || this.#fruitless >= mostFruitlessWatches;
    if (mustList) this.#version = undefined;
    // A server may forget: that is how it is built.
    if (!isExpired(problem)) this.#options.onProblem?.(problem);
  }

  async #list(onEvent: ReflectorListener, signal: AbortSignal): Promise<string> {
    const { api, resource } = this.#options;
    const keys = new Set<string>();
    let version: string | undefined;
    for await (const { items, resourceVersion } of listPages(api, resource, signal)) {
      version = resourceVersion;
      for (const object of items) {
        const metadata = metadataOf(object);
        const key = keyOf(metadata);
        keys.add(key);
        // Told of already, at this very version: judging it again would find nothing new.
        if (this.#told.get(key) === metadata.resourceVersion) continue;
        this.#told.set(key, metadata.resourceVersion);
        await this.#deliver(onEvent, { type: 'applied', key, object });
      }
    }
    // Every list has a first page.
    if (version === undefined) throw malformed('a list without pages');
    this.#refuseOlder(version);
    for (const key of this.#told.keys()) if (!keys.has(key)) this.#told.delete(key);
    await this.#deliver(onEvent, { type: 'synced', keys });
    return version;
  }

  /**
   * Absence from an older state proves nothing. The API server never shows one by itself; an etcd that was restored
   * from a backup does. The list after this one is compared with this one, so that one counts.
   */
  #refuseOlder(version: string): void {
    const before = this.#newest;
    this.#newest = version;
    if (!isOlder(version, before)) return;
    const message = 'the API server lists an older state than before; was etcd restored from a backup?';
    throw new FeaturesealError({ code: 'store-unavailable', message });
  }

  async #watch(from: string, onEvent: ReflectorListener, signal: AbortSignal): Promise<void> {
    const { api, resource, clock, random } = this.#options;
    const { shortestWatch, longestWatch, idle } = reflectorTimes;
    const seconds = Math.round((shortestWatch + (longestWatch - shortestWatch) * random()) / 1000);
    const query = {
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: from,
      timeoutSeconds: String(seconds),
      fieldSelector: resource.fieldSelector,
    };
    const accept = resource.acceptOne === undefined ? {} : { accept: resource.acceptOne };
    const deadline = startDeadline(idle, signal, clock);
    const began = clock.now();
    try {
      const request = { path: resource.path, query, ...accept, signal: deadline.signal };
      for await (const event of api.stream(request, parseWatchEvent)) {
        deadline.extend();
        await this.#take(event, onEvent);
      }
    } finally {
      deadline.clear();
      this.#hasProgressed ||= clock.now() - began >= reflectorTimes.steady;
    }
  }

  async #take(event: WatchEvent, onEvent: ReflectorListener): Promise<void> {
    const { resourceVersion } = event;
    if (event.type === 'applied') {
      this.#told.set(event.key, resourceVersion);
      await this.#deliver(onEvent, { type: 'applied', key: event.key, object: event.object });
    }
    if (event.type === 'deleted') {
      this.#told.delete(event.key);
      await this.#deliver(onEvent, { type: 'deleted', key: event.key });
    }
    this.#version = resourceVersion;
    this.#newest = resourceVersion;
    this.#hasProgressed = true;
  }

  /** A reader that throws is a defect of ours; it must not end the watch, nor make it tell the same for ever. */
  async #deliver(onEvent: ReflectorListener, event: ReflectorEvent): Promise<void> {
    try {
      await onEvent(event);
    } catch (thrown) {
      this.#options.onProblem?.(asFeaturesealError(thrown, 'internal', 'an event could not be taken in'));
    }
  }
}
