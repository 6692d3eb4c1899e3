import { describe, expect, test } from '@jest/globals';
import { FeaturesealError } from '../../../src/error.ts';
import { createLog, type LogLevel } from '../../../src/runtime/log.ts';

function recordingLog(level: LogLevel = 'debug') {
  const lines: string[] = [];
  return { lines, log: createLog({ level, stream: { write: (line) => void lines.push(line) } }) };
}

/** The fields of the one line that was written. */
function written(lines: readonly string[]): Record<string, unknown> {
  expect(lines).toHaveLength(1);
  return JSON.parse(lines[0]!) as Record<string, unknown>;
}

describe('createLog', () => {
  test('writes one JSON line with level, ISO time, fields and message', () => {
    const { log, lines } = recordingLog();
    log.warn('sealed', { node: 'a' });
    expect(lines[0]).toMatch(
      /^\{"level":"warn","time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z","node":"a","message":"sealed"\}\n$/,
    );
  });

  test('says nothing below its level', () => {
    const { log, lines } = recordingLog('warn');
    log.debug('a');
    log.info('b');
    log.error('c');
    expect(written(lines)).toMatchObject({ level: 'error', message: 'c' });
  });

  test('a field cannot forge level, time or message', () => {
    const { log, lines } = recordingLog();
    log.info('real', { level: 'error', time: 'never', message: 'forged' });
    expect(lines[0]!.match(/"level":|"time":|"message":/g)).toHaveLength(3);
    expect(written(lines)).toMatchObject({ level: 'info', message: 'real', message_: 'forged' });
  });

  test('text from outside cannot break the line, move the cursor or turn text round', () => {
    const { log, lines } = recordingLog();
    const hostile = 'a\n{"level":"error"}\u001b[2J\u009b1m\u2028\u202e\u200b\u{e0041}';
    log.info('x', { hostile });
    expect(lines[0]).toMatch(/^[\x20-\x7e]+\n$/);
    expect(written(lines)).toMatchObject({ hostile });
  });

  test('an error becomes its code, message and causes, without a stack', () => {
    const { log, lines } = recordingLog();
    const error = new FeaturesealError({ code: 'internal', message: 'outer', cause: new TypeError('inner') });
    log.error('x', { error, err: error });
    const shown = {
      code: 'internal',
      message: '[internal] outer',
      cause: { name: 'TypeError', message: 'inner' },
    };
    expect(written(lines)).toMatchObject({ error: shown, err: shown });
    expect(lines[0]).not.toContain('.ts:');
  });

  test.each([
    ['long text', 'a'.repeat(1025), `${'a'.repeat(1024)}<1 more>`],
    ['long lists', Array(33).fill(0), [...Array<number>(32).fill(0), '<1 more>']],
    [
      'many members',
      Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`k${i}`, 1])),
      expect.objectContaining({ more: '<8 more>' }),
    ],
    ['depth', { a: { b: { c: { d: 1 } } } }, { a: { b: { c: '<deeper>' } } }],
  ])('bounds %s', (_, value, shown) => {
    const { log, lines } = recordingLog();
    log.info('x', { value });
    expect(written(lines)['value']).toEqual(shown);
  });

  const cycle: Record<string, unknown> = {};
  cycle['self'] = cycle;
  test.each([
    ['bytes, which may be a key', new Uint8Array([1, 2, 3]), '<3 bytes>'],
    ['a private key in PEM', '-----BEGIN EC PRIVATE KEY-----\nMH', '<private key>'],
    ['a bigint', 10n, '10'],
    ['not a number', NaN, 'NaN'],
    ['an invalid date', new Date(NaN), 'Invalid Date'],
    ['a map', new Map([['a', 1]]), { a: 1 }],
    ['a set', new Set(['a']), ['a']],
    ['a lone surrogate', '\ud800', '\ufffd'],
    ['a cycle', cycle, { self: { self: { self: '<deeper>' } } }],
    [
      'a getter that throws',
      {
        get a() {
          throw new Error('no');
        },
      },
      '<unreadable>',
    ],
    ['a member named __proto__', JSON.parse('{"__proto__":"x"}'), JSON.parse('{"__proto__":"x"}')],
  ])('shows %s', (_, value: unknown, shown) => {
    const { log, lines } = recordingLog();
    log.info('x', { value });
    expect(written(lines)['value']).toEqual(shown);
  });
});
