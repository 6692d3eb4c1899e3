import { isObject, ownMember } from '../feature/guard.ts';
import { keyOf, malformed, metadataOf } from './metadata.ts';
import { statusCode, statusError } from './status.ts';

/** One line of a watch (kubernetes.io/docs/reference/using-api/api-concepts, "Efficient detection of changes"). */
export type WatchEvent =
  | {
      readonly type: 'applied';
      readonly key: string;
      readonly resourceVersion: string;
      readonly object: unknown;
    }
  | { readonly type: 'deleted'; readonly key: string; readonly resourceVersion: string }
  | { readonly type: 'bookmark'; readonly resourceVersion: string };

/**
 * @throws FeaturesealError object-malformed, or what the server reports inside the stream: an expired version mostly
 */
export function parseWatchEvent(line: string): WatchEvent {
  let event: unknown;
  try {
    event = JSON.parse(line);
  } catch {
    throw malformed('a watch event that is not JSON');
  }
  const [type, object] = isObject(event) ? [ownMember(event, 'type'), ownMember(event, 'object')] : [];
  switch (type) {
    case 'ADDED':
    case 'MODIFIED': {
      const metadata = metadataOf(object);
      return { type: 'applied', key: keyOf(metadata), resourceVersion: metadata.resourceVersion, object };
    }
    case 'DELETED': {
      const metadata = metadataOf(object);
      return { type: 'deleted', key: keyOf(metadata), resourceVersion: metadata.resourceVersion };
    }
    case 'BOOKMARK':
      return { type: 'bookmark', resourceVersion: bookmarked(object) };
    case 'ERROR':
      throw statusError('watch', statusCode(object), object);
    default:
      throw malformed('a watch event of unknown type');
  }
}

/** A bookmark has no name: it is about no object. */
function bookmarked(object: unknown): string {
  const metadata = isObject(object) ? ownMember(object, 'metadata') : undefined;
  const version = isObject(metadata) ? ownMember(metadata, 'resourceVersion') : undefined;
  if (typeof version !== 'string' || version === '') throw malformed('a bookmark without resourceVersion');
  return version;
}
