import type { Clock } from '../port/clock.ts';
import type { EventSink, Notice } from '../port/event-sink.ts';
import { asFeaturesealError, type FeaturesealError } from '../error.ts';
import { apiVersion as nodeFeatureVersion } from '../feature/node-feature.ts';
import { escapeControls } from '../runtime/escape.ts';
import { wakeable } from '../runtime/wakeable.ts';
import { pathOf, type ApiClient } from './api-client.ts';
import { microTime } from './lease.ts';

/** Bounds: whoever can write objects makes notices, and must not be able to fill memory or etcd with them. */
export const eventLimits = {
  /** Events remembered, so that a repetition becomes a count. */
  remembered: 2_048,
  /** Events that wait to be written; more are dropped. */
  waiting: 512,
  /** Milliseconds between two writes. */
  pause: 200,
  /** Milliseconds before the count of one Event is written again. */
  repeat: 60_000,
  /** Milliseconds after which a repetition is an Event of its own: the server forgets Events after an hour. */
  series: 30 * 60_000,
};

/** Longest `note`, in bytes (events.k8s.io/v1). */
const maxNoteBytes = 1024;
const callTimeoutMs = 10_000;

export interface KubeEventsOptions {
  readonly api: ApiClient;
  readonly clock: Clock;
  /** Hexadecimal text for names, different each time. */
  readonly randomHex: () => string;
  /** `featureseal.io/master`. */
  readonly controller: string;
  /** The pod. */
  readonly instance: string;
  /** A notice was not sent: too many wait, or the API server refused it. */
  readonly onDropped?: (problem: FeaturesealError | undefined) => void;
}

/** What was said of one object for one reason. */
interface Series {
  readonly notice: Notice;
  readonly name: string;
  readonly firstAt: number;
  count: number;
  lastAt: number;
  /** When it was written last, and with what count; undefined: never. */
  written?: { readonly at: number; readonly count: number };
}

/**
 * Events (events.k8s.io/v1) on Nodes and NodeFeatures. The same reason on the same object is one Event with a count;
 * writes are spaced; what does not fit is dropped and counted. Never throws, never waits.
 */
export class KubeEvents implements EventSink {
  readonly #options: KubeEventsOptions;
  readonly #series = new Map<string, Series>();
  readonly #waiting = new Set<Series>();
  readonly #bell = wakeable();

  constructor(options: KubeEventsOptions) {
    this.#options = options;
  }

  send(notice: Notice): void {
    const now = this.#options.clock.now();
    const key = JSON.stringify([notice.about, notice.reason, notice.type]);
    const known = this.#series.get(key);
    if (known !== undefined && now - known.firstAt < eventLimits.series) {
      known.count += 1;
      known.lastAt = now;
      return;
    }
    if (this.#waiting.size >= eventLimits.waiting) {
      this.#options.onDropped?.(undefined);
      return;
    }
    const name = `${namePrefix(notice.about.name)}.${this.#options.randomHex()}`;
    const series: Series = { notice, name, firstAt: now, count: 1, lastAt: now };
    this.#series.delete(key);
    this.#series.set(key, series);
    this.#forgetOldest();
    this.#waiting.add(series);
    this.#bell.ring();
  }

  /** Writes what was sent until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#writeWaiting(signal), this.#repeat(signal)]);
  }

  async #writeWaiting(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const [series] = this.#waiting;
      if (series === undefined) {
        await this.#bell.wait(signal);
        continue;
      }
      this.#waiting.delete(series);
      await this.#write(series, signal);
      await this.#options.clock.sleep(eventLimits.pause, signal);
    }
  }

  /** Now and then the counts that grew. */
  async #repeat(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      await clock.sleep(eventLimits.repeat, signal);
      for (const [key, series] of this.#series) {
        if (series.written !== undefined && series.written.count < series.count) this.#waiting.add(series);
        else if (clock.now() - series.firstAt >= eventLimits.series) this.#series.delete(key);
      }
      this.#bell.ring();
    }
  }

  async #write(series: Series, signal: AbortSignal): Promise<void> {
    const { api, onDropped, clock } = this.#options;
    const written = { at: clock.now(), count: series.count };
    try {
      const path = `/apis/events.k8s.io/v1${pathOf('namespaces', namespaceOf(series.notice), 'events')}`;
      const common = { signal, timeoutMs: callTimeoutMs };
      if (series.written === undefined) {
        await api.request({ ...common, method: 'POST', path, body: this.#event(series) });
      } else {
        const body = { series: repetition(series) };
        const contentType = 'application/merge-patch+json';
        await api.request({
          ...common,
          method: 'PATCH',
          path: `${path}${pathOf(series.name)}`,
          contentType,
          body,
        });
      }
      series.written = written;
    } catch (thrown) {
      if (!signal.aborted)
        onDropped?.(asFeaturesealError(thrown, 'internal', 'an Event could not be written'));
    }
  }

  #event(series: Series): unknown {
    const { notice, name, firstAt, count } = series;
    const { about } = notice;
    return {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name, namespace: namespaceOf(notice) },
      eventTime: microTime(firstAt),
      reportingController: this.#options.controller,
      reportingInstance: this.#options.instance,
      action: 'Verify',
      reason: notice.reason,
      type: notice.type,
      note: bounded(notice.message),
      regarding: { apiVersion: about.kind === 'NodeFeature' ? nodeFeatureVersion : 'v1', ...about },
      ...(count > 1 ? { series: repetition(series) } : {}),
    };
  }

  #forgetOldest(): void {
    if (this.#series.size <= eventLimits.remembered) return;
    const [oldest] = this.#series.keys();
    if (oldest !== undefined) this.#series.delete(oldest);
  }
}

function repetition({ count, lastAt }: Series): unknown {
  return { count, lastObservedTime: microTime(lastAt) };
}

/** Events on Nodes stand in `default`, those on a namespace in it. */
function namespaceOf({ about }: Notice): string {
  if (about.kind === 'Node') return 'default';
  return about.kind === 'Namespace' ? about.name : about.namespace;
}

/** The start of an Event's name, which is a DNS subdomain of at most 253 characters. */
function namePrefix(name: string): string {
  return name.slice(0, 200).replace(/[^a-z0-9]+$/, '');
}

/** Escaped, and cut to what the server takes. */
function bounded(message: string): string {
  const text = escapeControls(message.toWellFormed());
  let cut = text.slice(0, maxNoteBytes);
  while (Buffer.byteLength(cut) > maxNoteBytes) cut = cut.slice(0, -16);
  return cut.toWellFormed();
}
