import { parseFrame } from '../feature/parse.ts';
import { parseSpec } from '../feature/spec.ts';
import { coveredNodeName } from './subject.ts';
import { contributionOf, type AdmittedNodeFeature } from './verified.ts';

/**
 * Takes a NodeFeature at its word, as NFD does: the node is the one that its label names, whoever wrote it.
 * For modes audit and off only; nothing here ever becomes a mark.
 *
 * @throws FeaturesealError object-malformed, covered-keys, node-name-invalid
 */
export function admitNodeFeature(value: unknown): AdmittedNodeFeature {
  const frame = parseFrame(value);
  const { spec } = parseSpec(frame.spec);
  return { ...contributionOf(coveredNodeName(frame), spec), trust: 'unverified', namespace: frame.namespace };
}
