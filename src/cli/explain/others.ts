import type { NodeDetails } from '../../kube/node-details.ts';
import type { NodeView } from '../../port/node-store.ts';
import { defaultLabelNamespace } from '../../feature/node-feature.ts';
import { readTracking, trackingAnnotation } from '../../rule/tracking.ts';
import { markAnnotation } from '../../seal/mark.ts';

/** Something else on the node that has to do with features. */
export interface ExplainedOther {
  readonly kind: 'annotation' | 'taint' | 'extended resource';
  readonly key: string;
  readonly value: string;
  /** `featureseal`, `nfd` (written or tracked by node-feature-discovery), or `foreign`. */
  readonly source: 'featureseal' | 'nfd' | 'foreign';
  readonly writtenBy?: string;
  readonly note?: string;
}

/** NFD's annotations on a Node; each may have the prefix of an instance. */
const nfdNamespace = 'nfd.node.kubernetes.io';
/** What NFD notes of what it wrote, by kind. This project writes none of these kinds. */
const nfdTracking = {
  annotation: `${nfdNamespace}/feature-annotations`,
  taint: `${nfdNamespace}/taints`,
  'extended resource': `${nfdNamespace}/extended-resources`,
} as const;

/** Annotations of this project and of NFD, and annotations, taints and extended resources of features. Pure. */
export function explainOthers(node: NodeDetails): readonly ExplainedOther[] {
  const { view, taints, capacity, writers } = node;
  const annotations = Object.entries(view.annotations).flatMap(([key, value]): ExplainedOther[] => {
    const about = annotationSource(key, value, node);
    const manager = writers.annotations.get(key)?.manager;
    const writer = manager === undefined ? {} : { writtenBy: manager };
    return about === undefined ? [] : [{ kind: 'annotation', key, value, ...about, ...writer }];
  });
  const tracked = { taint: notedBy('taint', view), resource: notedBy('extended resource', view) };
  return [
    ...annotations,
    ...taints.flatMap(({ key, value, effect }): ExplainedOther[] => {
      // NFD notes `key=value:effect`.
      const isNoted = tracked.taint.some((each) => each.startsWith(`${key}=`) || each.startsWith(`${key}:`));
      const source = sourceOf(key, isNoted);
      return source === undefined ? [] : [{ kind: 'taint', key, value: `${value}:${effect}`, source }];
    }),
    ...Object.entries(capacity).flatMap(([key, value]): ExplainedOther[] => {
      const source = sourceOf(key, tracked.resource.some(isNameOf(key)));
      return source === undefined ? [] : [{ kind: 'extended resource', key, value, source }];
    }),
  ];
}

function annotationSource(
  key: string,
  value: string,
  { view }: NodeDetails,
): Pick<ExplainedOther, 'source' | 'note'> | undefined {
  if (key === markAnnotation) {
    return { source: 'featureseal', note: 'the newest accepted seals' };
  }
  if (key === trackingAnnotation) {
    const note = `labels written for features: ${String(readTracking(value).size)}`;
    return { source: view.annotations[markAnnotation] === undefined ? 'nfd' : 'featureseal', note };
  }
  const namespace = key.slice(0, Math.max(0, key.indexOf('/')));
  if (namespace === nfdNamespace || namespace.endsWith(`.${nfdNamespace}`)) return { source: 'nfd' };
  const source = sourceOf(key, notedBy('annotation', view).some(isNameOf(key)));
  return source === undefined ? undefined : { source };
}

/** What NFD notes is its own; what only looks like a feature is somebody else's; the rest is none of our business. */
function sourceOf(key: string, isNoted: boolean): 'nfd' | 'foreign' | undefined {
  if (isNoted) return 'nfd';
  const namespace = key.slice(0, Math.max(0, key.indexOf('/')));
  const isFeature = namespace === defaultLabelNamespace || namespace.endsWith(`.${defaultLabelNamespace}`);
  return isFeature ? 'foreign' : undefined;
}

/** NFD leaves the default namespace out. */
function isNameOf(key: string): (noted: string) => boolean {
  return (noted) => (noted.includes('/') ? noted : `${defaultLabelNamespace}/${noted}`) === key;
}

function notedBy(kind: keyof typeof nfdTracking, { annotations }: NodeView): readonly string[] {
  return (annotations[nfdTracking[kind]] ?? '').split(',').filter((each) => each !== '');
}
