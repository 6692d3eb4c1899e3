import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { FeaturesealError } from '../../../src/error.ts';
import { parseObject, parseYaml } from '../../../src/runtime/yaml-config.ts';

const schema = z.strictObject({
  cluster: z.string(),
  mode: z.enum(['enforce', 'off']).default('enforce'),
  interval: z.int().min(3).optional(),
  source: z.union([z.string(), z.strictObject({ file: z.string() })]).optional(),
  signers: z.array(z.strictObject({ name: z.string() })).min(1),
});
const options = { code: 'config-invalid', what: 'worker.yaml' } as const;

function refusal(work: () => unknown): FeaturesealError {
  try {
    work();
  } catch (error) {
    if (error instanceof FeaturesealError) return error;
  }
  throw new Error('was not refused with a FeaturesealError');
}

const messageOf = (text: string): string => refusal(() => parseYaml(text, schema, options)).message;
const minimal = 'cluster: demo\nsigners: [{ name: a }]\n';

describe('parseYaml', () => {
  test('gives what the schema makes of the text, defaults included', () => {
    expect(parseYaml(minimal, schema, options)).toEqual({
      cluster: 'demo',
      mode: 'enforce',
      signers: [{ name: 'a' }],
    });
  });

  test('reads off as text, as YAML 1.2 has it', () => {
    expect(parseYaml(`${minimal}mode: off\n`, schema, options).mode).toBe('off');
  });

  test('follows a few aliases', () => {
    expect(parseYaml('cluster: &c demo\nsigners: [{ name: *c }]', schema, options).signers).toEqual([
      { name: 'demo' },
    ]);
  });

  test('refuses with the code of its caller', () => {
    const policy = { code: 'policy-invalid', what: 'policy' } as const;
    expect(refusal(() => parseYaml('a: 1', schema, policy)).code).toBe('policy-invalid');
  });

  test('lists all faults at once, each with line, column and path, in the order of the text', () => {
    const text =
      'interval: 1.5\ncluster: 12\nsigners:\n  - nam: a\n  - 3\nsource: { file: 1 }\nmode: on\nzz: 1\n';
    expect(messageOf(text).split('\n')).toEqual([
      '[config-invalid] worker.yaml:',
      '  line 1, column 1, interval: expected int, received number',
      '  line 2, column 1, cluster: expected string, received number: put it in quotes',
      '  line 4, column 5, signers[0].name: is required',
      '  line 4, column 5, signers[0].nam: is not a known key',
      '  line 5, column 5, signers[1]: expected object, received number',
      '  line 6, column 11, source.file: expected string, received number: put it in quotes',
      '  line 7, column 1, mode: expected one of "enforce"|"off"',
      '  line 8, column 1, zz: is not a known key',
    ]);
  });

  test('finds a fault behind an alias', () => {
    const text = 'cluster: demo\nsigners:\n  - &s { name: a, zz: 1 }\n  - *s\n';
    expect(messageOf(text)).toContain('line 3, column 19, signers[1].zz: is not a known key');
  });

  const one = (fault: string): string => `[config-invalid] worker.yaml: ${fault}`;
  test.each([
    ['an empty text', '', one('is empty')],
    ['a text with comments only', '# nothing\n', one('is empty')],
    ['a key twice', `${minimal}cluster: b\n`, one('line 3, column 1: Map keys must be unique')],
    ['a second document', '--- a\n--- b\n', one('line 2, column 1: only one document is allowed')],
    ['YAML 1.1, where off is a boolean', `%YAML 1.1\n---\n${minimal}`, one('is not YAML 1.2')],
    [
      'an unknown tag',
      'cluster: !js x\nsigners: [{ name: a }]',
      one('line 1, column 10: Unresolved tag: !js'),
    ],
    [
      'a list as key',
      `${minimal}? [a]\n: b`,
      one('line 3, column 3: With stringKeys, all keys must be strings'),
    ],
    ['__proto__', `${minimal}__proto__: {}\n`, one('line 3, column 1, __proto__: is not a known key')],
    ['a merge key', `${minimal}<<: {}\n`, one('line 3, column 1, ["<<"]: is not a known key')],
    [
      'a key that would turn the terminal',
      `${minimal}"\\u202e\\e": 1\n`,
      one('line 3, column 1, ["\\u202e\\u001b"]: is not a known key'),
    ],
    ['deep nesting', '['.repeat(100_000), one('is nested too deeply or has too many aliases')],
    [
      'a list that holds itself',
      'cluster: demo\nsigners: &s [*s]',
      one('line 2, column 14, signers[0]: expected object, received array'),
    ],
    ['a text beyond the limit', `# ${'x'.repeat(256 * 1024)}`, one('is larger than 262144 characters')],
  ])('refuses %s', (_, text, message) => {
    expect(messageOf(text)).toBe(message);
  });

  test('refuses aliases that multiply', () => {
    const levels = [
      'a: &a [x]',
      ...['b', 'c', 'd', 'e'].map(
        (name, i) => `${name}: &${name} [${Array(9).fill(`*${'abcd'[i]}`).join()}]`,
      ),
    ];
    expect(messageOf(levels.join('\n'))).toBe(one('is nested too deeply or has too many aliases'));
  });

  test('shows the first twenty faults and counts the rest', () => {
    const text = minimal + Array.from({ length: 25 }, (_, i) => `k${i}: 1\n`).join('');
    const lines = messageOf(text).split('\n');
    expect(lines).toHaveLength(22);
    expect(lines.at(-1)).toBe('  and 5 more');
  });

  test('never repeats a value, which may be secret', () => {
    expect(messageOf('cluster: [hunter2]\nmode: hunter2\nsigners: hunter2')).not.toContain('hunter2');
  });
});

describe('parseObject', () => {
  test('gives what the schema makes of the value', () => {
    expect(parseObject({ cluster: 'demo', signers: [{ name: 'a' }] }, schema, options).mode).toBe('enforce');
  });

  test.each([
    ['nothing', undefined, 'is empty'],
    ['a text', 'x', 'expected object, received string'],
    [
      'an unknown key',
      { cluster: 'demo', signers: [{ name: 'a', x: 1 }] },
      'signers[0].x: is not a known key',
    ],
    [
      'neither form of a union',
      { cluster: 'a', signers: [{ name: 'a' }], source: 1 },
      'source: expected string, received number, or expected object, received number',
    ],
  ])('refuses %s by path alone', (_, value: unknown, fault) => {
    expect(refusal(() => parseObject(value, schema, options)).message).toBe(
      `[config-invalid] worker.yaml: ${fault}`,
    );
  });
});
