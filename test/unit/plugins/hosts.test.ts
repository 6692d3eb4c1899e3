import { describe, expect, test } from '@jest/globals';
import { discoverHost, expectedOf, hostNames, hostTree } from './hosts.ts';

describe('the built-in plugins on a host', () => {
  test.each(hostNames)('find all features and labels of %s', async (name) => {
    const { discovery, failures } = await discoverHost(hostTree(name));
    expect(discovery).toEqual(await expectedOf(name));
    expect(failures).toEqual([]);
  });

  test('leave out a PCI device that lost an attribute, and say which', async () => {
    const { warnings } = await discoverHost(hostTree('intel-server'));
    expect(warnings).toEqual([
      {
        level: 'warn',
        message: 'PCI device left out',
        fields: {
          plugin: 'pci',
          device: '0000:31:00.1',
          reason: '[file-unreadable] /sys/bus/pci/devices/0000:31:00.1/vendor: is missing',
        },
      },
    ]);
  });
});
