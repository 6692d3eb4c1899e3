import { describe, expect, test } from '@jest/globals';
import { neededRights } from '../../../../src/cli/doctor/rights.ts';
import type { Right } from '../../../../src/kube/access.ts';
import { shippedObjects } from '../../../cluster/shipped-objects.ts';
import { useInstalled } from './installed.ts';

const { checked, cluster } = useInstalled();

describe('featureseal doctor tells of the roles', () => {
  test('what a service account lacks', async () => {
    cluster().server.answers(/subjectaccessreviews$/, ({ body }) => {
      const { resourceAttributes, user } = (body as { spec: { resourceAttributes: Right; user: string } })
        .spec;
      const isDenied = user.endsWith(':featureseal-master') && resourceAttributes.verb === 'patch';
      return { status: { allowed: !isDenied } };
    });
    const results = await checked();
    expect(results.get('rbac-worker')?.status).toBe('ok');
    expect(results.get('rbac-master')).toMatchObject({
      status: 'failed',
      message: 'system:serviceaccount:featureseal:featureseal-master may not: patch nodes, patch events',
    });
  });

  test('in a pod, what its own account may; of the other it cannot tell', async () => {
    const { server } = cluster();
    const username = 'system:serviceaccount:featureseal:featureseal-worker';
    server.answers(/selfsubjectreviews$/, () => ({ status: { userInfo: { username } } }));
    for (const _ of ['worker', 'master']) server.failNext(/POST .*\/subjectaccessreviews/, { status: 403 });
    const results = await checked();
    expect(results.get('rbac-worker')).toMatchObject({
      status: 'ok',
      message: `${username} may do all that it needs`,
    });
    expect(results.get('rbac-master')).toMatchObject({
      status: 'not checked',
      message: expect.stringContaining('may not ask what'),
    });
  });

  test.each(['worker', 'master'] as const)(
    'asks for the rights of the %s that deploy/base grants, no more and no less',
    async (component) => {
      const roles = await shippedObjects(`${component}/rbac.yaml`);
      const granted = roles.flatMap(({ kind, rules = [] }) =>
        (rules as Rule[]).flatMap((rule) => rightsOf(rule, kind === 'Role')),
      );
      expect(neededRights(component, 'here').map(textOf).sort()).toEqual(granted.sort());
    },
  );
});

interface Rule {
  readonly apiGroups: string[];
  readonly resources: string[];
  readonly verbs: string[];
  readonly resourceNames?: string[];
}

function rightsOf(
  { apiGroups, resources, verbs, resourceNames = [''] }: Rule,
  isNamespaced: boolean,
): string[] {
  return apiGroups.flatMap((group) =>
    resources.flatMap((resource) =>
      verbs.flatMap((verb) =>
        resourceNames.map((name) =>
          textOf({
            group,
            resource,
            verb,
            ...(isNamespaced && { namespace: 'here' }),
            ...(name !== '' && { name }),
          }),
        ),
      ),
    ),
  );
}

function textOf({ group, resource, verb, namespace = '*', name = '*' }: Right): string {
  return `${verb} ${group}/${resource} ${namespace}/${name}`;
}
