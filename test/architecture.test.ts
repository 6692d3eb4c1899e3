import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { violations } from './support/architecture.ts';

const root = join(import.meta.dirname, '..');

function readSources(): Map<string, string> {
  const files = ['src', 'plugins'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  return new Map(files.map((file) => [relative(root, file), readFileSync(file, 'utf8')]));
}

describe('architecture', () => {
  test('imports go down only, and packages are imported by their one wrapper', () => {
    const sources = readSources();
    expect([...sources.keys()]).toContain('src/error.ts');
    expect(violations(sources)).toEqual([]);
  });

  test.each([
    [
      'a lower folder imports a higher one',
      'src/spiffe/a.ts',
      `import { b } from '../seal/b.ts';`,
      'src/seal/b.ts',
    ],
    ['the bottom imports anything', 'src/error.ts', `import type { b } from './port/b.ts';`, 'src/port/b.ts'],
    ['siblings import each other', 'src/rule/a.ts', `export { b } from '../kube/b.ts';`, 'src/kube/b.ts'],
    ['a lazy import goes up', 'src/runtime/a.ts', `await import('../cli/b.ts');`, 'src/cli/b.ts'],
    ['source imports a test', 'src/cli/a.ts', `import '../../test/support/b.ts';`, 'test/support/b.ts'],
    [
      'a plugin imports more than the contract',
      'plugins/a/a.ts',
      `import '../../src/seal/b.ts';`,
      'src/seal/b.ts',
    ],
    ['a plugin imports another plugin', 'plugins/a/a.ts', `import '../b/b.ts';`, 'plugins/b/b.ts'],
    ['gRPC outside its folders', 'src/worker/a.ts', `import '@grpc/grpc-js';`, '@grpc/grpc-js'],
    [
      'client-node outside src/kube',
      'src/cli/a.ts',
      `import '@kubernetes/client-node';`,
      '@kubernetes/client-node',
    ],
  ])('refuses: %s', (_, path, text, target) => {
    expect(violations(new Map([[path, text]]))).toEqual([`${path} must not import ${target}`]);
  });

  test('refuses: verify is reached from sign through a third file', () => {
    const sources = new Map([
      ['src/seal/sign.ts', `import './leaf.ts';`],
      ['src/seal/leaf.ts', `import './verify.ts';`],
    ]);
    expect(violations(sources)).toEqual(['src/seal/sign.ts reaches src/seal/verify.ts']);
  });

  test('refuses: reflect-metadata after @peculiar/x509', () => {
    const sources = new Map([['src/identity/a.ts', `import '@peculiar/x509';\nimport 'reflect-metadata';`]]);
    expect(violations(sources)).toEqual([
      'src/identity/a.ts must import reflect-metadata before @peculiar/x509',
    ]);
  });

  test.each([
    ['src/worker/a.ts', `import '../seal/sign.ts'; import '../error.ts'; import { x } from 'zod';`],
    ['src/cli/main.ts', `await import('./discover.ts'); import '../runtime/log.ts';`],
    [
      'plugins/cpu/index.ts',
      `import type { X } from '../../src/plugin/contract.ts'; import './backend/cpuid.ts';`,
    ],
    ['src/identity/a.ts', `import 'reflect-metadata'; import * as x509 from '@peculiar/x509';`],
  ])('allows what %s needs', (path, text) => {
    expect(violations(new Map([[path, text]]))).toEqual([]);
  });
});
