import { FeaturesealError } from '../error.ts';
import { quote } from '../feature/guard.ts';
import { defaultLabelNamespace, type NodeFeatureSpec } from '../feature/node-feature.ts';
import { fillTemplate } from './id-template.ts';
import { isGranted } from './pattern.ts';
import type { Policy, PolicyEntry } from './policy.ts';

/** What step 6 judges: who signed (verified) and what the object says. */
export interface Claim {
  readonly spiffeId: string;
  readonly node: string;
  readonly name: string;
  readonly spec: NodeFeatureSpec;
}

/**
 * Step 6: this SPIFFE ID may speak for this cluster, node and namespace, with these features and labels.
 * One feature or label outside the grant refuses the whole object: half a claim is not what was signed.
 *
 * @throws FeaturesealError with a code of step 6
 */
export function authorize(claim: Claim, entry: PolicyEntry, policy: Policy): void {
  // A worker of node A signs for node B: its own ID names A (the hole that KEP-1186 accepts). The cluster is the
  // verifier's own, never the header's: a sibling cluster of the same trust domain is another signer.
  const matching = entry.templates.filter(
    (each) => fillTemplate(each, policy.cluster, claim.node) === claim.spiffeId,
  );
  if (matching.length === 0) {
    const message = `${claim.spiffeId} may not speak for node ${claim.node} as ${quote(entry.name)}`;
    throw new FeaturesealError({ code: 'signer-not-allowed', message });
  }
  // One object per entry and node: otherwise a signer could show contradictory ones side by side.
  if (claim.name !== claim.node) {
    const message = `the object is named ${quote(claim.name)} but speaks of node ${claim.node}`;
    throw new FeaturesealError({ code: 'name-mismatch', message });
  }
  const boundToNode = matching.some(({ hasNode }) => hasNode);
  for (const feature of featureNames(claim.spec)) {
    checkReserved(feature, boundToNode);
    if (!isGranted(feature, entry.features))
      throw notGranted('feature-not-granted', 'feature', feature, entry);
  }
  for (const label of Object.keys(prefixedLabels(claim.spec))) {
    if (!isGranted(label, entry.labels)) throw notGranted('label-not-granted', 'label', label, entry);
  }
}

/** Labels of a spec with the default namespace added where a key has none; a key that is given with it wins (as in NFD). */
export function prefixedLabels(spec: NodeFeatureSpec): Record<string, string> {
  const labels = Object.entries(spec.labels ?? {});
  const bare = labels.filter(([key]) => !key.includes('/'));
  const full = labels.filter(([key]) => key.includes('/'));
  // fromEntries defines own members: a label named __proto__ stays data.
  return Object.fromEntries([
    ...bare.map(([key, value]) => [`${defaultLabelNamespace}/${key}`, value] as const),
    ...full,
  ]);
}

function featureNames(spec: NodeFeatureSpec): string[] {
  const { flags = {}, attributes = {}, instances = {} } = spec.features ?? {};
  return [flags, attributes, instances].flatMap((set) => Object.keys(set));
}

/** Names that other parts of NFD give a meaning: rule.* feeds later rules, system.name names the node of a group. */
function checkReserved(feature: string, boundToNode: boolean): void {
  // Rules look features up in lower case, so a capital letter must not slip past.
  const name = feature.toLowerCase();
  if (name.startsWith('rule.') || (name === 'system.name' && !boundToNode)) {
    const message = `${quote(feature)} is reserved: nobody, or only a signer bound to its node, may publish it`;
    throw new FeaturesealError({ code: 'feature-reserved', message });
  }
}

function notGranted(
  code: 'feature-not-granted' | 'label-not-granted',
  what: string,
  name: string,
  entry: PolicyEntry,
): FeaturesealError {
  return new FeaturesealError({
    code,
    message: `${what} ${quote(name)} is not granted to ${quote(entry.name)}`,
  });
}
