import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { hostOf, type Host } from '../../../../src/plugin/host/host.ts';

let outside: string;
let root: string;
let host: Host;

beforeEach(async () => {
  outside = await mkdtemp(join(tmpdir(), 'featureseal-root-'));
  root = join(outside, 'host');
  await mkdir(root);
  host = hostOf({ hostRoot: root, signal: new AbortController().signal });
});
afterEach(() => rm(outside, { recursive: true, force: true }));

async function put(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), content);
}
async function link(path: string, target: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await symlink(target, join(root, path));
}

describe('a file of the host', () => {
  test('is read whole, as text or bytes, up to its bound', async () => {
    await put('/etc/name', 'näme\n');
    await expect(host.text('/etc/name', 6)).resolves.toBe('näme\n');
    await expect(host.bytes('/etc/name', 6)).resolves.toEqual(new TextEncoder().encode('näme\n'));
    await expect(host.text('/etc/name', 5)).rejects.toThrow(
      '[file-unreadable] /etc/name: is larger than 5 bytes',
    );
  });

  test('is read from its head in whole lines', async () => {
    await put('/long', 'one\ntwo\nthree\n');
    await expect(host.head('/long', 10)).resolves.toBe('one\ntwo\n');
    await expect(host.head('/long', 100)).resolves.toBe('one\ntwo\nthree\n');
  });

  test('without a size of its own, as in procfs, is read all the same', async () => {
    const self = hostOf({ hostRoot: '/', signal: new AbortController().signal });
    await expect(self.value('/proc/self/comm', /./)).resolves.toMatch(/./);
  });

  test('gives a value only where the pattern holds', async () => {
    await put('/value', ' 42\n');
    await expect(host.value('/value', /^\d+$/)).resolves.toBe('42');
    await expect(host.value('/value', /^[a-z]+$/)).rejects.toMatchObject({ code: 'file-unreadable' });
  });

  test.each(['/absent', '/absent/below', '/file/below'])('that is absent (%s) is undefined', async (path) => {
    await put('/file', 'x');
    await expect(host.text(path, 10)).resolves.toBeUndefined();
    await expect(host.list(path)).resolves.toBeUndefined();
    await expect(host.exists(path)).resolves.toBe(false);
  });

  test.each<[string, () => Promise<unknown>, string]>([
    ['a folder', () => mkdir(join(root, 'odd')), 'is a directory'],
    ['a FIFO', async () => execFileSync('mkfifo', [join(root, 'odd')]), 'is not a regular file'],
    ['a device', () => link('/odd', '/dev/zero'), 'is a dangling link'],
    ['not UTF-8', () => put('/odd', Uint8Array.of(0xff, 0xfe)), 'is not text'],
    ['zero bytes', () => put('/odd', 'a\0b'), 'is not text'],
    ['a dangling link', () => link('/odd', 'nowhere'), 'is a dangling link'],
    ['a link to itself', () => link('/odd', 'odd'), 'cannot be read (too many links)'],
  ])('that is %s is refused by name', async (_, make, reason) => {
    await make();
    await expect(host.text('/odd', 10)).rejects.toThrow(`[file-unreadable] /odd: ${reason}`);
  });

  test('is not read once the signal is aborted', async () => {
    await put('/file', 'x');
    const stopped = hostOf({ hostRoot: root, signal: AbortSignal.abort(new Error('the deadline')) });
    await expect(stopped.text('/file', 10)).rejects.toThrow('the deadline');
  });
});

describe('a file of the kernel', () => {
  let procRoot: string;
  let withProc: Host;

  beforeEach(async () => {
    procRoot = join(outside, 'proc');
    for (const file of ['modules', 'sys/kernel/osrelease', 'sys/kernel/hostname', 'self/status', 'net/dev']) {
      await mkdir(dirname(join(procRoot, file)), { recursive: true });
      await writeFile(join(procRoot, file), 'of procfs');
    }
    withProc = hostOf({ hostRoot: root, procRoot, signal: new AbortController().signal });
  });

  test.each(['/proc/modules', '/proc/sys/kernel/osrelease'])(
    'that the host root has not got (%s) is read from procRoot',
    async (path) => {
      await expect(withProc.text(path, 100)).resolves.toBe('of procfs');
      await expect(withProc.locate(path)).resolves.toBe(join(procRoot, path.slice('/proc'.length)));
    },
  );

  test('that the host root has is read there', async () => {
    await put('/proc/modules', 'of the host');
    await expect(withProc.text('/proc/modules', 100)).resolves.toBe('of the host');
  });

  test('that neither has is absent', async () => {
    await expect(withProc.text('/proc/config.gz', 100)).resolves.toBeUndefined();
  });

  test('is read from no procfs where none was named', async () => {
    for (const path of ['/proc/modules', '/proc/cpuinfo'])
      await expect(host.exists(path)).resolves.toBe(false);
  });

  test('that a plugin may not see is absent in procRoot too', async () => {
    const { signal } = new AbortController();
    const blind = hostOf({ hostRoot: root, procRoot, signal, isVisible: () => false });
    await expect(blind.exists('/proc/modules')).resolves.toBe(false);
  });

  // Theirs are other ones in every container: the worker's own would be published as the node's.
  test.each([
    '/proc/self/status',
    '/proc/net/dev',
    '/proc/sys/kernel/hostname',
    '/proc/../proc/modules',
    '/modules',
  ])('%s is none, and not read from procRoot', async (path) => {
    await expect(withProc.exists(path)).resolves.toBe(false);
  });

  test('leads not out of procRoot by a link', async () => {
    await writeFile(join(outside, 'secret'), 'secret');
    await symlink('../secret', join(procRoot, 'version'));
    await expect(withProc.text('/proc/version', 100)).resolves.toBeUndefined();
  });
});

describe('a link of the host', () => {
  test.each([
    ['absolute', '/usr/src/linux/.config'],
    ['relative', '../../usr/src/linux/.config'],
    ['upwards beyond the root', '../../../../../../../usr/src/linux/.config'],
    ['through another link', '/src/linux/.config'],
    ['through a link and up again', '/src/linux/../linux/.config'],
  ])('that is %s is followed inside the root', async (_, target) => {
    await put('/usr/src/linux/.config', 'inside');
    await link('/src', 'usr/src');
    await link('/boot/folder/config', target);
    await expect(host.text('/boot/folder/config', 10)).resolves.toBe('inside');
  });

  test.each(['/../secret', '../secret', '../../../../../../../../secret'])(
    'to %s does not lead out of the root',
    async (target) => {
      await writeFile(join(outside, 'secret'), 'secret');
      await link('/leak', target);
      await expect(host.text('/leak', 10)).rejects.toThrow('is a dangling link');
      await expect(host.text('/../secret', 10)).resolves.toBeUndefined();
    },
  );

  test('to a folder that is not mounted makes what is below it absent, not wrong', async () => {
    await link('/lib/modules/6.1/build', '/usr/src/linux-headers-6.1');
    await expect(host.text('/lib/modules/6.1/build/.config', 10)).resolves.toBeUndefined();
  });
});
