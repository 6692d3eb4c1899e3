import { z } from 'zod';
import { malformed } from '../../kube/metadata.ts';
import { clockSkew } from '../../seal/freshness.ts';
import { failed, ok, warning, type Check } from './check.ts';

/** ValidatingAdmissionPolicy, which the manifests use, is stable from here on. */
const oldestMinor = 30;
/** Well below what seals bear: a clock that drifts is on its way. */
const noticedSkewMs = 10_000;

const versionShape = z.object({ gitVersion: z.string(), major: z.string(), minor: z.string() });

/** Its version is known, so it is there and takes the credentials. */
export const apiServer: Check = {
  name: 'api-server',
  about: 'The API server answers, takes the credentials and is Kubernetes 1.30 or newer.',
  needsCluster: true,
  async look({ api, context: { signal } }) {
    const { json } = await api.request({ path: '/version', signal, timeoutMs: 10_000 });
    const version = versionShape.safeParse(json);
    if (!version.success) throw malformed('a version without gitVersion');
    const { gitVersion, major, minor } = version.data;
    if (Number(major) === 1 && Number.parseInt(minor, 10) < oldestMinor) {
      const wanted = `1.${String(oldestMinor)}`;
      return failed(`Kubernetes ${gitVersion} is older than ${wanted}`, `upgrade to ${wanted} or newer`);
    }
    return ok(`Kubernetes ${gitVersion}`);
  },
};

/** Seals live by time: a worker that is ahead is refused, one far behind is replayed. */
export const clock: Check = {
  name: 'clock',
  about: 'The clock of this host and that of the API server agree; seals bear 60 s.',
  needsCluster: true,
  async look({ api, context }) {
    const { date } = await api.request({ path: '/version', signal: context.signal, timeoutMs: 10_000 });
    const theirs = Date.parse(date ?? '');
    if (Number.isNaN(theirs)) throw malformed('an answer without Date');
    const ahead = context.clock.now() - theirs;
    // The server tells whole seconds.
    const seconds = `${String(Math.round(Math.abs(ahead) / 1000))} s`;
    const message = `the clock here is ${seconds} ${ahead < 0 ? 'behind' : 'ahead of'} the API server's`;
    const advice = 'let NTP or chrony set the clocks of all nodes';
    if (Math.abs(ahead) > clockSkew)
      return failed(`${message}; seals bear ${String(clockSkew / 1000)} s`, advice);
    return Math.abs(ahead) > noticedSkewMs ? warning(message, advice) : ok(message);
  },
};
