import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { runCli } from '../../../src/cli/run.ts';
import { ttlCommand } from '../../../src/cli/ttl.ts';
import { recordCli } from '../../support/cli-context.ts';

const repository = join(import.meta.dirname, '../../..');
const page = readFileSync(join(repository, 'docs/topologies.md'), 'utf8');

async function ttl(args: readonly string[]): Promise<readonly string[]> {
  const cli = recordCli();
  const commands = [{ name: 'ttl', summary: '', load: async () => ttlCommand }];
  expect(await runCli({ args: ['ttl', ...args], commands, version: '0' }, cli.context)).toBe(0);
  return cli.out().split('\n');
}

describe('docs/topologies.md', () => {
  const shown = [...page.matchAll(/```console\n\$ featureseal ttl ?(.*)\n([\s\S]*?)```/g)];

  test.each(shown.map(([, args = '', lines = '']) => [args, lines]))(
    'shows lines that `featureseal ttl %s` prints',
    async (args, lines) => {
      const printed = await ttl(args.split(' ').filter((each) => each !== ''));
      expect(printed).toEqual(expect.arrayContaining(lines.trimEnd().split('\n')));
    },
  );

  test('shows what there is to see', () => {
    expect(shown).toHaveLength(4);
  });

  test('names files and folders that are there', () => {
    const named = page.match(/(?<=`|\]\(\.\.\/)(?:spire-config|deploy|test|scripts)\/[\w./-]*\w/g) ?? [];
    expect(named.length).toBeGreaterThan(15);
    expect(named.filter((path) => !existsSync(join(repository, path)))).toEqual([]);
  });

  test('has a section for every topology of its table', () => {
    const linked = [...page.matchAll(/^\| \[[^\]]+\]\(#([\w-]+)\)/gm)].map(([, anchor]) => anchor);
    const sections = [...page.matchAll(/^## (.+)$/gm)].map(([, title = '']) =>
      title
        .toLowerCase()
        .replaceAll(/[^\w -]/g, '')
        .replaceAll(' ', '-'),
    );
    expect(linked).toHaveLength(7);
    expect(sections).toEqual(expect.arrayContaining(linked));
  });
});
