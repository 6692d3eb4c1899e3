import { describe, expect, test } from '@jest/globals';
import system from '../../../../plugins/system/index.ts';
import { discoverWith } from '../../../../src/plugin/plugin-test.ts';

async function attributesOf(files: Readonly<Record<string, string>>) {
  const { features } = await discoverWith(system(undefined), { host: files });
  return features.attributes;
}

describe('os-release', () => {
  test('falls back to the vendor file where /etc has none', async () => {
    const found = await attributesOf({ '/usr/lib/os-release': 'ID=vendor\n' });
    expect(found['system.osrelease']?.elements).toEqual({ ID: 'vendor' });
  });

  test('of /etc counts where both exist', async () => {
    const found = await attributesOf({
      '/etc/os-release': 'ID=own\n',
      '/usr/lib/os-release': 'ID=vendor\nX=y\n',
    });
    expect(found['system.osrelease']?.elements).toEqual({ ID: 'own' });
  });

  test.each<[string, Readonly<Record<string, string>>]>([
    ['22.04', { 'VERSION_ID.major': '22', 'VERSION_ID.minor': '04' }],
    ['3.19.1', { 'VERSION_ID.major': '3', 'VERSION_ID.minor': '19' }],
    ['40', { 'VERSION_ID.major': '40' }],
    ['4.x', { 'VERSION_ID.major': '4' }],
    ['rolling', {}],
    ['v1.2', {}],
  ])('VERSION_ID %s has the numbers %j', async (version, numbers) => {
    const found = await attributesOf({ '/etc/os-release': `VERSION_ID="${version}"\n` });
    expect(found['system.osrelease']?.elements).toEqual({ VERSION_ID: version, ...numbers });
  });

  test('has no name of a node where the worker names none', async () => {
    expect(Object.keys(await attributesOf({ '/etc/os-release': 'ID=own\n' }))).toEqual(['system.osrelease']);
  });
});
