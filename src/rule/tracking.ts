import { byCodeUnits } from '../feature/canonical-text.ts';
import { defaultLabelNamespace } from '../feature/node-feature.ts';
import { keyFault } from './label-rules.ts';

/** Annotation in which NFD and this master note the labels that they wrote. */
export const trackingAnnotation = 'nfd.node.kubernetes.io/feature-labels';

const defaultPrefix = `${defaultLabelNamespace}/`;

/** The labels that the annotation says are ours. A hint only: what we could not have written is never ours. */
export function readTracking(text: string | undefined): ReadonlySet<string> {
  const keys = (text ?? '')
    .split(',')
    .filter((key) => key !== '')
    .map((key) => (key.includes('/') ? key : defaultPrefix + key));
  return new Set(keys.filter((key) => keyFault(key) === undefined));
}

/** NFD's form: sorted, comma-joined, the default namespace left out. */
export function writeTracking(keys: Iterable<string>): string {
  return [...keys]
    .map((key) => (key.startsWith(defaultPrefix) ? key.slice(defaultPrefix.length) : key))
    .sort(byCodeUnits)
    .join(',');
}
