import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Discovery } from '../../../src/plugin/contract.ts';
import { copyOf, discoverHost, expectedOf } from './hosts.ts';
import { features, files, values, without, withoutValue } from './spoilt.ts';

/** What may stand in the place of a file, and what the log says of it. */
const garbage: readonly (readonly [kind: string, put: (path: string) => Promise<unknown>, reason: RegExp])[] =
  [
    [
      'bytes that are no text',
      (path) =>
        writeFile(
          path,
          Uint8Array.from({ length: 256 }, (_, i) => i),
        ),
      /is not text/,
    ],
    [
      '10 MB of letters',
      (path) => writeFile(path, 'A'.repeat(10_000_000)),
      /is larger than|describes no processor/,
    ],
    ['a folder', (path) => mkdir(path), /is a directory/],
    ['a FIFO', async (path) => execFileSync('mkfifo', [path]), /is not a regular file/],
    ['a link that leads nowhere', (path) => symlink('/nowhere', path), /is a dangling link/],
    ['a link to itself', (path) => symlink(path.split('/').at(-1) ?? '', path), /too many links/],
  ];

const valueCases = values.flatMap(([file, feature, element, attribute]) =>
  garbage.map(([kind, put, reason]) => ({ file, feature, element, attribute, kind, put, reason })),
);

const cases = files.flatMap(([file, lost]) =>
  garbage.map(([kind, put, reason]) => ({ file, lost, kind, put, reason })),
);

let hostRoot: string;
let remove: () => Promise<void>;
let expected: Discovery;

beforeAll(async () => {
  ({ hostRoot, remove } = await copyOf('intel-server'));
  expected = await expectedOf('intel-server');
});
afterAll(() => remove());

/** Discovers with something else in the place of one file, then puts the file back. */
async function discoverSpoilt(
  file: string,
  put: (path: string) => Promise<unknown>,
): ReturnType<typeof discoverHost> {
  const path = join(hostRoot, file);
  // Hidden: a folder of feature files is read whole.
  const kept = join(dirname(path), `.${basename(path)}.kept`);
  const existed = existsSync(path);
  if (existed) await rename(path, kept);
  try {
    await put(path);
    return await discoverHost(hostRoot);
  } finally {
    await rm(path, { recursive: true, force: true });
    if (existed) await rename(kept, path);
  }
}

describe('a spoilt file of the host', () => {
  test.each(cases)('$kind in the place of $file loses $lost alone', async ({ file, lost, put, reason }) => {
    const { discovery, warnings, failures } = await discoverSpoilt(file, put);
    expect(discovery.features).toEqual(without(expected, lost));
    expect(expected.labels).toMatchObject(discovery.labels);
    expect(failures).toEqual([]);
    const reasons = warnings
      .map(({ fields }) => String(fields['reason']))
      .filter((text) => text.includes(file));
    expect(reasons).not.toEqual([]);
    for (const text of reasons) expect(text).toMatch(reason);
  });

  test.each(valueCases)(
    '$kind in the place of $file loses $feature $element $attribute alone',
    async ({ file, feature, element, attribute, put, reason }) => {
      const { discovery, warnings, failures } = await discoverSpoilt(file, put);
      expect(discovery.features).toEqual(withoutValue(expected, feature, element, attribute));
      expect(failures).toEqual([]);
      const reasons = warnings
        .map(({ fields }) => String(fields['reason']))
        .filter((text) => text.includes(file));
      expect(reasons).not.toEqual([]);
      for (const text of reasons) expect(text).toMatch(reason);
    },
  );

  test.each(garbage.filter(([kind]) => kind !== 'a folder'))(
    '%s in the place of a feature file loses what it says alone',
    async (_, put, reason) => {
      const file = `${features}/20-gpu`;
      const { discovery, warnings } = await discoverSpoilt(file, put);
      const { attributes } = discovery.features;
      const first = { maintained: 'true', rack: 'r17', 'vendor.example/slot': '4' };
      expect(attributes['local.feature']?.elements).toEqual({ ...first, serial: 'A1 B2' });
      expect(attributes['local.label']?.elements).toEqual({ ...first, zone: 'blue.green' });
      const reasons = warnings.filter(({ fields }) => fields['plugin'] === 'local');
      expect(reasons.map(({ fields }) => String(fields['reason']))).toEqual([expect.stringMatching(reason)]);
      expect(String(reasons[0]?.fields['reason'])).toContain(file);
    },
  );

  test.each(files.filter(([file]) => file !== '/proc/modules'))(
    'an empty %s loses %j alone',
    async (file, lost, whenEmpty = 'does not hold what it should') => {
      const { discovery, warnings } = await discoverSpoilt(file, (path) => writeFile(path, ''));
      expect(discovery.features).toEqual(without(expected, lost));
      expect(warnings.map(({ fields }) => fields['reason'])).toContain(
        `[file-unreadable] ${file}: ${whenEmpty}`,
      );
    },
  );

  test('an empty /proc/modules is a kernel that has loaded nothing', async () => {
    const { discovery } = await discoverSpoilt('/proc/modules', (path) => writeFile(path, ''));
    const { flags } = discovery.features;
    expect(flags['kernel.loadedmodule']).toEqual({ elements: {} });
    expect(Object.keys(flags['kernel.enabledmodule']!.elements)).toEqual(['ext4', 'loopback']);
  });

  test('a kernel configuration that cannot be unpacked gives way to the next place', async () => {
    const { discovery, warnings } = await discoverSpoilt('/proc/config.gz', (path) =>
      writeFile(path, 'no gzip'),
    );
    expect(discovery).toEqual(expected);
    expect(warnings.map(({ fields }) => fields['reason'])).toContainEqual(
      expect.stringMatching(/^\[file-unreadable\] \/proc\/config\.gz: cannot be unpacked/),
    );
  });

  test('a kernel configuration that unpacks to a flood gives way too', async () => {
    const flood = gzipSync(Buffer.alloc(50_000_000));
    const { discovery, warnings } = await discoverSpoilt('/proc/config.gz', (path) => writeFile(path, flood));
    expect(discovery).toEqual(expected);
    expect(warnings.map(({ fields }) => fields['reason'])).toContainEqual(
      expect.stringMatching(/\/proc\/config\.gz: cannot be unpacked/),
    );
  });

  test('a PCI attribute that is no number loses one device alone', async () => {
    const file = '/sys/bus/pci/devices/0000:18:00.0/class';
    const { discovery } = await discoverSpoilt(file, (path) => writeFile(path, '0xgpu\n'));
    const others = expected.features.instances['pci.device']!.elements.filter(
      ({ attributes }) => attributes['vendor'] !== '10de',
    );
    expect(discovery.features.instances['pci.device']?.elements).toEqual(others);
    expect(Object.keys(discovery.labels)).not.toContain('feature.node.kubernetes.io/pci-0302_10de.present');
  });
});
