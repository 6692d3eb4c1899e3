import { describe, expect, test } from '@jest/globals';
import { certificatesFrom } from '../../../src/spiffe/pem.ts';
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
