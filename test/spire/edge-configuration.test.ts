// spire-config/edge as SPIRE itself reads it. What SPIRE does not notice, test/deploy/edge-config.test.ts does.
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { createTestCa, toPem } from '../support/certificates.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { binFolder, describeOnSpire } from './harness/site.ts';

const folder = join(import.meta.dirname, '../../spire-config/edge');
const upstream = { UPSTREAM_ADDRESS: 'spire.cloud.example', UPSTREAM_PORT: '8081' };
const byCertificate = { BY_CERTIFICATE: 'true', BY_TOKEN: 'false', JOIN_TOKEN_FILE: '' };
const server = { SERVER_ADDRESS: 'spire-server.spire-server', SERVER_PORT: '8081' };
const kubelet = { BY_KUBELET: 'true', SKIP_KUBELET_VERIFICATION: 'true', KUBELET_READ_ONLY_PORT: '0' };
const agent = { ...server, ...kubelet };

type Environment = Readonly<Record<string, string>>;

describeOnSpire('the configuration of SPIRE for a site', () => {
  const path = temporaryFolder();

  async function validate(
    program: 'spire-server' | 'spire-agent',
    file: string,
    env: Environment,
  ): Promise<string> {
    const all = { TRUST_DOMAIN: 'example.org', CLUSTER: 'demo', ...env };
    const args = ['validate', '-expandEnv', '-config', file];
    const { stdout } = await promisify(execFile)(join(binFolder(), program), args, { env: all });
    return stdout;
  }

  test('is valid for the server', async () => {
    // SPIRE looks into the CA's file, too.
    const ca = await createTestCa({ trustDomain: 'example.org' });
    await writeFile(path('ca.crt'), toPem([ca.certificate]));
    const text = await readFile(join(folder, 'server/server.conf'), 'utf8');
    expect(text).toContain('/run/spire/node-ca/ca.crt');
    await writeFile(path('server.conf'), text.replace('/run/spire/node-ca/ca.crt', path('ca.crt')));
    expect(await validate('spire-server', path('server.conf'), upstream)).toContain('is valid');
  });

  test.each<[string, string, Environment]>([
    ['the agent beside the server', 'server/upstream-agent.conf', upstream],
    ['an agent', 'agent/agent.conf', { ...agent, ...byCertificate }],
    ['an agent without kubelet', 'agent/agent.conf', { ...agent, ...byCertificate, BY_KUBELET: 'false' }],
    [
      'an agent beside EdgeCore',
      'agent/agent.conf',
      { ...agent, ...byCertificate, KUBELET_READ_ONLY_PORT: '10350' },
    ],
  ])('is valid for %s', async (_, file, env) => {
    expect(await validate('spire-agent', join(folder, file), env)).toContain('is valid');
  });

  test('is valid for an agent with a token', async () => {
    await writeFile(path('join-token'), '4f5f3c0e-8c0b-4d9c-9a3b-2f4a3a1b0c2d');
    const env = { BY_CERTIFICATE: 'false', BY_TOKEN: 'true', JOIN_TOKEN_FILE: path('join-token') };
    const file = join(folder, 'agent/agent.conf');
    expect(await validate('spire-agent', file, { ...agent, ...env })).toContain('is valid');
  });
});
