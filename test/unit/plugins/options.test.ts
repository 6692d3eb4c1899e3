import { describe, expect, test } from '@jest/globals';
import type { Features } from '../../../src/plugin/contract.ts';
import { discoverAll } from '../../../src/plugin/discover.ts';
import { loadPlugins } from '../../../src/plugin/load.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { hostTree } from './hosts.ts';

async function discoverWith(
  plugin: string,
  options: unknown,
): Promise<{ names: string[]; features: Features }> {
  const { discovery } = await discoverAll({
    plugins: await loadPlugins([{ module: `featureseal/plugins/${plugin}`, options }], { folder: '.' }),
    hostRoot: hostTree('intel-server'),
    signal: new AbortController().signal,
    log: silentLog,
    clock: systemClock,
    deadlineMs: 60_000,
  });
  const prefix = `feature.node.kubernetes.io/${plugin}-`.length;
  return {
    names: Object.keys(discovery.labels).map((key) => key.slice(prefix)),
    features: discovery.features,
  };
}

describe('options of the built-in plugins', () => {
  test('a whitelist takes the place of the blacklist, for labels and not for features', async () => {
    const { names, features } = await discoverWith('cpu', {
      cpuid: { attributeWhitelist: ['SSE2', 'AVX512F', 'X'] },
    });
    expect(names.filter((name) => name.startsWith('cpuid.'))).toEqual(['cpuid.AVX512F', 'cpuid.SSE2']);
    expect(Object.keys(features.flags['cpu.cpuid']!.elements)).toContain('AVX');
  });

  test('a blacklist takes the place of the default one', async () => {
    const { names } = await discoverWith('cpu', { cpuid: { attributeBlacklist: ['AVX'] } });
    expect(names).toContain('cpuid.SSE2');
    expect(names).not.toContain('cpuid.AVX');
  });

  test.each([
    [{ deviceClassWhitelist: ['0200'] }, ['0200_8086.present', '0200_8086.sriov.capable']],
    // Fields come in the bus's order, whatever order they are asked in; hexadecimal of either case.
    [
      { deviceClassWhitelist: ['0B'], deviceLabelFields: ['device', 'vendor', 'class'] },
      ['0b40_8086_4940.present', '0b40_8086_4940.sriov.capable'],
    ],
    [{ deviceClassWhitelist: [] }, []],
  ])('pci %j gives %j', async (options, names) => {
    expect((await discoverWith('pci', options)).names).toEqual(names);
  });

  test('kernel options that are modules are labelled true, numbers as they are', async () => {
    const { names } = await discoverWith('kernel', { configOpts: ['ICE', 'HZ', 'ABSENT'] });
    expect(names.filter((name) => name.startsWith('config.'))).toEqual(['config.HZ', 'config.ICE']);
  });

  test('a configuration of the kernel can be named', async () => {
    const { features } = await discoverWith('kernel', { kconfigFile: '/proc/modules' });
    // What is named and is no configuration gives way to the usual places.
    expect(features.attributes['kernel.config']!.elements['HZ']).toBe('250');
  });

  test.each([
    ['cpu', { cpuid: { whitelist: [] } }, /options of cpu are wrong: cpuid: Unrecognized key: "whitelist"/],
    [
      'cpu',
      { cpuid: { attributeWhitelist: 'AVX' } },
      /cpuid\.attributeWhitelist: Invalid input: expected array/,
    ],
    ['pci', { deviceClassWhitelist: ['gpu'] }, /deviceClassWhitelist\.0: is not 1 to 4 hexadecimal digits/],
    ['pci', { deviceLabelFields: ['colour'] }, /deviceLabelFields\.0: Invalid option/],
    ['kernel', { kconfigFile: 'config' }, /kconfigFile: must be an absolute path/],
    ['kernel', [], /the options of kernel are wrong/],
  ])('%s refuses %j at load', async (plugin, options, message) => {
    await expect(discoverWith(plugin, options)).rejects.toMatchObject({
      code: 'plugin-invalid',
      message: expect.stringMatching(message),
    });
  });
});
