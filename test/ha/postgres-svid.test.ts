// PostgreSQL with certificates from SVIDs, as deploy/examples/postgres-svid has it.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { chmod, chown, mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { WorkloadApiServer } from '../../src/identity/workload-api-server.ts';
import type { X509Svid } from '../../src/spiffe/types.ts';
import { createTestCa, type TestCa } from '../support/certificates.ts';
import { Instance, postgresBin } from './harness/instance.ts';
import { describeOnPostgres, ownHost, startMs } from './harness/suite.ts';

const example = (file: string): Promise<string> =>
  readFile(join(import.meta.dirname, '../../deploy/examples/postgres-svid', file), 'utf8');
const runAs = join(import.meta.dirname, '../spire/harness/run-as.ts');

describeOnPostgres('PostgreSQL with certificates from SVIDs', () => {
  const opened: (() => Promise<unknown>)[] = [];
  let folder: string;
  let ca: TestCa;
  let workloadApi: WorkloadApiServer;
  let uid: number;
  let postgres: Instance;

  const path = (name: string): string => join(folder, name);
  const publish = (svid: X509Svid) => ({ svids: [svid], bundles: new Map([['example.org', [ca.root]]]) });

  /** As SPIRE makes one for an entry with dnsNames: the first of them is the CN too. */
  async function issue(name: string, dnsName?: string): Promise<X509Svid> {
    const spiffeId = `spiffe://example.org/${name}`;
    const { chain, key } = await ca.issue({
      names: [
        { type: 'url', value: spiffeId },
        ...(dnsName === undefined ? [] : [{ type: 'dns' as const, value: dnsName }]),
      ],
      subject: `C=US, O=SPIRE${dnsName === undefined ? '' : `, CN=${dnsName}`}`,
    });
    const { validFromDate, validToDate } = new X509Certificate(chain[0] ?? '');
    const times = { notBefore: validFromDate, notAfter: validToDate };
    return { spiffeId, chain, key, ...times, hint: name, bundle: [ca.root] };
  }

  /** `featureseal svid` as the user of PostgreSQL. */
  function featureseal(user: number, ...args: readonly string[]): ChildProcess {
    const all = [runAs, String(user), 'svid', '--socket', workloadApi.address, ...args];
    return spawn(process.execPath, all, { stdio: ['ignore', 'inherit', 'inherit'] });
  }

  async function write(user: number, name: string): Promise<void> {
    await mkdir(path(name), { mode: 0o700 });
    await chown(path(name), user, user);
    const [status] = (await once(featureseal(user, '--write', path(name)), 'close')) as [number];
    expect(status).toBe(0);
  }

  /** Serial number of the certificate that PostgreSQL shows. */
  async function served(): Promise<string> {
    const { host, port } = postgres.endpoint;
    const args = ['s_client', '-starttls', 'postgres', '-connect', `${host}:${port}`];
    const asked = promisify(execFile)('openssl', args);
    asked.child.stdin?.end();
    const { stdout } = await asked;
    return new X509Certificate(/-----BEGIN[^]*?END CERTIFICATE-----/.exec(stdout)?.[0] ?? '').serialNumber;
  }

  /** Who PostgreSQL takes the client for that has the SVID in `name`. */
  async function connect(name: string, user = 'inventory', host = 'database.example.org'): Promise<string> {
    const { endpoint } = postgres;
    const files = `sslcert=${path(name)}/svid.pem sslkey=${path(name)}/svid-key.pem`;
    const trust = `sslmode=verify-full sslrootcert=${path(name)}/example.org.spiffe-trust-bundle.pem`;
    const at = `host=${host} hostaddr=${endpoint.host} port=${endpoint.port} dbname=inventory user=${user}`;
    const statement = 'SELECT current_user, client_dn FROM pg_stat_ssl WHERE pid = pg_backend_pid()';
    const args = ['-XAtq', '-d', `${at} ${trust} ${files}`, '-c', statement];
    const { stdout } = await promisify(execFile)(join(postgresBin ?? '', 'psql'), args, { env: {} });
    return stdout.trim();
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fs-ha-'));
    opened.push(() => rm(folder, { recursive: true }));
    await chmod(folder, 0o711);
    const { stdout } = await promisify(execFile)('id', ['-u', 'postgres']);
    const own = process.getuid?.() ?? 0;
    uid = own === 0 ? Number(stdout) : own;
    ca = await createTestCa({ trustDomain: 'example.org' });
    const state = publish(await issue('postgres', 'database.example.org'));
    workloadApi = await WorkloadApiServer.start({
      socketPath: path('api.sock'),
      state,
      crypto: globalThis.crypto,
    });
    opened.push(() => workloadApi.close());
    await chmod(path('api.sock'), 0o777);
    await write(uid, 'svid');
    for (const [name, dnsName] of [
      ['inventory', 'inventory.database.example.org'],
      ['other', 'other.database.example.org'],
      ['nameless', undefined],
    ] as const) {
      workloadApi.publish(publish(await issue(name, dnsName)));
      await write(own, name);
    }
    workloadApi.publish(state);

    const settings = [...(await example('postgresql.conf')).matchAll(/^(\w+) = '(.*)'$/gm)].map(
      ([, name = '', value = '']) => [name, value.replace('/var/lib/postgresql/svid', path('svid'))] as const,
    );
    // The test's own superuser comes in by the socket, whoever runs it.
    const rules = (await example('pg_hba.conf')).replace('peer', 'trust');
    postgres = await Instance.start(
      { host: ownHost(), port: 15434 },
      {
        files: { 'pg_hba.conf': rules, 'pg_ident.conf': await example('pg_ident.conf') },
        settings: Object.fromEntries(settings),
      },
    );
    opened.push(() => postgres.close());
    for (const statement of ['CREATE ROLE inventory LOGIN', 'CREATE DATABASE inventory OWNER inventory'])
      await postgres.sql(statement);
  }, startMs);
  afterAll(async () => {
    for (const each of opened.toReversed()) await each();
  }, startMs);

  test('shows its SVID, and clients verify the name that its entry declares', async () => {
    expect(await connect('inventory')).toBe('inventory|/C=US/O=SPIRE/CN=inventory.database.example.org');
    await expect(connect('inventory', 'inventory', 'elsewhere.example.org')).rejects.toThrow(
      'does not match host name',
    );
  });

  test('has its key to itself', async () => {
    const { mode, uid: owner } = await stat(path('svid/svid-key.pem'));
    expect([mode & 0o777, owner]).toEqual([0o600, uid]);
    const { mode: folderMode } = await stat(path('svid/..data/'));
    expect(folderMode & 0o777).toBe(0o700);
  });

  test.each([
    ['other', 'a CN that is mapped to nobody'],
    ['nameless', 'no CN: a SPIFFE ID alone is nothing to PostgreSQL'],
  ])('lets %s not in, who has %s', async (name) => {
    await expect(connect(name)).rejects.toThrow('certificate authentication failed for user "inventory"');
  });

  test('lets nobody be another user than the one of the map', async () => {
    await expect(connect('inventory', 'postgres')).rejects.toThrow('certificate authentication failed');
  });

  test('shows a renewed SVID after a reload, without a restart', async () => {
    const pgCtl = `${join(postgresBin ?? '', 'pg_ctl')} reload -s -D ${postgres.data}`;
    const before = await served();
    const started = await postgres.sql('SELECT pg_postmaster_start_time()');
    const helper = featureseal(uid, '--watch', '--write', path('svid'), '--reload', pgCtl);
    const renewed = await issue('postgres', 'database.example.org');
    workloadApi.publish(publish(renewed));
    const { serialNumber } = new X509Certificate(renewed.chain[0] ?? '');
    expect(before).not.toBe(serialNumber);
    // Of a reload there is no event: it is asked until it shows.
    while ((await served()) !== serialNumber) expect(helper.exitCode).toBeNull();
    expect(await postgres.sql('SELECT pg_postmaster_start_time()')).toBe(started);
    expect(await connect('inventory')).toContain('inventory|');
    helper.kill();
    await once(helper, 'close');
  });
});
