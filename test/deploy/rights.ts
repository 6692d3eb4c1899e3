import type { Manifest } from './manifests.ts';

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

interface Binding extends Manifest {
  readonly roleRef: { readonly kind: string; readonly name: string };
  readonly subjects: readonly { readonly kind: string; readonly name: string; readonly namespace: string }[];
}

/**
 * All that a service account may do by these manifests, a line for each right: `WHERE: VERB GROUP/RESOURCE[NAME]`, where
 * is a namespace or `*`, sorted.
 */
export function rightsOf(
  manifests: readonly Manifest[],
  namespace: string,
  account: string,
): readonly string[] {
  return manifests
    .filter(isBinding)
    .filter(({ subjects }) => subjects.some((each) => each.name === account && each.namespace === namespace))
    .flatMap((binding) => linesOf(binding, roleOf(manifests, binding)))
    .toSorted();
}

function isBinding(manifest: Manifest): manifest is Binding {
  return manifest.kind.endsWith('RoleBinding');
}

function roleOf(manifests: readonly Manifest[], { roleRef, metadata }: Binding): readonly Rule[] {
  const role = manifests.find(
    ({ kind, metadata: { name, namespace } }) =>
      kind === roleRef.kind &&
      name === roleRef.name &&
      (kind === 'ClusterRole' || namespace === metadata.namespace),
  );
  if (role === undefined) throw new Error(`${metadata.name} binds ${roleRef.name}, which is not there`);
  return role['rules'] as readonly Rule[];
}

function linesOf({ metadata }: Binding, rules: readonly Rule[]): readonly string[] {
  return rules.flatMap(({ apiGroups, resources, resourceNames = [''], verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        resourceNames.flatMap((name) =>
          verbs.map((verb) => {
            const which = name === '' ? '' : `[${name}]`;
            return `${metadata.namespace ?? '*'}: ${verb} ${group === '' ? '' : `${group}/`}${resource}${which}`;
          }),
        ),
      ),
    ),
  );
}
