import { describe, expect, test } from '@jest/globals';
import { certificatesFrom, pemBlocks } from '../../../src/spiffe/pem.ts';
import { toPem } from '../../support/certificates.ts';
import { reasonOf } from '../../support/reason.ts';

const one = Uint8Array.from({ length: 100 }, (_, i) => i);
const two = Uint8Array.from([1, 2, 3, 4]);
const block = (body: string, label = 'CERTIFICATE'): string =>
  `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`;

describe('certificatesFrom', () => {
  test.each<[string, string | readonly Uint8Array[], readonly Uint8Array[]]>([
    ['DER as it is', [one, two], [one, two]],
    ['PEM blocks in order', toPem([one, two]), [one, two]],
    [
      'PEM with CRLF and blank lines',
      `\r\n${toPem([one])}\n  \n${toPem([two])}`.replaceAll('\n', '\r\n'),
      [one, two],
    ],
    ['PEM without line break at the end', toPem([one]).trimEnd(), [one]],
    ['lines of any length', block('AQIDBA=='), [two]],
    ['an empty text', '', []],
  ])('gives %s', (_what, input, expected) => {
    expect(certificatesFrom(input)).toEqual(expected);
  });

  test.each<[string, unknown]>([
    ['a number', 5],
    ['one DER alone', one],
    ['a list with a text in it', [one, toPem([one])]],
    ['nothing at all', undefined],
  ])('refuses %s', async (_what, input) => {
    expect(await reasonOf(() => certificatesFrom(input as string))).toBe('certificate-malformed');
  });

  test('says where the fault is', () => {
    expect(() => certificatesFrom(`${toPem([two])}\nx\n`)).toThrow('line 5 is outside');
    expect(() => certificatesFrom(block('*'))).toThrow('ends at line 3 is not');
  });

  test.each<[string, string]>([
    ['a private key', toPem([one]) + block('AQIDBA==', 'PRIVATE KEY')],
    ['a public key', block('AQIDBA==', 'PUBLIC KEY')],
    ['a TRUSTED CERTIFICATE', block('AQIDBA==', 'TRUSTED CERTIFICATE')],
    ['text between blocks', `${toPem([one])}comment\n${toPem([two])}`],
    ['no end', '-----BEGIN CERTIFICATE-----\nAQIDBA==\n'],
    ['an end alone', '-----END CERTIFICATE-----\n'],
    ['a block within a block', `-----BEGIN CERTIFICATE-----\n${toPem([one])}`],
    ['an empty block', block('')],
    ['a space in a line', block('AQID BA==')],
    ['a character outside of base64', block('AQID*A==')],
    ['base64url', block('_-__')],
    ['missing padding', block('AQIDBA')],
    ['padding that is not zero', block('AQIDBB==')],
    ['something after the padding', block('AQ==AQ==')],
    ['a header line', block('Proc-Type: 4,ENCRYPTED\n\nAQIDBA==')],
    ['text instead of PEM', 'certificate'],
  ])('refuses %s', async (_what, text) => {
    expect(await reasonOf(() => certificatesFrom(text))).toBe('certificate-malformed');
  });
});

describe('pemBlocks', () => {
  test('writes lines of 64 characters, the last one as short as it is', () => {
    expect(pemBlocks('CERTIFICATE', [one])).toBe(
      [
        '-----BEGIN CERTIFICATE-----',
        'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4v',
        'MDEyMzQ1Njc4OTo7PD0+P0BBQkNERUZHSElKS0xNTk9QUVJTVFVWV1hZWltcXV5f',
        'YGFiYw==',
        '-----END CERTIFICATE-----\n',
      ].join('\n'),
    );
  });

  test('writes one block after the other, and none for nothing', () => {
    expect(certificatesFrom(pemBlocks('CERTIFICATE', [one, two]))).toEqual([one, two]);
    expect(pemBlocks('PRIVATE KEY', [two])).toBe(block('AQIDBA==', 'PRIVATE KEY'));
    expect(pemBlocks('PRIVATE KEY', [])).toBe('');
  });
});
