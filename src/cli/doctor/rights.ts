import { mayAccount, mayI, ownUserName, userNameOf, type Right } from '../../kube/access.ts';
import { masterName } from '../../master/names.ts';
import type { Component } from '../cluster/installed.ts';
import { failed, isForbidden, listed, notChecked, ok, type Check } from './check.ts';
import type { World } from './world.ts';

const nfd = 'nfd.k8s-sigs.io';
const coordination = 'coordination.k8s.io';

function rights(group: string, resource: string, verbs: string, more: Partial<Right> = {}): readonly Right[] {
  return verbs.split(' ').map((verb) => ({ group, resource, verb, ...more }));
}

/** What each component needs; a test compares it with deploy/base. */
export function neededRights(component: Component, namespace: string): readonly Right[] {
  if (component === 'worker') {
    return rights(nfd, 'nodefeatures', 'create get list watch update', { namespace });
  }
  return [
    ...rights('', 'nodes', 'get list watch patch'),
    ...rights(nfd, 'nodefeatures', 'get list watch'),
    ...rights(nfd, 'nodefeaturerules', 'list'),
    ...rights(nfd, 'nodefeaturegroups', 'list'),
    ...rights('events.k8s.io', 'events', 'create patch'),
    ...rights(coordination, 'leases', 'get update', { namespace, name: masterName }),
    ...rights(coordination, 'leases', 'create', { namespace }),
  ];
}

/** RBAC grants the service account of a component what it needs. */
export function rightsOf(component: Component): Check {
  return {
    name: `rbac-${component}`,
    about: `RBAC grants the service account of the ${component} all that it needs.`,
    needsCluster: true,
    async look(world) {
      const workload = await world[component]();
      if (workload === undefined) return notChecked(`no ${component} is installed`);
      const { namespace } = workload;
      const account = { namespace, name: workload.pod.serviceAccountName };
      const may = await asker(world, account);
      if (may === undefined) {
        return notChecked(
          `the present user may not ask what ${userNameOf(account)} may; ask as an administrator, or in a pod of it`,
        );
      }
      const needed = neededRights(component, namespace);
      const answers = await Promise.all(needed.map(may));
      const lacking = needed.filter((_, index) => answers[index] !== true);
      if (lacking.length === 0) return ok(`${userNameOf(account)} may do all that it needs`);
      return failed(
        `${userNameOf(account)} may not: ${listed(
          lacking.map(({ verb, resource }) => `${verb} ${resource}`),
          10,
        )}`,
        `apply deploy/base/${component}/rbac.yaml again`,
      );
    },
  };
}

type Ask = (right: Right) => Promise<boolean>;

/** Administrators may ask for others, everybody for himself; undefined where neither helps. */
async function asker(
  { api, context: { signal } }: World,
  account: { readonly namespace: string; readonly name: string },
): Promise<Ask | undefined> {
  try {
    // Whether it may be asked at all shows by asking: it is a right of its own.
    await mayAccount(api, account, { group: '', resource: 'nodes', verb: 'get' }, signal);
    return (right) => mayAccount(api, account, right, signal);
  } catch (thrown) {
    if (!isForbidden(thrown)) throw thrown;
  }
  const isOwn = (await ownUserName(api, signal)) === userNameOf(account);
  return isOwn ? (right) => mayI(api, right, signal) : undefined;
}
