import { describe, expect, test } from '@jest/globals';
import type { ReasonCode } from '../../../src/error-codes.ts';
import { parseHeader } from '../../../src/seal/header.ts';
import { reasonOf } from '../../support/reason.ts';
import { nodeNameKey, sealKey } from '../../support/sealing.ts';

const der = Buffer.from('certificate').toString('base64');
const good = {
  typ: 'nodefeature-seal+jws',
  alg: 'ES256',
  x5c: [der],
  iat: 1,
  cluster: 'demo',
  labels: [nodeNameKey],
  annotations: [],
};
const text = JSON.stringify(good);
const withMembers = (members: object): string => JSON.stringify({ ...good, ...members });
const without = (key: string): string =>
  JSON.stringify(good, (name, value: unknown) => (name === key ? undefined : value));
const replaced = (from: string, to: string): string => {
  const other = text.replace(from, to);
  if (other === text) throw new Error(`nothing to replace: ${from}`);
  return other;
};

const keys = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `k${String(index).padStart(3, '0')}`);
const bytes = (length: number): string => Buffer.alloc(length, 1).toString('base64');

describe('parseHeader', () => {
  test('takes exactly the members of the table', () => {
    expect(parseHeader(text)).toMatchObject({
      algorithm: 'ES256',
      chain: [Buffer.from('certificate')],
      iat: 1,
      cluster: 'demo',
      covered: { labels: [nodeNameKey], annotations: [] },
    });
  });

  test.each([
    ['white space', JSON.stringify(good, undefined, 2)],
    ['another order of members', JSON.stringify(Object.fromEntries(Object.entries(good).reverse()))],
    ['a member name written with an escape', replaced('"typ"', '"t\\u0079p"')],
    ['a colon, a quote and a backslash in a value', withMembers({ cluster: 'a:"\\b' })],
    ['a digit in a value', withMembers({ cluster: '1e3' })],
    ['the greatest iat', withMembers({ iat: Number.MAX_SAFE_INTEGER })],
    ['8 certificates', withMembers({ x5c: Array(8).fill(der) })],
    ['32 KiB of DER', withMembers({ x5c: [bytes(32 * 1024)] })],
    ['64 covered keys', withMembers({ annotations: keys(63) })],
    ['an annotation whose key is empty, first', withMembers({ annotations: ['', 'a'] })],
    ['labels sorted by UTF-16 code units', withMembers({ annotations: ['\u{1f600}', '\ufb33'] })],
  ])('takes %s', async (_, header) => {
    expect(await reasonOf(() => parseHeader(header))).toBe('accepted');
  });

  test.each<[ReasonCode, string, string]>([
    // Not exactly the members.
    ...Object.keys(good).map((key): [ReasonCode, string, string] => [
      'seal-malformed',
      `no ${key}`,
      without(key),
    ]),
    ...['crit', 'b64', 'kid', 'jwk', 'x5u', 'exp', '__proto__', 'constructor', 'Typ'].map(
      (key): [ReasonCode, string, string] => [
        'seal-malformed',
        `${key} besides`,
        replaced('{"', `{"${key}":["x"],"`),
      ],
    ),
    ['seal-malformed', 'typ twice', replaced('"typ"', '"typ":"nodefeature-seal+jws","typ"')],
    ['seal-malformed', 'iat twice, once with an escape', replaced('"iat":1', '"iat":2,"i\\u0061t":1')],
    ['seal-malformed', 'a duplicate hidden behind a quote', replaced('"iat":1', '"cluster":"\\"","iat":1')],
    ['seal-malformed', 'an object within a list', replaced(`["${nodeNameKey}"]`, '[{"a":"b"}]')],
    ['seal-malformed', 'a list', '[]'],
    ['seal-malformed', 'null', 'null'],
    ['seal-malformed', 'a string', '"x"'],
    ['seal-malformed', 'no JSON', text.slice(1)],
    ['seal-malformed', 'nothing', ''],
    ['seal-malformed', 'two texts', text + text],
    ['seal-malformed', 'a byte order mark', `\ufeff${text}`],
    ['seal-malformed', 'a comment', replaced('{', '{/**/')],
    ['seal-malformed', 'a comma too many', replaced('[]}', '[],}')],
    // Wrong types.
    ['seal-malformed', 'typ as list', withMembers({ typ: [good.typ] })],
    ['seal-malformed', 'alg as null', withMembers({ alg: null })],
    ['seal-malformed', 'x5c as text', withMembers({ x5c: der })],
    ['seal-malformed', 'a number in x5c', withMembers({ x5c: [5] })],
    ['seal-malformed', 'iat as text', withMembers({ iat: '1' })],
    ['seal-malformed', 'iat as null', withMembers({ iat: null })],
    ['seal-malformed', 'cluster as number', withMembers({ cluster: 5 })],
    ['seal-malformed', 'labels as object', withMembers({ labels: {} })],
    ['seal-malformed', 'a null in annotations', withMembers({ annotations: [null] })],
    // typ
    ['seal-type-unknown', 'JOSE as typ', withMembers({ typ: 'JOSE' })],
    ['seal-type-unknown', 'typ in capitals', withMembers({ typ: 'NodeFeature-Seal+JWS' })],
    ['seal-type-unknown', 'a later version', withMembers({ typ: 'nodefeature-seal-v2+jws' })],
    // alg
    ...['none', 'None', '', 'HS256', 'ES512', 'ES256K', 'RS384', 'PS512', 'RS1', 'EdDSA', 'es256'].map(
      (alg): [ReasonCode, string, string] => [
        'seal-algorithm',
        `alg ${JSON.stringify(alg)}`,
        withMembers({ alg }),
      ],
    ),
    // iat
    ['seal-time', 'iat 0', withMembers({ iat: 0 })],
    ['seal-time', 'iat -1', withMembers({ iat: -1 })],
    ['seal-time', 'iat -0', replaced('"iat":1', '"iat":-0')],
    ['seal-time', 'iat 1.5', withMembers({ iat: 1.5 })],
    ['seal-time', 'iat 1.0', replaced('"iat":1', '"iat":1.0')],
    ['seal-time', 'iat 1e3', replaced('"iat":1', '"iat":1e3')],
    ['seal-time', 'iat 2^53', withMembers({ iat: 2 ** 53 })],
    ['seal-time', 'iat 2^53+1, which JSON.parse rounds', replaced('"iat":1', '"iat":9007199254740993')],
    ['seal-time', 'iat 1e400', replaced('"iat":1', '"iat":1e400')],
    // x5c
    ['seal-chain', 'no certificate', withMembers({ x5c: [] })],
    ['seal-chain', '9 certificates', withMembers({ x5c: Array(9).fill(der) })],
    ['seal-chain', 'an empty certificate', withMembers({ x5c: [''] })],
    ['seal-chain', '32 KiB and one byte', withMembers({ x5c: [bytes(32 * 1024), bytes(1)] })],
    ['seal-chain', 'base64 without padding', withMembers({ x5c: ['YQ'] })],
    ['seal-chain', 'base64 with stray bits', withMembers({ x5c: ['YR=='] })],
    ['seal-chain', 'base64 with a line feed', withMembers({ x5c: ['Y2Vy\ndA=='] })],
    ['seal-chain', 'base64 with white space at its end', withMembers({ x5c: [`${der} `] })],
    ['seal-chain', 'base64url', withMembers({ x5c: ['-_-_'] })],
    [
      'seal-chain',
      'PEM',
      withMembers({ x5c: [`-----BEGIN CERTIFICATE-----\n${der}\n-----END CERTIFICATE-----`] }),
    ],
    // Covered keys.
    ['covered-keys', '65 keys together', withMembers({ annotations: keys(64) })],
    ['covered-keys', 'no node name', withMembers({ labels: [] })],
    [
      'covered-keys',
      'the node name among annotations',
      withMembers({ labels: [], annotations: [nodeNameKey] }),
    ],
    ['covered-keys', 'a label twice', withMembers({ labels: [nodeNameKey, nodeNameKey] })],
    ['covered-keys', 'annotations out of order', withMembers({ annotations: ['b', 'a'] })],
    ['covered-keys', 'the order of code points', withMembers({ annotations: ['\ufb33', '\u{1f600}'] })],
    ['covered-keys', 'the seal itself', withMembers({ annotations: [sealKey] })],
    ['covered-keys', 'a lone surrogate', withMembers({ annotations: ['\ud800'] })],
  ])('refuses with %s: %s', async (code, _, header) => {
    expect(await reasonOf(() => parseHeader(header))).toBe(code);
  });

  test('two chains of the same octets are two texts', () => {
    const two = parseHeader(withMembers({ x5c: [bytes(3), bytes(6)] }));
    const one = parseHeader(withMembers({ x5c: [bytes(9)] }));
    expect(Buffer.concat(two.chain)).toEqual(Buffer.concat(one.chain));
    expect(two.chainText).not.toBe(one.chainText);
  });

  test('says that a header is no JSON', () => {
    expect(() => parseHeader('{')).toThrow('the header is not JSON');
  });

  test('says which algorithms there are', () => {
    expect(() => parseHeader(withMembers({ alg: 'none' }))).toThrow('one of ES256, ES384, PS256, RS256');
  });

  test('gets through 64 KiB of quotes and backslashes', async () => {
    const hostile = `{"typ":"${'\\\\"'.repeat(20_000)}`;
    expect(await reasonOf(() => parseHeader(hostile))).toBe('seal-malformed');
  });
});
