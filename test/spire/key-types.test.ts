import { afterAll, expect, test } from '@jest/globals';
import { sealAnnotation } from '../../src/seal/header.ts';
import { Cluster, workerKey, workerLabel, workerPath } from './harness/cluster.ts';
import type { AgentOptions } from './harness/agent.ts';
import type { ServerOptions } from './harness/server-configuration.ts';
import { describeOnSpire, spireSite } from './harness/site.ts';

const longMs = 180_000;

interface Row {
  readonly ca: NonNullable<ServerOptions['caKeyType']>;
  readonly workload: NonNullable<AgentOptions['workloadKeyType']>;
  readonly alg: string;
}

describeOnSpire('keys of SPIRE', () => {
  const site = spireSite();
  const clusters: Cluster[] = [];
  afterAll(async () => {
    for (const cluster of clusters) await cluster.close();
  });

  test.each<Row>([
    { ca: 'ec-p256', workload: 'ec-p256', alg: 'ES256' },
    { ca: 'ec-p384', workload: 'ec-p384', alg: 'ES384' },
    { ca: 'rsa-2048', workload: 'rsa-2048', alg: 'PS256' },
    { ca: 'rsa-4096', workload: 'rsa-2048', alg: 'PS256' },
    { ca: 'rsa-2048', workload: 'ec-p256', alg: 'ES256' },
  ])(
    'a worker with $workload under a CA with $ca seals with $alg and is believed',
    async ({ ca, workload, alg }) => {
      const cluster = new Cluster();
      clusters.push(cluster);
      const server = await site.server({ caKeyType: ca });
      const agent = await site.agent(server, {
        workloadKeyType: workload,
        allowUnauthenticatedVerifiers: true,
      });
      await server.createEntry({ parent: agent.id, path: workerPath, ttlSeconds: 3600 });
      cluster.startMaster(agent.address, server.trustDomain);
      cluster.startWorker(agent.address);
      await cluster.journal.until('patched', undefined, 0);
      expect(cluster.labels).toEqual({ [workerLabel]: '1' });
      expect(cluster.journal.of('refused')).toEqual([]);
      expect(headerOf(cluster.objects.get(workerKey))).toMatchObject({ alg });
    },
    longMs,
  );
});

function headerOf(object: unknown): unknown {
  const { metadata } = object as { metadata: { annotations: Record<string, string> } };
  const [header = ''] = metadata.annotations[sealAnnotation]?.split('.') ?? [];
  return JSON.parse(Buffer.from(header, 'base64url').toString());
}
