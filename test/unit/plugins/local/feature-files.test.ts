import { link, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import local from '../../../../plugins/local/index.ts';
import { discoverWith } from '../../../../src/plugin/plugin-test.ts';

const folder = '/etc/kubernetes/node-feature-discovery/features.d';
let hostRoot: string;
let inside: string;

beforeEach(async () => {
  hostRoot = await mkdtemp(join(tmpdir(), 'featureseal-local-'));
  inside = join(hostRoot, folder);
  await mkdir(inside, { recursive: true });
});
afterEach(() => rm(hostRoot, { recursive: true, force: true }));

async function discover(options?: unknown) {
  const { labels, log } = await discoverWith(local(options), { host: hostRoot });
  return {
    labels,
    reasons: log.filter(({ level }) => level === 'warn').map(({ fields }) => fields['reason']),
  };
}
const put = (name: string, text: string): Promise<void> => writeFile(join(inside, name), text);

describe('feature files', () => {
  test('are read in the order of their names; labels keep their prefix or get the common one', async () => {
    await put('b', 'key=b\nvendor.example/key=1');
    await put('a', 'key=a');
    expect(await discover()).toEqual({
      labels: { 'feature.node.kubernetes.io/key': 'b', 'vendor.example/key': '1' },
      reasons: [],
    });
  });

  test('may be in another folder of the host', async () => {
    await mkdir(join(hostRoot, 'opt/features'), { recursive: true });
    await writeFile(join(hostRoot, 'opt/features/a'), 'key=opt');
    expect((await discover({ folder: '/opt/features' })).labels).toEqual({
      'feature.node.kubernetes.io/key': 'opt',
    });
  });

  test('of a ConfigMap volume are read through its links', async () => {
    await mkdir(join(inside, '..2026_06_01'));
    await writeFile(join(inside, '..2026_06_01/rack'), 'rack=r1');
    await symlink('..2026_06_01', join(inside, '..data'));
    await symlink('..data/rack', join(inside, 'rack'));
    expect(await discover()).toEqual({ labels: { 'feature.node.kubernetes.io/rack': 'r1' }, reasons: [] });
  });

  test.each(['/etc/secret', '../../../secret', '/../etc/secret', '../features.d-other/secret'])(
    'that link to %s are left out: others could get any file of the host published',
    async (target) => {
      await writeFile(join(hostRoot, 'etc/secret'), 'password=1');
      await mkdir(`${inside}-other`);
      await writeFile(`${inside}-other/secret`, 'password=1');
      await symlink(target, join(inside, 'leak'));
      await put('good', 'key=1');
      const { labels, reasons } = await discover();
      expect(labels).toEqual({ 'feature.node.kubernetes.io/key': '1' });
      expect(reasons).toEqual([`[file-unreadable] ${folder}/leak: is a link that leads out of its folder`]);
    },
  );

  test('are small: one of more than 64 KiB is left out', async () => {
    await put('full', `key=1\n#${'x'.repeat(65_536 - 7)}`);
    await put('large', `other=1\n#${'x'.repeat(65_536 - 8)}`);
    const { labels, reasons } = await discover();
    expect(labels).toEqual({ 'feature.node.kubernetes.io/key': '1' });
    expect(reasons).toEqual([`[file-unreadable] ${folder}/large: is larger than 65536 bytes`]);
  });

  test('are valid until the first of their ends', async () => {
    await put('a', '# +expiry-time=2026-06-03T00:00:00Z\na');
    await put('b', '# +expiry-time=2026-06-02T00:00:00Z\nb');
    const at = (now: string) => discoverWith(local({}), { host: hostRoot, now: new Date(now) });
    const found = await at('2026-06-01T00:00:00Z');
    expect(found.validUntil).toEqual(new Date('2026-06-02T00:00:00.001Z'));
    // The first moment at which something else is found, and the last before it.
    const labelsAt = async (now: string) => Object.keys((await at(now)).labels);
    const name = (key: string) => `feature.node.kubernetes.io/${key}`;
    expect(await labelsAt('2026-06-02T00:00:00.000Z')).toEqual([name('a'), name('b')]);
    expect(await labelsAt('2026-06-02T00:00:00.001Z')).toEqual([name('a')]);
    expect(await at('2026-06-04T00:00:00Z')).not.toHaveProperty('validUntil');
  });

  test('a folder that is not there, hidden files and folders say nothing', async () => {
    await put('.hidden', 'key=1');
    await mkdir(join(inside, 'folder'));
    expect(await discover()).toEqual({ labels: {}, reasons: [] });
    await rename(inside, `${inside}-gone`);
    expect(await discover()).toEqual({ labels: {}, reasons: [] });
  });

  test('a second name of a file in the folder is as good as the first', async () => {
    await put('a', 'key=1');
    await link(join(inside, 'a'), join(inside, 'b'));
    expect((await discover()).labels).toEqual({ 'feature.node.kubernetes.io/key': '1' });
  });

  test.each(['features.d', '/', '/a/../../etc', ''])('refuses the folder %j at load', (wrong) => {
    expect(() => local({ folder: wrong })).toThrow(
      /\[plugin-invalid\] the options of local are wrong: folder: must/,
    );
  });
});
