import { defaultLabelNamespace } from '../feature/node-feature.ts';

// Kubernetes, "Labels and Selectors", syntax and character set: prefix a DNS-1123 subdomain, name and value short words.
const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const word = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;

/** The full key of a plugin's label: `AVX` of `cpu` is `feature.node.kubernetes.io/cpu-AVX`; `a.example/b` stays. */
export function labelKey(plugin: string, key: string): string {
  return key.includes('/') ? key : `${defaultLabelNamespace}/${plugin}-${key}`;
}

/** Why Kubernetes would refuse a label; undefined for a legal one. A node's patch fails whole for one illegal label. */
export function labelFault(key: string, value: string): string | undefined {
  const slash = key.indexOf('/');
  const [prefix, name] = [key.slice(0, slash), key.slice(slash + 1)];
  if (prefix.length > 253 || !subdomain.test(prefix))
    return 'the prefix of the key is not a DNS-1123 subdomain';
  if (name.length > 63) return 'the name of the key is longer than 63 characters';
  if (!word.test(name)) return 'the name of the key has characters that are not allowed';
  if (value.length > 63) return 'the value is longer than 63 characters';
  if (value !== '' && !word.test(value)) return 'the value has characters that are not allowed';
  return undefined;
}
