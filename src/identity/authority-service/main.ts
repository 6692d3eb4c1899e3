import { ApiClient } from '../../kube/api-client.ts';
import { findConnection } from '../../kube/connection.ts';
import { serveHealth } from '../../runtime/health.ts';
import { createLog } from '../../runtime/log.ts';
import { createMetrics } from '../../runtime/metrics.ts';
import type { ProcessContext } from '../../runtime/process.ts';
import { packageVersion } from '../../runtime/version.ts';
import type { AttestationPolicy } from '../attestation/attest.ts';
import { IdentityList } from '../attestation/identity-list.ts';
import { TokenReviewer } from '../attestation/token-review.ts';
import { Authority } from '../authority.ts';
import { GrpcServer } from '../grpc/server.ts';
import type { AuthorityConfig } from './config.ts';
import { AuthorityKeeper } from './keeper.ts';
import { SvidServerCredentials } from './server-credentials.ts';
import { authorityService } from './service.ts';

const dayMs = 86_400_000;

/**
 * The authority of the development identity as a process: its CA lives in its memory and dies with it, then every
 * SVID is issued anew under the next one. Run one, not two: each would have a CA of its own.
 */
export async function runAuthority(config: AuthorityConfig, context: ProcessContext): Promise<void> {
  const { env, clock, crypto, signal } = context;
  const { trustDomain, namespace, svidTtl: svidTtlMs, bundleConfigMap: name } = config;
  const log = createLog({ level: config.logLevel });
  const identities = identityList(config);
  const connection = await findConnection({ kubeconfig: config.kubeconfig, environment: env, clock });
  const userAgent = `featureseal-identity/${packageVersion()}`;
  const api = new ApiClient({ connection, clock, userAgent });
  try {
    const caTtlMs = Math.max(dayMs, 6 * svidTtlMs);
    const authority = await Authority.create({ trustDomain, clock, crypto, caTtlMs });
    const credentials = new SvidServerCredentials();
    const random = Math.random;
    const configMap = { namespace, name };
    const keeper = new AuthorityKeeper({
      ...{ authority, credentials, api, configMap, svidTtlMs, clock, crypto, random, log },
    });
    const policy: AttestationPolicy = {
      cluster: config.cluster,
      identities,
      plugin: { namespace, serviceAccount: config.nodePlugin },
      reviewer: new TokenReviewer({ api, audience: config.audience }),
    };
    const service = authorityService({ authority, policy, svidTtlMs, clock, log });
    const server = await GrpcServer.start(config.listen, [service], credentials);
    const checks = { bundle: () => keeper.problem() };
    const { healthHost: host, healthPort: port } = config;
    const health = await serveHealth({ host, port, checks, metrics: createMetrics(), log });
    log.warn('the development identity is not for production', { trustDomain, cluster: config.cluster });
    log.info('the authority runs', { port: server.port, health: health.url, server: connection.source });
    await keeper.run(signal);
    await health.close();
    await server.close();
  } finally {
    api.close();
  }
  log.info('the authority has stopped');
}

function identityList({ identities, namespace: own, trustDomain }: AuthorityConfig): IdentityList {
  const entries = identities.map(({ namespace = own, ...entry }) => ({ ...entry, namespace }));
  return new IdentityList(trustDomain, entries);
}
