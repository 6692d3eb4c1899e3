import { parseSpiffeId } from '../spiffe/spiffe-id.ts';
import { FeaturesealError } from '../error.ts';

/** A SPIFFE ID of the policy in which `{cluster}` and `{node}` may each stand for one whole path segment. */
export interface IdTemplate {
  readonly text: string;
  readonly trustDomain: string;
  readonly hasNode: boolean;
}

/** What an entry frees its templates of. */
export interface TemplateFreedom {
  readonly anyCluster: boolean;
  readonly anyNode: boolean;
}

/** Of `spiffe://trust.domain/first/second`, split at each slash. */
const firstPathSegment = 3;

/** Parses a template. @returns the template, or the fault as a sentence */
export function parseTemplate(text: string, freedom: TemplateFreedom): IdTemplate | string {
  const count = (placeholder: string): number =>
    text.split('/').filter((segment) => segment === placeholder).length;
  // Whole segments only: `prefix-{node}` would let node "b" speak where "a-b" was meant.
  const filled = filledWith(text, () => 'x');
  const fault = idFault(filled);
  if (fault !== undefined) return fault;
  if (count('{cluster}') > 1 || count('{node}') > 1) return 'names a placeholder twice';
  if (count('{cluster}') === 0 && !freedom.anyCluster) return 'lacks {cluster} (or say anyCluster: true)';
  if (count('{node}') === 0 && !freedom.anyNode) return 'lacks {node} (or say anyNode: true)';
  return { text, trustDomain: parseSpiffeId(filled).trustDomain, hasNode: count('{node}') === 1 };
}

/** The one ID that a template allows for this cluster and node; compared byte for byte. */
export function fillTemplate(template: IdTemplate, cluster: string, node: string): string {
  // Segment by segment, not String.replace: `$&` in a name must stay text.
  return filledWith(template.text, (placeholder) => (placeholder === '{node}' ? node : cluster));
}

/** Fills the path alone: a trust domain is named by the policy, never by an object. */
function filledWith(text: string, value: (placeholder: '{cluster}' | '{node}') => string): string {
  return text
    .split('/')
    .map((segment, index) => {
      const isPlaceholder = index >= firstPathSegment && (segment === '{cluster}' || segment === '{node}');
      return isPlaceholder ? value(segment) : segment;
    })
    .join('/');
}

function idFault(text: string): string | undefined {
  try {
    const id = parseSpiffeId(text);
    if (id.path === '') return 'has no path: that is a trust domain, not a workload';
    if (id.path === '/spire' || id.path.startsWith('/spire/'))
      return 'is under /spire/: an agent or a server, not a workload';
    return undefined;
  } catch (thrown) {
    if (thrown instanceof FeaturesealError) return `is not a SPIFFE ID: ${thrown.message}`;
    throw thrown;
  }
}
