import { mkdir, readdir, readFile, readlink, stat, symlink, writeFile } from 'node:fs/promises';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { runCli } from '../../../src/cli/run.ts';
import { svidCommand } from '../../../src/cli/svid.ts';
import type { Authority } from '../../../src/identity/authority.ts';
import { WorkloadApiServer } from '../../../src/identity/workload-api-server.ts';
import { certificatesFrom } from '../../../src/spiffe/pem.ts';
import type { X509Bundles } from '../../../src/spiffe/types.ts';
import { recordCli, type RecordedCli } from '../../support/cli-context.ts';
import { hourMs, testAuthority } from '../../support/identity.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { Queue } from '../../support/queue.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const path = temporaryFolder();

let authority: Authority;
let bundles: X509Bundles;
let server: WorkloadApiServer;
beforeAll(async () => {
  authority = await testAuthority();
  const other = await testAuthority({ trustDomain: 'other.test' });
  bundles = new Map([...authority.bundles(), ...other.bundles()]);
});
beforeEach(async () => {
  server = await WorkloadApiServer.start({
    socketPath: path('api.sock'),
    state: await state('worker'),
    crypto: globalThis.crypto,
  });
});
afterEach(() => server.close());

async function state(...names: string[]) {
  const issue = (name: string) =>
    authority.issue({ spiffeId: `spiffe://example.org/${name}`, ttlMs: hourMs, hint: name });
  return { svids: await Promise.all(names.map(issue)), bundles };
}

function run(args: readonly string[], { context }: RecordedCli): Promise<number> {
  const entry = { name: 'svid', summary: '', load: async () => svidCommand };
  return runCli({ args: ['svid', ...args], commands: [entry], version: '0' }, context);
}

/** A command line with the socket in the environment. */
function cli(overrides: Parameters<typeof recordCli>[0] = {}): RecordedCli {
  const env = { PATH: '/bin:/usr/bin', SPIFFE_ENDPOINT_SOCKET: server.address };
  return recordCli({ env, clock: new ManualClock(), ...overrides });
}

