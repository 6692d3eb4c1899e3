import { LeaseObject } from '../../kube/lease.ts';
import { masterName } from '../../master/names.ts';
import type { Component } from '../cluster/installed.ts';
import { failed, notChecked, ok, warning, type Check } from './check.ts';

/** The pods of a component run and are ready. */
export function componentReady(component: Component): Check {
  return {
    name: component,
    about: `The ${component} is installed, and its pods are ready.`,
    needsCluster: true,
    async look(world) {
      const workload = await world[component]();
      if (workload === undefined) {
        return failed(
          `no ${component} is installed (looked for app.kubernetes.io/name=featureseal, component=${component})`,
          'apply an overlay of deploy/overlays; docs/operations.md',
        );
      }
      const { kind, namespace, name, wanted, ready, updated } = workload;
      const what = `${kind} ${namespace}/${name}: ${String(ready)} of ${String(wanted)} pods ready`;
      const logs = `kubectl -n ${namespace} describe pods -l app.kubernetes.io/component=${component}`;
      if (wanted === 0)
        return warning(what, 'nothing asks for a pod: look at replicas, or at the nodeSelector');
      if (ready === 0) return failed(what, `${logs}; then the logs of the pods`);
      if (ready < wanted) return warning(what, `${logs}; then the logs of the pods`);
      if (updated < wanted)
        return warning(`${what}, ${String(updated)} of the newest template`, 'wait for the rollout');
      return ok(what);
    },
  };
}

/** One master writes: somebody holds the Lease and renews it. */
export const lease: Check = {
  name: 'lease',
  about: 'A master holds the Lease and renews it.',
  needsCluster: true,
  async look({ api, inForce, master, namespace, context }) {
    const settings = await inForce();
    if (settings?.leaderElection === false) return notChecked('the master does not take part in an election');
    const where = await namespace();
    const object = new LeaseObject({ api, namespace: where, name: masterName });
    const stored = await object.read({ signal: context.signal, timeoutMs: 10_000 });
    const advice = `kubectl -n ${where} logs -l app.kubernetes.io/component=master --tail=50`;
    if (stored === undefined || stored.record.holder === '') {
      if ((await master()) === undefined) return notChecked('no master is installed');
      return failed(`nobody holds the Lease ${where}/${masterName}: no master writes labels`, advice);
    }
    const { holder, renewed = '', durationMs } = stored.record;
    const { date = '' } = await api.request({ path: '/version', signal: context.signal });
    // Masters write their own clock's time; the server's is the nearest thing to it.
    const agoMs = Date.parse(date) - Date.parse(renewed);
    const ago = `renewed ${String(Math.max(0, Math.round(agoMs / 1000)))} s ago`;
    if (!(agoMs <= 2 * durationMs)) return failed(`${holder} holds the Lease no more: ${ago}`, advice);
    return ok(`${holder} writes labels; ${ago}`);
  },
};
