// scripts/build-image: what goes into the image of each architecture, what docker is told, and what is said where there
// can be no image. That docker does what is meant is not shown here; buildah is asked itself (image-archive.test.ts).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { SmallCheckout } from './image/small-checkout.ts';

const path = temporaryFolder();
const both = 'linux/amd64,linux/arm64';
const toRegistry = ['--tag', 'registry.test/featureseal:1', '--push'];
const program = 'dist/plugins/cpu/native/cpuid';
const failure = (message: string) => ({ status: 1, stdout: '', stderr: `featureseal: ${message}\n` });

describe('what goes into an image', () => {
  test.each([
    ['x86_64', 'cc'],
    ['aarch64', 'x86_64-linux-gnu-gcc'],
  ])('is the same whatever machine makes it: %s, by its %s', (name, compiler) => {
    const checkout = new SmallCheckout(path);
    checkout.compiler(compiler);
    const machine = { name, docker: ':' };
    expect(checkout.buildImage(['--platform', both, ...toRegistry], machine)).toEqual({
      status: 0,
      stdout: 'registry.test/featureseal:1\n',
      stderr: '',
    });
    expect(checkout.inContext('app/dist/src/cli/main.js')).toBe(true);
    // What the build made for this machine is nobody else's.
    expect(checkout.inContext(`app/${program}`)).toBe(false);
    expect(checkout.contextFile(`native/amd64/${program}`)).toBe(`by ${compiler}\n`);
    expect(checkout.inContext('native/arm64')).toBe(true);
    expect(checkout.inContext(`native/arm64/${program}`)).toBe(false);
  });

  test('is this machine alone where none is named', () => {
    const checkout = new SmallCheckout(path);
    checkout.buildImage([], { name: 'aarch64', docker: ':' });
    expect(checkout.inContext('native/arm64')).toBe(true);
    expect(checkout.inContext('native/amd64')).toBe(false);
  });

  test('is no machine code for another runtime than Node', () => {
    const checkout = new SmallCheckout(path);
    checkout.buildImage([], { name: 'aarch64', docker: ':' });
    expect(checkout.inContext('app/node_modules/library/index.js')).toBe(true);
    expect(checkout.inContext('app/node_modules/library/prebuilds/android-arm64/library.bare')).toBe(false);
  });

  test('is no package that npm chooses by the machine', () => {
    const { packages } = JSON.parse(
      readFileSync(join(import.meta.dirname, '../../package-lock.json'), 'utf8'),
    ) as {
      packages: Record<string, { dev?: true; optional?: true; cpu?: string[]; libc?: string[] }>;
    };
    const production = Object.entries(packages).filter(([, { dev }]) => dev !== true);
    expect(production.length).toBeGreaterThan(50);
    expect(production.filter(([, { optional, cpu, libc }]) => optional ?? cpu ?? libc)).toEqual([]);
  });

  test('is never half of it: where npm fails nothing is built, nor at the next try', () => {
    const checkout = new SmallCheckout(path, 'if [[ $PWD == */app ]]; then echo unreachable >&2; exit 1; fi');
    for (const attempt of ['first', 'second']) {
      const built = checkout.buildImage([], { docker: ':' });
      expect({ attempt, ...built }).toEqual({
        attempt,
        status: 1,
        stdout: '',
        stderr: 'unreachable\nfeatureseal: the image could not be laid out (above: why)\n',
      });
      expect(checkout.dockerCalls).toEqual([]);
    }
  });
});

describe.each(['no-such-cc', 'false'])('without a C compiler for x64 (%s), build-image', (compiler) => {
  const without = { docker: ':', compiler };

  test('says what the image of this machine lacks, and makes it', () => {
    expect(new SmallCheckout(path).buildImage([], { ...without, name: 'x86_64' })).toMatchObject({
      status: 0,
      stderr: expect.stringContaining('no program that executes CPUID, so nodes lose features'),
    });
  });

  test.each<[string, readonly string[]]>([
    ['x86_64', ['--platform', 'linux/amd64']],
    ['x86_64', toRegistry],
    ['aarch64', ['--platform', both, ...toRegistry]],
  ])('makes none for others: on %s, %j', (name, args) => {
    const checkout = new SmallCheckout(path);
    expect(checkout.buildImage(args, { ...without, name })).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('no C compiler here can build it; install one, or name it with CC'),
    });
    expect(checkout.dockerCalls).toEqual([]);
  });

  test('makes the one for arm64, which needs none', () => {
    const checkout = new SmallCheckout(path);
    const built = checkout.buildImage(['--platform', 'linux/arm64'], { ...without, name: 'x86_64' });
    expect(built).toMatchObject({ status: 0, stderr: '' });
  });
});

