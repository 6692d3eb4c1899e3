import { FeaturesealError } from '../error.ts';
import { isObject, ownMember } from '../feature/guard.ts';
import type { ApiClient } from './api-client.ts';
import { malformed } from './metadata.ts';
import type { Resource } from './resources.ts';
import { isNotFound } from './status.ts';

/** Objects a page. */
export const pageSize = 250;
const pageTimeoutMs = 60_000;

export interface Page {
  readonly items: readonly unknown[];
  /** Of the whole list: the same on all its pages. */
  readonly resourceVersion: string;
}

/**
 * A consistent list in pages. No resourceVersion is asked for: that is the newest state (kubernetes.io/docs/reference/using-api/api-concepts,
 * "Resource versions"), so never an older one than a watch before has told.
 *
 * @throws FeaturesealError as ApiClient.request; an expired one where the list was forgotten between two pages
 */
export async function* listPages(
  api: ApiClient,
  resource: Resource,
  signal: AbortSignal,
): AsyncGenerator<Page> {
  let limit = pageSize;
  let from: string | undefined;
  for (;;) {
    const read = await readPageOrLess(api, resource, { limit, from, signal });
    yield read.page;
    if (read.next === undefined) return;
    from = read.next;
    limit = read.limit;
  }
}

interface PageRequest {
  readonly limit: number;
  readonly from: string | undefined;
  readonly signal: AbortSignal;
}

/** Large objects, made large on purpose perhaps, must not keep the others from being read: then fewer at a time. */
async function readPageOrLess(
  api: ApiClient,
  resource: Resource,
  request: PageRequest,
): Promise<{ page: Page; next: string | undefined; limit: number }> {
  for (let limit = request.limit; ; limit = Math.max(1, Math.floor(limit / 4))) {
    try {
      return { ...(await readPage(api, resource, { ...request, limit })), limit };
    } catch (thrown) {
      if (!isTooLarge(thrown) || limit === 1) throw thrown;
    }
  }
}

async function readPage(
  api: ApiClient,
  { path, fieldSelector, labelSelector, acceptList }: Resource,
  { limit, from, signal }: PageRequest,
): Promise<{ page: Page; next: string | undefined }> {
  const { json } = await api
    .request({
      path,
      query: { limit: String(limit), continue: from, fieldSelector, labelSelector },
      ...(acceptList === undefined ? {} : { accept: acceptList }),
      signal,
      timeoutMs: pageTimeoutMs,
    })
    .catch((thrown: unknown) => {
      if (isNotFound(thrown)) throw notServed(path);
      throw thrown;
    });
  const [items, metadata] = isObject(json) ? [ownMember(json, 'items'), ownMember(json, 'metadata')] : [];
  const resourceVersion = isObject(metadata) ? ownMember(metadata, 'resourceVersion') : undefined;
  if (!isObject(metadata) || typeof resourceVersion !== 'string')
    throw malformed('a list without resourceVersion');
  if (items !== null && !Array.isArray(items)) throw malformed('a list without items');
  const next = ownMember(metadata, 'continue');
  return {
    page: { items: items ?? [], resourceVersion },
    next: typeof next === 'string' && next !== '' ? next : undefined,
  };
}

/** A list of nothing is an empty list; 404 says that there is no such kind. */
function notServed(path: string): FeaturesealError {
  const message = `the API server does not know ${path}: is the CustomResourceDefinition installed?`;
  return new FeaturesealError({ code: 'store-refused', message });
}

function isTooLarge(thrown: unknown): boolean {
  return thrown instanceof FeaturesealError && thrown.code === 'object-too-large';
}
