import { z } from 'zod';
import type { ApiClient } from './api-client.ts';
import { listObjects } from './objects.ts';

/** An Event as it is read back. */
export interface ToldEvent {
  readonly reason: string;
  /** As its writer cut and escaped it. */
  readonly message: string;
  /** `kind namespace/name`. */
  readonly about: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly count: number;
  /** RFC 3339, the last time. */
  readonly last: string;
}

const eventShape = z.object({
  reason: z.string().default(''),
  message: z.string().default(''),
  reportingComponent: z.string().default(''),
  involvedObject: z
    .object({ kind: z.string().default(''), namespace: z.string().default(''), name: z.string().default('') })
    .prefault({}),
  eventTime: z.string().nullish(),
  series: z.object({ count: z.number(), lastObservedTime: z.string() }).nullish(),
});

/** Events of one controller, the newest first; of all objects, or of those with this name. */
export async function readEvents(
  api: ApiClient,
  { controller, name }: { readonly controller: string; readonly name?: string },
  signal: AbortSignal,
): Promise<readonly ToldEvent[]> {
  // The core form of an Event: the one whose object and controller can be selected by.
  const selectors = [
    `reportingComponent=${controller}`,
    ...(name === undefined ? [] : [`involvedObject.name=${name}`]),
  ];
  const resource = { path: '/api/v1/events', fieldSelector: selectors.join(',') };
  const found = await listObjects(api, resource, eventShape, signal);
  return found
    .map(({ reason, message, involvedObject, eventTime, series }) => {
      const { kind, namespace, name: of } = involvedObject;
      const about = `${kind} ${namespace === '' ? of : `${namespace}/${of}`}`;
      const last = series?.lastObservedTime ?? eventTime ?? '';
      return { reason, message, about, kind, namespace, name: of, count: series?.count ?? 1, last };
    })
    .sort((a, b) => (a.last < b.last ? 1 : -1));
}
