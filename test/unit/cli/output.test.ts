import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { printJson, printYaml, renderTable } from '../../../src/cli/output.ts';
import { recordCli } from '../../support/cli-context.ts';

const hostile = { 'k\u202e': 'a\u009b1m\u001b[2J\nb', off: 'off', number: '12' };
/** Nothing but line feeds and what can be seen. */
const harmless = /^[\n\x20-\x7e]*$/;

describe('printJson and printYaml', () => {
  test.each([
    ['printJson', printJson, (text: string): unknown => JSON.parse(text)],
    ['printYaml', printYaml, (text: string): unknown => parse(text)],
  ])('%s escapes what a terminal would obey, and says the same', (_, print, read) => {
    const { context, out } = recordCli();
    print(context, hostile);
    expect(out()).toMatch(harmless);
    expect(out().endsWith('\n')).toBe(true);
    expect(read(out())).toEqual(hostile);
  });
});

describe('renderTable', () => {
  test('aligns columns and leaves no space at the end of a line', () => {
    const rows = [
      ['a', 'long cell', 'x'],
      ['longer', 'b', ''],
    ];
    expect(renderTable(rows, { header: ['ONE', 'TWO', 'THREE'], colour: false })).toBe(
      'ONE     TWO        THREE\n' + 'a       long cell  x\n' + 'longer  b\n',
    );
  });

  test('the header is bold where colour is welcome', () => {
    expect(renderTable([['a']], { header: ['ONE'], colour: true })).toBe('\u001b[1mONE\u001b[22m\na\n');
  });

  test('cells cannot move the cursor or break the line', () => {
    expect(renderTable([['a\n\u001b[2J']], { colour: true })).toBe('a\\u000a\\u001b[2J\n');
  });

  test.each([
    ['no rows', [], ''],
    ['rows of several lengths', [['a'], ['bb', 'c']], 'a\nbb  c\n'],
  ])('renders %s', (_, rows: string[][], text) => {
    expect(renderTable(rows, { colour: false })).toBe(text);
  });
});
