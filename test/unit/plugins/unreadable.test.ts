import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Discovery } from '../../../src/plugin/contract.ts';
import { copyOf, expectedOf, type discoverHost } from './hosts.ts';
import { features, files, values, without, withoutValue } from './spoilt.ts';

type Found = Awaited<ReturnType<typeof discoverHost>>;

let hostRoot: string;
let expected: Discovery;
let discover: () => Promise<Found>;
const closers: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  const copy = await copyOf('intel-server');
  closers.push(copy.remove);
  hostRoot = copy.hostRoot;
  // Of root alone where the temporary folder was made.
  await chmod(hostRoot, 0o755);
  expected = await expectedOf('intel-server');

  const program = join(import.meta.dirname, 'discover-process.ts');
  const child = spawn(process.execPath, ['--conditions=featureseal-source', program, hostRoot], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  closers.unshift(async () => {
    child.stdin.end();
    await exited;
  });
  discover = async () => {
    child.stdin.write('\n');
    const { done, value } = await lines.next();
    if (done === true) throw new Error('the process that discovers has ended');
    return JSON.parse(value) as Found;
  };
});
afterAll(async () => {
  for (const close of closers) await close();
});

/** Discovers while nobody may read a file or folder, which stands where links of the host lead. */
async function discoverWithout(path: string): Promise<Found> {
  const file = join(hostRoot, path);
  const { mode } = await stat(file);
  await chmod(file, 0);
  try {
    return await discover();
  } finally {
    await chmod(file, mode);
  }
}

/** What the log says of a file: each line names it and why. */
function reasonsFor({ warnings }: Found, file: string): string[] {
  return warnings.map(({ fields }) => String(fields['reason'])).filter((reason) => reason.includes(file));
}

describe('what the worker may not read', () => {
  test('is nothing on a tree as it is', async () => {
    const found = await discover();
    expect(found).toMatchObject({ discovery: expected, failures: [] });
    expect(JSON.stringify(found.warnings)).not.toContain('EACCES');
  });

  test.each(files)('%s: loses %j alone', async (file, lost) => {
    const found = await discoverWithout(file);
    expect(found.discovery.features).toEqual(without(expected, lost));
    expect(found.failures).toEqual([]);
    const reasons = reasonsFor(found, file);
    expect(reasons).not.toEqual([]);
    for (const reason of reasons) expect(reason).toBe(`[file-unreadable] ${file}: cannot be read (EACCES)`);
  });

  test.each(values.map(([file, feature, element, attribute]) => ({ file, feature, element, attribute })))(
    '$file: loses $feature $element $attribute alone',
    async ({ file, feature, element, attribute }) => {
      const found = await discoverWithout(file);
      expect(found.discovery.features).toEqual(withoutValue(expected, feature, element, attribute));
      expect(found.failures).toEqual([]);
      // Two plugins may ask for it.
      expect(new Set(reasonsFor(found, file))).toEqual(
        new Set([`[file-unreadable] ${file}: cannot be read (EACCES)`]),
      );
    },
  );

  test('a feature file: loses what it says alone', async () => {
    const file = `${features}/20-gpu`;
    const found = await discoverWithout(file);
    const { attributes } = found.discovery.features;
    expect(attributes['local.label']?.elements).toHaveProperty('rack', 'r17');
    expect(reasonsFor(found, file)).toEqual([`[file-unreadable] ${file}: cannot be read (EACCES)`]);
  });

  test.each<[string, string, readonly string[]]>([
    ['of feature files', features, ['local.label', 'local.feature']],
    ['of block devices', '/sys/block', ['storage.block']],
    ['of the PCI bus', '/sys/bus/pci/devices', ['pci.device', 'rdma.adapter']],
  ])('the folder %s (%s): loses %j alone', async (_, folder, lost) => {
    const found = await discoverWithout(folder);
    expect(found.discovery.features).toEqual(without(expected, lost));
    expect(found.failures).toEqual([]);
    expect(reasonsFor(found, folder)).toContain(`[file-unreadable] ${folder}: cannot be read (EACCES)`);
  });
});
