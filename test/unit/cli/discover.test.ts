import { join, relative } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { renderLabels } from '../../../src/cli/label-table.ts';
import type { Discovery } from '../../../src/plugin/contract.ts';
import { runCommandLine } from '../../support/cli-context.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { expectedOf, hostTree, nodeName } from '../plugins/hosts.ts';

const discover = (...args: readonly string[]) => runCommandLine(['discover', ...args]);

const pciOf = (instances: Discovery['features']['instances']) => ({ 'pci.device': instances['pci.device'] });

describe('featureseal discover', () => {
  const temporary = temporaryFolder();
  const root = ['--host-root', hostTree('amd-sev'), '--node', nodeName];

  test('prints features and labels as JSON, and nothing else', async () => {
    const { status, out, err } = await discover(...root, '-o', 'json');
    expect(status).toBe(0);
    expect(JSON.parse(out)).toEqual(await expectedOf('amd-sev'));
    expect(err).toBe('');
  });

  test('prints the labels alone where asked', async () => {
    const { out } = await discover(...root, '--labels', '-o', 'json');
    expect(JSON.parse(out)).toEqual((await expectedOf('amd-sev')).labels);
  });

  test('prints YAML that says the same', async () => {
    const { out } = await discover(...root, '-o', 'yaml');
    expect(parse(out)).toEqual(await expectedOf('amd-sev'));
  });

  test('asks the named plugins only', async () => {
    const { out } = await discover(...root, '--plugins', 'pci', '-o', 'json');
    const { features, labels } = await expectedOf('amd-sev');
    const pciLabels = Object.entries(labels).filter(([key]) => key.includes('/pci-'));
    expect(JSON.parse(out)).toEqual({
      features: { flags: {}, attributes: {}, instances: pciOf(features.instances) },
      labels: Object.fromEntries(pciLabels),
    });
  });

  test('shows a person every source, its devices and where the flags are from', async () => {
    const { out } = await discover(...root);
    expect(out).toMatch(/^cpu\n {2}coprocessor +-\n {2}cpuid +ADX AESNI /);
    expect(out).toMatch(/\n {2}security +sev\.asids=410 /);
    expect(out).toMatch(/\n {2}note +CPUID flags read: source \/proc\/cpuinfo\n/);
    expect(out).toMatch(/\n {2}device {2}class=0200 vendor=15b3 device=101d /);
    expect(out).toMatch(/\n {2}pci-0300_1002\.present +true\n/);
  });

  test.each([
    [
      'pci-0300_1002.present',
      'pci',
      ['', '/class', '/device', '/subsystem_device', '/subsystem_vendor', '/vendor'],
    ],
    ['rdma.available', 'rdma', undefined],
  ])('explains %s: plugin and the files that are enough to make it', async (name, plugin, below) => {
    const { status, out } = await discover(...root, '--explain', name, '-o', 'json');
    const device = '/sys/bus/pci/devices/0000:c1:00.0';
    const files = below?.map((file) => (file === '' ? '/sys/bus/pci/devices' : device + file)) ?? [
      '/proc/modules',
    ];
    expect(status).toBe(0);
    expect(JSON.parse(out)).toEqual({
      label: `feature.node.kubernetes.io/${name}`,
      plugin,
      value: 'true',
      files,
    });
  });

  test('names the file of --proc-root where a label is made of that one', async () => {
    const procRoot = join(hostTree('amd-sev'), 'proc');
    const flags = ['--host-root', temporary(''), '--proc-root', procRoot, '-o', 'json'];
    const { out } = await discover(...flags, '--explain', 'rdma.available');
    expect(JSON.parse(out)).toMatchObject({ value: 'true', files: [join(procRoot, 'modules')] });
  });

  test('reads no file of this machine for another host root', async () => {
    const { out } = await discover('--host-root', temporary(''), '-o', 'json');
    const { features } = JSON.parse(out) as Discovery;
    expect(Object.keys(features.attributes)).not.toContain('memory.swap');
    expect(Object.keys(features.flags)).not.toContain('kernel.loadedmodule');
  });

  test('explains a label to a person', async () => {
    const { out } = await discover(...root, '--explain', 'feature.node.kubernetes.io/system-os_release.ID');
    expect(out).toBe(
      'feature.node.kubernetes.io/system-os_release.ID=rhel\n  plugin   system\n  made of  /etc/os-release\n',
    );
  });

  test('explains which of two feature files counts', async () => {
    const { out } = await discover(
      '--host-root',
      hostTree('intel-server'),
      '--explain',
      'rack',
      '-o',
      'json',
    );
    const folder = '/etc/kubernetes/node-feature-discovery/features.d';
    expect(JSON.parse(out)).toMatchObject({ value: 'r18', files: [folder, `${folder}/20-gpu`] });
  });

  test('explains what comes from no file', async () => {
    const { out } = await discover('--plugins', 'fake', '--explain', 'fake-fakefeature1');
    expect(out).toBe('feature.node.kubernetes.io/fake-fakefeature1=true\n  plugin   fake\n  made of  none\n');
  });

  test('explains no label that is not there', async () => {
    const { status, err } = await discover(...root, '--explain', 'acme.example/none');
    expect(status).toBe(2);
    expect(err).toMatch(/\[usage\] no plugin gives the label "acme\.example\/none" here/);
  });

  test('says how many devices a source saw and why none gives a label', async () => {
    const { out } = await discover('--plugins', 'pci', '--host-root', hostTree('arm64-server'));
    expect(out).toContain('no device is of a class that gets a label: devices 1, classes 0108');
    expect(out).toMatch(/\nno labels\n$/);
  });

  test('says that a host has no PCI bus', async () => {
    const { out } = await discover('--plugins', 'pci', '--host-root', hostTree('minimal-vm'));
    expect(out).toContain('the host has no PCI bus');
  });

  test('shows what there is where a plugin fails, names it, and ends with 1', async () => {
    const module = `./${relative('.', join(import.meta.dirname, '../plugin/modules/no-bus.ts'))}`;
    const { status, out, err } = await discover(...root, '--plugins', `pci,${module}`, '-o', 'json');
    const { features } = JSON.parse(out) as Discovery;
    expect(features.instances).toEqual(pciOf((await expectedOf('amd-sev')).features.instances));
    expect(status).toBe(1);
    expect(err).toMatch(/plugin failed: plugin no-bus, code plugin-failed, reason .* there is no bus\n$/);
  });

  test.each([
    [
      ['--plugins', 'gpu'],
      /\[usage\] there is no plugin "gpu"; there are cpu, kernel, memory, network, pci, rdma, /,
    ],
    [['--plugins', 'cpu,'], /\[usage\] there is no plugin ""/],
    [
      ['--plugins', 'test/unit/plugin/modules/no-bus.ts'],
      /\[usage\] "test\/unit.*no-bus.ts" would name a package; the file is \.\/test\/unit/,
    ],
    [['--plugins', './none.js'], /\[plugin-invalid\] plugin ".\/none.js" cannot be used: /],
    [['-o', 'xml'], /\[usage\] .*Allowed choices are table, json, yaml/],
  ])('refuses %j as wrong use', async (args, message) => {
    const { status, out, err } = await discover(...args);
    expect(status).toBe(2);
    expect(out).toBe('');
    expect(err).toMatch(message);
  });

  test('refuses a host root that is not there', async () => {
    const { status, err } = await discover('--host-root', '/no/such/root');
    expect(status).toBe(2);
    expect(err).toMatch(/\[file-unreadable\] the host root "\/no\/such\/root" is no folder/);
  });
});

describe('labels as a table', () => {
  test('are grouped by prefix, sorted, and families of true are one row', () => {
    const labels = {
      'b.example/single': '1',
      'a.example/x.C': 'true',
      'a.example/x.A': 'true',
      'a.example/x.B': 'true',
      'a.example/x.D': 'false',
      'a.example/y.A': 'true',
    };
    expect(renderLabels(labels, { colour: false })).toBe(
      [
        'a.example/  5 labels',
        '  x.*       A B C',
        '  x.D       false',
        '  y.A       true',
        '',
        'b.example/  1 labels',
        '  single    1',
        '',
      ].join('\n'),
    );
  });

  test('hide nothing that would forge a line', () => {
    expect(renderLabels({ 'a/b': 'x\u001b[2J\ny' }, { colour: false })).toBe(
      'a/   1 labels\n  b  x\\u001b[2J\\u000ay\n',
    );
  });
});
