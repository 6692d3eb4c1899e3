import { readFile, stat } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { identityCommand } from '../../../src/cli/identity.ts';
import { runCli } from '../../../src/cli/run.ts';
import { certificatesFrom } from '../../../src/spiffe/pem.ts';
import { WorkloadApiClient } from '../../../src/spiffe/workload-api/client.ts';
import { recordCli } from '../../support/cli-context.ts';
import { Queue } from '../../support/queue.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const path = temporaryFolder();
const worker = 'spiffe://example.org/worker';
const master = 'spiffe://example.org/master';

interface Running {
  readonly out: Queue<string>;
  readonly err: () => string;
  readonly stop: () => void;
  readonly status: Promise<number>;
}

function start(...args: string[]): Running {
  const stopping = new AbortController();
  const out = new Queue<string>();
  const { context, err } = recordCli({ signal: stopping.signal, out: (text) => out.push(text) });
  const entry = { name: 'identity', summary: '', load: async () => identityCommand };
  const status = runCli({ args: ['identity', ...args], commands: [entry], version: '0' }, context);
  return { out, err, stop: () => stopping.abort(), status };
}

describe('featureseal identity', () => {
  test('serves each identity at its socket until stopped', async () => {
    const { out, err, stop, status } = start(
      '--socket-dir',
      path('s'),
      '--id',
      `worker=${worker}`,
      '--id',
      master,
    );
    expect(await out.next()).toBe(
      `export SPIFFE_ENDPOINT_SOCKET='unix://${path('s/worker.sock')}'  # ${worker}\n`,
    );
    expect(await out.next()).toBe(
      `export SPIFFE_ENDPOINT_SOCKET='unix://${path('s/workload-2.sock')}'  # ${master}\n`,
    );
    expect(err()).toContain('not for production');
    const client = new WorkloadApiClient({ address: `unix://${path('s/worker.sock')}` });
    expect(await client.fetchX509Svids()).toMatchObject([{ spiffeId: worker }]);
    stop();
    expect(await status).toBe(0);
    await expect(stat(path('s/worker.sock'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('tells the sockets as JSON, and writes the bundle before', async () => {
    const args = ['--socket-dir', path('s'), '--id', worker, '--bundle', path('bundle.pem'), '-o', 'json'];
    const { out, stop, status } = start(...args);
    const address = `unix://${path('s/workload-1.sock')}`;
    expect(JSON.parse(await out.next())).toEqual({
      sockets: [{ name: 'workload-1', spiffeId: worker, address }],
    });
    const bundles = await new WorkloadApiClient({ address }).fetchX509Bundles();
    const written = certificatesFrom(await readFile(path('bundle.pem'), 'utf8'));
    expect(written.map((der) => Buffer.from(der))).toEqual(
      bundles.get('example.org')?.map((der) => Buffer.from(der)),
    );
    stop();
    expect(await status).toBe(0);
  });

  test.each([
    [['--id', worker], 2, "required option '--socket-dir"],
    [['--socket-dir', 's'], 2, "required option '--id"],
    [
      ['--socket-dir', 's', '--id', worker, '--ttl', 'soon'],
      2,
      "[usage] option '--ttl <duration>' argument 'soon' is invalid. Write 90s",
    ],
    [['--socket-dir', 's', '--id', worker, '--ttl', '1s'], 2, '[usage] --ttl 1s is not between'],
    [['--socket-dir', 's', '--id', worker, '--key-type', 'rsa-1024'], 2, 'Allowed choices'],
    [['--socket-dir', 's', '--id', 'worker'], 2, '[usage] --id "worker": [spiffe-id-invalid]'],
    [['--socket-dir', 's', '--id', '../x=spiffe://example.org/x'], 2, '[spiffe-id-invalid]'],
    [
      ['--socket-dir', 's', '--id', worker, '--trust-domain', 'other.test'],
      1,
      'outside the trust domain other.test',
    ],
  ])('with %j ends with %d and says why', async (args, expected, why) => {
    const { err, status } = start(...args);
    expect(await status).toBe(expected);
    expect(err()).toContain(why);
  });
});
