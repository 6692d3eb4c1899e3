import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { PluginDiscovery } from '../../../../src/plugin/contract.ts';
import { hostOf } from '../../../../src/plugin/host/host.ts';
import { loadBuiltinPlugins } from '../../../../src/plugin/load.ts';
import { silentLog } from '../../../../src/runtime/log.ts';
import { hostTree } from '../hosts.ts';

const program = join(import.meta.dirname, '../../../../dist/plugins/cpu/native/cpuid');
/** Made with dist/ where there is a C compiler. */
const whereAnswered = existsSync(program) ? test : test.skip;

/** Whether the plugin would say the same again as long as this host does. */
async function isFromHostAlone(hostRoot: string): Promise<unknown> {
  const { signal } = new AbortController();
  const context = { host: hostOf({ hostRoot, signal }), hostRoot, signal, now: new Date(), log: silentLog };
  const cpu = (await loadBuiltinPlugins()).find(({ name }) => name === 'cpu');
  return ((await cpu?.discover(context)) as PluginDiscovery | undefined)?.fromHostAlone;
}

describe('what cpu found follows from the host alone', () => {
  whereAnswered('where CPUID was answered', async () => {
    expect(await isFromHostAlone('/')).toBe(true);
  });
  test('on arm64, where there is nothing else to ask', async () => {
    expect(await isFromHostAlone(hostTree('arm64-server'))).toBe(true);
  });
  test.each([
    ['CPUID was not answered', 'intel-server'],
    ['there is no processor', 'none'],
  ])('but not where %s', async (_, name) => {
    expect(await isFromHostAlone(join(hostTree('intel-server'), '..', name))).toBe(false);
  });
});