describe('featureseal svid', () => {
  test('shows SVIDs and bundles as a table', async () => {
    const recorded = cli();
    expect(await run([], recorded)).toBe(0);
    expect(recorded.out()).toMatch(
      /^SPIFFE ID +NOT AFTER +HINT\nspiffe:\/\/example.org\/worker +2026-06-01T13:00:00.000Z +worker\n/,
    );
    expect(recorded.out()).toMatch(/\nTRUST DOMAIN +ROOTS\nexample.org +1\n/);
  });

  test('shows them as JSON, chains and roots in PEM, and no key', async () => {
    const recorded = cli();
    expect(await run(['-o', 'json'], recorded)).toBe(0);
    const shown = JSON.parse(recorded.out()) as { svids: { chain: string[] }[] };
    expect(shown).toEqual({
      svids: [
        {
          spiffeId: 'spiffe://example.org/worker',
          chain: [expect.stringMatching(/^-----BEGIN CERTIFICATE-----\n[^]+-----END CERTIFICATE-----\n$/)],
          notAfter: '2026-06-01T13:00:00.000Z',
          hint: 'worker',
        },
      ],
      bundles: { 'example.org': [expect.any(String)] },
    });
    expect(certificatesFrom(shown.svids[0]?.chain.join('') ?? '')).toHaveLength(1);
    expect(recorded.out()).not.toContain('PRIVATE KEY');
  });

  test('follows changes, a line of JSON each, until stopped', async () => {
    const stop = new AbortController();
    const lines = new Queue<string>();
    const recorded = cli({ signal: stop.signal, out: (text) => lines.push(text) });
    const status = run(['--watch', '-o', 'json'], recorded);
    expect(await lines.next()).toMatch(/^\{"svids":\[\{"spiffeId":"spiffe:\/\/example.org\/worker".*\}\n$/);
    server.publish(await state('a', 'b'));
    const { svids } = JSON.parse(await lines.next()) as { svids: { hint: string }[] };
    expect(svids.map(({ hint }) => hint)).toEqual(['a', 'b']);
    server.publish({ svids: [], bundles: undefined });
    expect(await lines.next()).toBe('{"svids":[],"bundles":{}}\n');
    stop.abort();
    expect(await status).toBe(0);
    expect(recorded.err()).toMatch(/^featureseal: \[workload-api-denied\] [^\n]+\n$/);
  });

  test.each([
    [
      'no socket is named',
      2,
      [],
      {},
      '[socket-invalid] no address of a Workload API is known: give --socket or set SPIFFE_ENDPOINT_SOCKET',
    ],
    ['the socket is written wrongly', 2, ['--socket', '/a.sock'], {}, '[socket-invalid] "/a.sock" is not'],
    [
      'nothing is served there',
      1,
      ['--socket', 'unix:///none.sock'],
      {},
      '[workload-api-unavailable] unix:///none.sock',
    ],
  ])('says so in one line where %s, and ends with %i', async (_, status, args, env, why) => {
    const recorded = recordCli({ env });
    expect(await run(args, recorded)).toBe(status);
    expect(recorded.err()).toContain(why);
    expect(recorded.err()).toMatch(/^featureseal: [^\n]+\n$/);
  });

  test('ends with 1 where it is refused', async () => {
    server.publish({ svids: [], bundles: undefined });
    const recorded = cli();
    expect(await run([], recorded)).toBe(1);
    expect(recorded.err()).toMatch(/^featureseal: \[workload-api-denied\] [^\n]+\n$/);
  });
});

describe('featureseal svid --write', () => {
  const file = (name: string) => readFile(path(`out/${name}`), 'utf8');
  const mode = async (name: string) => (await stat(path(`out/${name}`))).mode & 0o777;

  test('writes key, chain and bundles with tight modes', async () => {
    const recorded = cli();
    expect(await run(['--write', path('out')], recorded)).toBe(0);
    expect(recorded.out()).toBe('');
    expect((await readdir(path('out'))).filter((name) => !name.startsWith('..'))).toEqual([
      'credential-bundle.private-key.pem',
      'example.org.spiffe-trust-bundle.pem',
      'svid-key.pem',
      'svid.pem',
    ]);
    for (const secret of ['credential-bundle.private-key.pem', 'svid-key.pem'])
      expect(await mode(secret)).toBe(0o600);
    for (const open of ['svid.pem', 'example.org.spiffe-trust-bundle.pem'])
      expect(await mode(open)).toBe(0o644);
    expect([await mode('.'), await mode('..data')]).toEqual([0o700, 0o700]);

    const leaf = new X509Certificate(await file('svid.pem'));
    expect(leaf.subjectAltName).toBe('URI:spiffe://example.org/worker');
    expect(leaf.checkPrivateKey(createPrivateKey(await file('svid-key.pem')))).toBe(true);
    expect(
      leaf.verify(new X509Certificate(await file('example.org.spiffe-trust-bundle.pem')).publicKey),
    ).toBe(true);
    expect(await file('credential-bundle.private-key.pem')).toBe(
      (await file('svid-key.pem')) + (await file('svid.pem')),
    );
  });

  test('changes everything by one rename, leaves no old version, and takes away bundles no more given', async () => {
    await run(['--write', path('out')], cli());
    const before = await readlink(path('out/..data'));
    await mkdir(path('out/..svid-left-by-a-killed-process'));
    await symlink('..data/gone.test.spiffe-trust-bundle.pem', path('out/gone.test.spiffe-trust-bundle.pem'));
    await writeFile(path('out/of-the-user'), '');

    expect(await run(['--write', path('out')], cli())).toBe(0);
    const after = await readlink(path('out/..data'));
    expect(after).not.toBe(before);
    expect((await readdir(path('out'))).sort()).toEqual([
      '..data',
      after,
      'credential-bundle.private-key.pem',
      'example.org.spiffe-trust-bundle.pem',
      'of-the-user',
      'svid-key.pem',
      'svid.pem',
    ]);
    expect(await readlink(path('out/svid.pem'))).toBe('..data/svid.pem');
  });

  test('follows rotations and reloads after each', async () => {
    const stop = new AbortController();
    const said = new Queue<string>();
    const recorded = cli({ signal: stop.signal, err: (text) => said.push(text) });
    const args = ['--write', path('out'), '--watch', '--id', 'spiffe://example.org/b'];
    server.publish(await state('a', 'b'));
    const status = run([...args, '--reload', 'cat "$SPIFFE_CREDENTIAL_FOLDER/svid.pem"'], recorded);
    expect(await said.next()).toContain('wrote spiffe://example.org/b');
    expect(await said.next()).toBe(await file('svid.pem'));
    const first = await file('svid.pem');
    server.publish(await state('a', 'b'));
    expect(await said.next()).toContain('wrote spiffe://example.org/b');
    expect(await said.next()).toBe(await file('svid.pem'));
    expect(await file('svid.pem')).not.toBe(first);
    server.publish({ svids: [], bundles: undefined });
    const last = [await said.next(), await said.next()].sort();
    expect(last[0]).toContain('[workload-api-denied]');
    expect(last[1]).toContain('taken back');
    stop.abort();
    expect(await status).toBe(0);
  });

  test.each([
    [
      'the reload fails',
      1,
      ['--reload', 'exit 3'],
      '[reload-failed] the reload command ended with 3: exit 3',
    ],
    ['no SVID matches', 1, ['--hint', 'x'], '[identity-absent]'],
    ['there is no room', 1, ['--write', '/dev/null/x'], '[file-unwritable]'],
  ])('ends with 1 where %s', async (_, expected, more, why) => {
    const recorded = cli();
    expect(await run(['--write', path('out'), ...more], recorded)).toBe(expected);
    expect(recorded.err()).toContain(why);
  });

  test('asks which of several SVIDs is meant', async () => {
    server.publish(await state('a', 'b'));
    const recorded = cli();
    expect(await run(['--write', path('out')], recorded)).toBe(1);
    expect(recorded.err()).toContain('[identity-ambiguous]');
    await expect(readdir(path('out'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('is needed by --reload', async () => {
    const recorded = cli();
    expect(await run(['--reload', 'true'], recorded)).toBe(2);
    expect(recorded.err()).toContain('[usage] --reload needs --write');
  });
});
