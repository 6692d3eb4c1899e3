// spire-config as SPIRE itself reads it. What SPIRE does not notice, test/deploy/spire-config.test.ts does.
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { binFolder, describeOnSpire } from './harness/site.ts';

const folder = join(import.meta.dirname, '../../spire-config');
const environment = { TRUST_DOMAIN: 'example.org', CLUSTER: 'demo', SKIP_KUBELET_VERIFICATION: 'true' };

type Program = 'spire-server' | 'spire-agent';

describeOnSpire('the shipped configuration of SPIRE', () => {
  const path = temporaryFolder();

  async function validate(program: Program, file: string): Promise<string> {
    const args = ['validate', '-expandEnv', '-config', file];
    const { stdout, stderr } = await promisify(execFile)(join(binFolder(), program), args, {
      env: environment,
    });
    return stdout + stderr;
  }

  test.each<[Program, string]>([
    ['spire-server', 'server/server.conf'],
    ['spire-agent', 'agent/agent.conf'],
  ])('is valid for %s', async (program, file) => {
    expect(await validate(program, join(folder, file))).toContain('configuration file is valid');
  });

  test.each<[string, string, 'refused' | 'valid']>([
    ['data_dir', 'data_folder', 'refused'],
    // Why there is a table of keys.
    ['token_path', 'tokenpath', 'valid'],
  ])('with %s written %s is %s', async (key, misspelt, verdict) => {
    const text = await readFile(join(folder, 'agent/agent.conf'), 'utf8');
    expect(text).toContain(`${key} =`);
    await writeFile(path('agent.conf'), text.replace(`${key} =`, `${misspelt} =`));
    const validated = validate('spire-agent', path('agent.conf')).then(
      () => 'valid',
      () => 'refused',
    );
    expect(await validated).toBe(verdict);
  });
});
