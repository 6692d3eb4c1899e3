// Who is turned away by whom, and the line that says so: the table of docs/denial.md.
import { setTimeout } from 'node:timers/promises';
import { beforeAll, expect, test } from '@jest/globals';
import { X509Certificate } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { WorkloadApiClient } from '../../src/spiffe/workload-api/client.ts';
import { reasonOf } from '../support/reason.ts';
import type { SpireServer } from './harness/server.ts';
import { describeOnSpire, spireSite, startMs } from './harness/site.ts';

const agentTtlSeconds = 30;

const attestationRefused: unknown = expect.objectContaining({
  type: 'audit',
  service: 'agent.v1.Agent',
  method: 'AttestAgent',
  status: 'error',
  status_code: status.INVALID_ARGUMENT,
  status_message: 'failed to attest: join token does not exist or has already been used',
});

describeOnSpire('SPIRE turns away', () => {
  const site = spireSite();
  let server: SpireServer;

  beforeAll(async () => {
    server = await site.server();
  }, startMs);

  test(
    'a node that attests with nothing, or with what was used before, and writes it down',
    async () => {
      const joinToken = await server.joinToken();
      await site.agent(server, { joinToken });
      const attempts = ['never-given', joinToken].map((token) => site.agent(server, { joinToken: token }));
      for (const { reason } of (await Promise.allSettled(attempts)) as { readonly reason?: unknown }[])
        expect(String(reason)).toMatch(/join token does not exist or has already been used/);
      expect(await server.logged()).toContainEqual(attestationRefused);
    },
    startMs,
  );

  test(
    'a workload that nobody registered: its agent does, and says so',
    async () => {
      const agent = await site.agent(server);
      const client = new WorkloadApiClient({ address: agent.address });
      const asked = client.fetchX509Context(AbortSignal.timeout(startMs));
      expect(await reasonOf(() => asked)).toBe('workload-api-denied');
      expect(await agent.endOfLog()).toMatch(/level=error msg="No identity issued".*registered=false/);
    },
    startMs,
  );

  test(
    'a banned agent at its next request',
    async () => {
      const agent = await site.agent(server);
      await server.ban(agent.id);
      expect(await agent.ended()).toMatch(/banned/i);
      const lines = await server.logged();
      expect(lines).toContainEqual(
        expect.objectContaining({
          type: 'audit',
          method: 'BanAgent',
          status: 'success',
          spiffe_id: agent.id,
        }),
      );
      // What it asks for afterwards is in the log, and not in its audit lines.
      expect(lines).toContainEqual(
        expect.objectContaining({ level: 'error', msg: 'Agent is banned', caller_id: agent.id }),
      );
    },
    startMs,
  );

  test(
    'an agent whose own identity has expired',
    async () => {
      const other = await site.server({ agentTtl: `${agentTtlSeconds}s` });
      const agent = await site.agent(other);
      await agent.kill();
      const [leaf = new Uint8Array()] = await agent.ownChain();
      const { validToDate } = new X509Certificate(leaf);
      // Of an expiry there is no event.
      await setTimeout(Math.max(0, validToDate.getTime() - Date.now()) + 1_000);
      await expect(agent.startAgain()).rejects.toThrow();
      expect(await agent.endOfLog()).toContain('SVID is expired');
      // It has to attest anew, and its token is spent.
      expect(await other.logged()).toContainEqual(attestationRefused);
    },
    startMs,
  );
});
