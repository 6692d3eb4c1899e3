import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { builtinPluginNames, packagedPluginNames } from '../../../src/plugin/load.ts';
import { expectedOf, hostNames } from '../plugins/hosts.ts';
import { readDocument } from './page.ts';

const root = join(import.meta.dirname, '../../..');
const page = readFileSync(join(root, 'docs/nfd-compat.md'), 'utf8');

/** Every feature of NFD v0.19 (source/*: the names in Discover), by kind. */
const ofNfd = {
  flags: ['cpu.cpuid', 'kernel.loadedmodule', 'kernel.enabledmodule', 'fake.flag'],
  attributes: [
    ...['cpuid', 'model', 'cstate', 'pstate', 'rdt', 'security', 'sst', 'topology', 'coprocessor'].map(
      (each) => `cpu.${each}`,
    ),
    ...['version', 'config', 'selinux', 'kvm'].map((each) => `kernel.${each}`),
    ...['numa', 'swap', 'hugepages'].map((each) => `memory.${each}`),
    ...['osrelease', 'dmiid', 'name'].map((each) => `system.${each}`),
    ...['local.label', 'local.feature', 'fake.attribute'],
  ],
  instances: [
    'memory.nv',
    'network.device',
    'network.virtual',
    'pci.device',
    'usb.device',
    'storage.block',
    'fake.instance',
  ],
} as const;
const known = ['worker', 'master'].map((page) => readDocument(`reference/${page}.md`)).join('');
const kinds = ['flags', 'attributes', 'instances'] as const;

const cells = cellsOf(page);
const rows = cells.filter(([, kind = '']) => kinds.some((each) => each === kind));
const tests = cells.map((row) => row.at(-1) ?? '').filter((cell) => cell.includes('.test.ts`'));

function cellsOf(text: string): readonly (readonly string[])[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

/** The rows of the one table of a section, without head and rule. */
function rowsOf(section: string): (readonly [string, string, string])[] {
  const [, text = ''] = page.split(`## ${section}\n`);
  const [, , ...found] = cellsOf(text.split('\n## ')[0] ?? '');
  return found.map(([defect = '', here = '', test = '']) => [defect, here, test]);
}

describe('the page that compares with NFD', () => {
  test.each(kinds)('has one row for each feature of NFD: %s', (kind) => {
    const named = rows
      .filter(([, each]) => each === kind)
      .map(([feature = '']) => feature.replaceAll('`', ''));
    expect(named.sort()).toEqual([...ofNfd[kind]].sort());
  });

  test.each(rows.map(([feature = '', kind = '', , , test = '']) => [feature, kind, test] as const))(
    '%s (%s) names its test',
    (_feature, _kind, test) => expect(test).toMatch(/\.test\.ts`: /),
  );

  test.each(rowsOf('Defects of nfd-master and its like'))(
    'names the test of a defect: %s',
    (defect, here, test) => {
      expect(defect).not.toBe('');
      expect(here).not.toBe('');
      expect(test).toMatch(/\.test\.ts`: /);
    },
  );

  test.each(rowsOf('Settings of NFD').map(([setting, here]) => [setting, here] as const))(
    'names settings that are there in place of %s',
    (_, here) => {
      const settings = [...here.matchAll(/`([a-z]+(?:[A-Z][a-z]+)*)`/g)].map(([, key]) => key!);
      // Of the policy's entries, of an entry of `plugins`, and a plugin's name.
      const others = ['labels', 'namespace', 'options', 'deviceClassWhitelist', 'local'];
      expect(settings.filter((key) => !known.includes(`\`${key}\``) && !others.includes(key))).toEqual([]);
    },
  );

  test.each(tests)('names a test that exists: %s', (cell) => {
    const [, file = '', name = ''] = /^`([^`]+)`: (.+)$/.exec(cell) ?? [];
    expect(readFileSync(join(root, 'test', file), 'utf8').replace(/\s+/g, ' ')).toContain(name);
  });

  test('speaks of features that our trees have', async () => {
    const hosts = await Promise.all(hostNames.map(expectedOf));
    for (const kind of kinds) {
      const found = new Set(hosts.flatMap(({ features }) => Object.keys(features[kind])));
      // Two need an instruction that no tree has; fake has a test of its own.
      const elsewhere = kind === 'attributes' ? ['cpu.cpuid'] : [];
      const expected = ofNfd[kind].filter((each) => !elsewhere.includes(each) && !each.startsWith('fake.'));
      expect([...found]).toEqual(expect.arrayContaining(expected));
    }
  });
});

test.each(packagedPluginNames)('the README of %s has a row for each of its features', async (name) => {
  const readme = readFileSync(join(root, 'plugins', name, 'README.md'), 'utf8');
  const hosts = await Promise.all(hostNames.map(expectedOf));
  const found = hosts.flatMap(({ features }) => kinds.flatMap((kind) => Object.keys(features[kind])));
  const own = new Set(found.filter((each) => each.startsWith(`${name}.`)));
  if (builtinPluginNames.some((each) => each === name)) expect(own.size).toBeGreaterThan(0);
  for (const feature of own) expect(readme).toContain(`| \`${feature}\` `);
});
