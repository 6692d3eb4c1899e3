import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readPolicyFile } from '../../../src/master/policy-file.ts';
import type { Mode } from '../../../src/seal/policy.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'policy-'));
});
afterAll(() => rm(folder, { recursive: true }));

const signer = (index: number, path: string) => ({
  name: `signer-${String(index)}`,
  namespace: `namespace-${String(index)}`,
  spiffeIDs: ['spiffe://example.org/short/{cluster}/{node}', `spiffe://example.org/${path}/{cluster}/{node}`],
});
const policyWith = (count: number, path: string, mode: Mode = 'enforce') => ({
  cluster: 'demo',
  mode,
  signers: Array.from({ length: count }, (_, index) => signer(index, path)),
});

async function read(policy: object, mode?: Mode) {
  const file = join(folder, 'policy.yaml');
  await writeFile(file, JSON.stringify(policy));
  return await readPolicyFile({ policy: file, mode });
}

describe('the policy file of a master', () => {
  test('is the policy, with the mode that stands in it', async () => {
    expect(await read(policyWith(1, 'worker', 'audit'))).toMatchObject({ cluster: 'demo', mode: 'audit' });
  });

  test('gives way to the mode of the flag', async () => {
    expect(await read(policyWith(1, 'worker', 'audit'), 'enforce')).toMatchObject({ mode: 'enforce' });
  });

  test.each<[why: string, policy: object, mode: Mode | undefined, message: RegExp]>([
    ['names no signers, as mode off may', { cluster: 'demo', mode: 'off' }, 'enforce', /names no signers/],
    ['has IDs that no mark could hold', policyWith(16, 'x'.repeat(1900)), undefined, /16 KiB/],
    [
      'has some that only fit with shorter names of nodes',
      policyWith(16, 'x'.repeat(790)),
      undefined,
      /16 KiB/,
    ],
  ])('is refused where it %s', async (_, policy, mode, message) => {
    await expect(read(policy, mode)).rejects.toMatchObject({
      code: 'policy-invalid',
      message: expect.stringMatching(message),
    });
  });

  test.each<[why: string, policy: object]>([
    ['16 signers with IDs of 800 characters', policyWith(16, 'x'.repeat(700))],
    ['one signer with the longest ID', policyWith(1, 'x'.repeat(1900))],
    ['mode off, which knows no marks', policyWith(16, 'x'.repeat(1900), 'off')],
  ])('is taken with %s', async (_, policy) => {
    expect(await read(policy)).toMatchObject({ cluster: 'demo' });
  });

  test('is said to be missing where there is none', async () => {
    const missing = readPolicyFile({ policy: join(folder, 'none.yaml'), mode: undefined });
    await expect(missing).rejects.toMatchObject({ code: 'config-invalid' });
  });
});
