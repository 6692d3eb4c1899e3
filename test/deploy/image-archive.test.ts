// The image of both architectures, made by a real buildah on no base at all: what a registry would get.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { imagesOf, machineOf } from './image/archive.ts';
import { SmallCheckout } from './image/small-checkout.ts';

const works = (program: string): boolean => spawnSync(program, ['--version']).status === 0;
const crossCompiler = 'x86_64-linux-gnu-gcc';
const canBuild =
  process.getuid?.() === 0 && works('buildah') && works(process.arch === 'x64' ? 'cc' : crossCompiler);
const path = temporaryFolder();
const x86 = 62;

(canBuild ? describe : describe.skip)('an archive of two platforms', () => {
  test('has an image for each: alike, but for the program that only x64 needs', () => {
    const archive = path('image.tar');
    const args = ['--platform', 'linux/amd64,linux/arm64', '--base', 'scratch', '--output', archive];
    expect(new SmallCheckout(path).buildImage(args)).toMatchObject({ status: 0, stderr: '' });

    const images = imagesOf(archive, path('image'));
    for (const { platform, os, architecture } of images) expect({ os, architecture }).toEqual(platform);
    expect(images.map(({ architecture }) => architecture).sort()).toEqual(['amd64', 'arm64']);

    for (const { architecture, config, root } of images) {
      expect(config).toMatchObject({
        User: '65532:65532',
        Entrypoint: ['/nodejs/bin/node', '/opt/featureseal/dist/src/cli/main.js'],
      });
      const app = join(root, config.WorkingDir);
      expect(existsSync(join(app, 'dist/src/cli/main.js'))).toBe(true);
      expect(existsSync(join(app, 'node_modules/library/index.js'))).toBe(true);
      const program = join(app, 'dist/plugins/cpu/native/cpuid');
      if (architecture === 'amd64') expect(machineOf(program)).toBe(x86);
      else expect(existsSync(program)).toBe(false);
      // Nothing of the lay-out itself.
      expect(existsSync(join(app, 'native'))).toBe(false);
    }
  });
});
