import { labelKeySyntaxFault, labelSyntaxFault } from '../feature/label.ts';
import { defaultLabelNamespace } from '../feature/node-feature.ts';

/** Why a label is not written, as a sentence for an Event. */
export type LabelFault = string;

const profileNamespace = 'profile.node.kubernetes.io';

/**
 * Whether the master may write this label at all, whatever a policy grants: legal to Kubernetes, and not in a namespace
 * that Kubernetes itself gives a meaning (threats F1, F2; docs/policy.md, "Labels that nobody gets").
 *
 * @returns undefined where it may
 */
export function labelFault(key: string, value: string): LabelFault | undefined {
  return labelSyntaxFault(key, value) ?? reservedFault(key);
}

/** The same for a key alone: what the master could not have written itself it never removes either. */
export function keyFault(key: string): LabelFault | undefined {
  return labelKeySyntaxFault(key) ?? reservedFault(key);
}

/** `node-role.kubernetes.io/…` makes a control plane of any node: kubernetes.io is closed but for two islands. */
function reservedFault(key: string): LabelFault | undefined {
  const namespace = key.slice(0, key.indexOf('/'));
  const isWithin = (domain: string): boolean => namespace === domain || namespace.endsWith(`.${domain}`);
  const isReserved =
    isWithin('kubernetes.io') && !isWithin(defaultLabelNamespace) && !isWithin(profileNamespace);
  return isReserved ? `labels in ${namespace} are reserved to Kubernetes` : undefined;
}