describe('docker', () => {
  const file = '--file deploy/Dockerfile';

  test.each<[string, readonly string[], readonly string[]]>([
    [
      'one platform',
      ['--platform', 'linux/arm64'],
      [
        `build --quiet --platform linux/arm64 --tag localhost/featureseal:dev ${file} --build-arg TARGETARCH=arm64 .cache/image`,
      ],
    ],
    [
      'one platform to a registry, on a base of its own',
      ['--platform', 'linux/arm64', '--base', 'registry.test/node:24', ...toRegistry],
      [
        `build --quiet --platform linux/arm64 --tag registry.test/featureseal:1 ${file} --build-arg BASE=registry.test/node:24 ` +
          '--build-arg TARGETARCH=arm64 .cache/image',
        'push --quiet registry.test/featureseal:1',
      ],
    ],
    [
      'two platforms to a registry',
      ['--platform', both, ...toRegistry],
      [
        `buildx build --quiet --platform ${both} --tag registry.test/featureseal:1 ${file} --push .cache/image`,
      ],
    ],
    [
      'two platforms to a file',
      ['--platform', both, '--output', '/image.tar'],
      [
        `buildx build --quiet --platform ${both} --tag localhost/featureseal:dev ${file} --output type=oci,dest=/image.tar ` +
          '.cache/image',
      ],
    ],
  ])('is told of %s', (_, args, calls) => {
    const checkout = new SmallCheckout(path);
    const built = checkout.buildImage(args, { docker: ':', compiler: 'some-cc' });
    expect(built).toMatchObject({ status: 0, stderr: '' });
    expect(checkout.dockerCalls).toEqual(calls);
  });

  test.each([['build'], ['save'], ['push']])('is believed where its %s fails', (verb) => {
    const docker = `if [[ $1 == ${verb} ]]; then echo 'no space left' >&2; exit 1; fi`;
    const args = verb === 'push' ? toRegistry : ['--output', '/image.tar'];
    expect(new SmallCheckout(path).buildImage(args, { docker, compiler: 'some-cc' })).toEqual({
      status: 1,
      stdout: '',
      stderr: 'no space left\nfeatureseal: the image could not be built (above: why)\n',
    });
  });
});

describe('build-image refuses', () => {
  test.each([
    ['a platform that there is not', ['--platform', 'linux/riscv64']],
    ['the same platform twice', ['--platform', 'linux/arm64,linux/arm64']],
    ['a file and a registry at once', ['--output', 'image.tar', '--push']],
    ['an option without its value', ['--platform']],
  ])('%s as wrong use', (_, args) => {
    const built = new SmallCheckout(path).buildImage(args, { docker: ':' });
    expect(built).toEqual({ status: 2, stdout: '', stderr: expect.stringContaining('Usage:') });
  });

  test.each<[string, readonly string[], string]>([
    [
      'a base of this machine for another',
      ['--local-base', '--platform', 'linux/arm64'],
      '--local-base is made of this machine, so it is for linux/amd64 alone',
    ],
    [
      'two platforms for this machine',
      ['--platform', both],
      'two platforms make no image for this machine: name a file with --output, or give --push',
    ],
    [
      'to push what names no registry',
      ['--push'],
      'localhost is no registry: name the image with --tag REGISTRY/NAME:VERSION',
    ],
  ])('%s', (_, args, message) => {
    const built = new SmallCheckout(path).buildImage(args, { name: 'x86_64', docker: ':' });
    expect(built).toEqual(failure(message));
  });

  test('to guess on a machine that no image is made for', () => {
    const built = new SmallCheckout(path).buildImage([], { name: 'riscv64', docker: ':' });
    expect(built).toEqual(failure('there is no image for riscv64: name another machine with --platform'));
  });
});
