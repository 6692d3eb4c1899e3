import { FeaturesealError } from '../error.ts';
import { quote } from '../feature/guard.ts';
import { nodeNameLabel } from '../feature/node-feature.ts';
import type { ObjectFrame } from '../feature/parse.ts';
import { coveredValue } from '../feature/payload.ts';
import { isPathSegment } from '../spiffe/spiffe-id.ts';

/** Characters of a node's name: it is the value of a label. */
export const maxNodeName = 63;

/**
 * The node that a covered label names. It fills one segment of a SPIFFE ID, so its form is checked before any template
 * is: DNS-1123 subdomain, at most 63 characters (a label's value), never `..` or `/`.
 *
 * @throws FeaturesealError covered-keys, node-name-invalid
 */
export function coveredNodeName(frame: ObjectFrame): string {
  const node = coveredValue(frame.labels, nodeNameLabel, 'metadata.labels');
  if (!isNodeName(node)) {
    const message = `${quote(node)} is not a DNS-1123 subdomain of at most 63 characters`;
    throw new FeaturesealError({ code: 'node-name-invalid', message });
  }
  return node;
}

/** The name of a cluster fills one segment of a SPIFFE ID too. */
export function isClusterName(text: string): boolean {
  return text.length <= 63 && isPathSegment(text);
}

/** RFC 1123 section 2.1, as Kubernetes applies it to the names of Nodes. */
function isNodeName(text: string): boolean {
  return (
    text.length <= maxNodeName &&
    /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(text)
  );
}
