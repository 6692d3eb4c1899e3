import { defaultLabelNamespace } from '../feature/node-feature.ts';

/** Prefix of labels that are given without one. Plugins import it from here. */
export { defaultLabelNamespace };

/** The full key of a plugin's label: `AVX` of `cpu` is `feature.node.kubernetes.io/cpu-AVX`; `a.example/b` stays. */
export function labelKey(plugin: string, key: string): string {
  return key.includes('/') ? key : `${defaultLabelNamespace}/${plugin}-${key}`;
}
