import { defaultLabelNamespace } from '../feature/node-feature.ts';

/** Why a label is not written, as a sentence for an Event. */
export type LabelFault = string;

const profileNamespace = 'profile.node.kubernetes.io';
const maxNameLength = 63;
const maxNamespaceLength = 253;
const namePattern = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const namespacePattern = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/**
 * Whether the master may write this label at all, whatever a policy grants: legal to Kubernetes, and not in a namespace
 * that Kubernetes itself gives a meaning (threats F1, F2; docs/policy.md, "Labels that nobody gets").
 *
 * @returns undefined where it may
 */
export function labelFault(key: string, value: string): LabelFault | undefined {
  return keyFault(key) ?? valueFault(value);
}

/** The same for a key alone: what the master could not have written itself it never removes either. */
export function keyFault(key: string): LabelFault | undefined {
  const slash = key.indexOf('/');
  if (slash < 0) return 'the key has no namespace';
  const namespace = key.slice(0, slash);
  const name = key.slice(slash + 1);
  if (namespace.length > maxNamespaceLength || !namespacePattern.test(namespace)) {
    return 'the namespace of the key is not a DNS-1123 subdomain';
  }
  if (name.length > maxNameLength || !namePattern.test(name)) return 'the name of the key is not a legal label name';
  if (isReserved(namespace)) return `labels in ${namespace} are reserved to Kubernetes`;
  return undefined;
}

function valueFault(value: string): LabelFault | undefined {
  if (value === '' || (value.length <= maxNameLength && namePattern.test(value))) return undefined;
  return 'the value is not a legal label value';
}

/** `node-role.kubernetes.io/…` makes a control plane of any node: kubernetes.io is closed but for two islands. */
function isReserved(namespace: string): boolean {
  const isWithin = (domain: string): boolean => namespace === domain || namespace.endsWith(`.${domain}`);
  return isWithin('kubernetes.io') && !isWithin(defaultLabelNamespace) && !isWithin(profileNamespace);
}
