import type { ApiClient } from './api-client.ts';

const rbac = '/apis/rbac.authorization.k8s.io/v1';
const group = 'nfd.k8s-sigs.io';

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/** Exactly what a master needs: a right too few shows in the tests. */
const masterRules: readonly Rule[] = [
  { apiGroups: [''], resources: ['nodes'], verbs: ['get', 'list', 'watch', 'patch'] },
  { apiGroups: [group], resources: ['nodefeatures'], verbs: ['get', 'list', 'watch'] },
  { apiGroups: [group], resources: ['nodefeaturerules', 'nodefeaturegroups'], verbs: ['list'] },
  { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create', 'patch'] },
];

const leaseRules: readonly Rule[] = [
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get', 'create', 'update'] },
];

/** No `patch` and no `delete`: a worker replaces its object whole. */
const workerRules: readonly Rule[] = [
  { apiGroups: [group], resources: ['nodefeatures'], verbs: ['get', 'list', 'watch', 'create', 'update'] },
];

/** Rights of the groups `masters` and `workers`; the latter in one namespace only. */
export async function grantRights(admin: ApiClient, namespace: string): Promise<void> {
  await grant(admin, { kind: 'ClusterRole', name: 'masters', rules: masterRules });
  await grant(admin, { kind: 'Role', name: 'masters', rules: leaseRules, namespace });
  await grant(admin, { kind: 'Role', name: 'workers', rules: workerRules, namespace });
}

interface Grant {
  readonly kind: 'Role' | 'ClusterRole';
  /** Of the role, its binding and the group that it is bound to. */
  readonly name: string;
  readonly rules: readonly Rule[];
  readonly namespace?: string;
}

async function grant(admin: ApiClient, { kind, name, rules, namespace }: Grant): Promise<void> {
  const path = namespace === undefined ? rbac : `${rbac}/namespaces/${namespace}`;
  await admin.create(`${path}/${kind.toLowerCase()}s`, { metadata: { name }, rules });
  await admin.create(`${path}/${kind.toLowerCase()}bindings`, {
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name }],
  });
}
