import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { parseBundleFile, parseRoots } from '../../../src/spiffe/bundle.ts';
import { createTestCa, generateKeys, toPem } from '../../support/certificates.ts';
import * as w from '../../support/der-writer.ts';
import { rawCertificate, rootFields } from '../../support/raw-certificate.ts';
import { reasonOf } from '../../support/reason.ts';

const one = Uint8Array.from([1, 2, 3, 4]);
const two = Uint8Array.from([5, 6, 7, 8]);
const base64 = (der: Uint8Array): string => Buffer.from(der).toString('base64');
const key = (fields: object): object => ({ kty: 'EC', use: 'x509-svid', x5c: [base64(one)], ...fields });
const document = (...keys: readonly unknown[]): string =>
  JSON.stringify({ keys, spiffe_sequence: 1, spiffe_refresh_hint: 300 });

describe('parseBundleFile', () => {
  test.each<[string, string, readonly Uint8Array[]]>([
    ['PEM', toPem([one, two]), [one, two]],
    ['a SPIFFE bundle', document(key({}), key({ kty: 'RSA', x5c: [base64(two)] })), [one, two]],
    ['a SPIFFE bundle after blank lines', `\n ${document(key({}))}`, [one]],
    ['the first certificate of a key alone', document(key({ x5c: [base64(one), base64(two)] })), [one]],
    ['nothing for a key of JWT-SVIDs', document(key({ use: 'jwt-svid' }), key({})), [one]],
    ['nothing for a key without use', document(key({ use: undefined })), []],
    ['nothing for a key of unknown type', document(key({ kty: 'OKP' })), []],
    ['nothing for a key without certificate', document(key({ x5c: undefined }), key({ x5c: [] })), []],
    ['nothing for no keys', document(), []],
  ])('gives %s', (_what, text, expected) => {
    expect(parseBundleFile(text)).toEqual(expected);
  });

  test.each<[string, string, string]>([
    ['bundle-malformed', 'JSON that is cut short', document(key({})).slice(0, -1)],
    ['bundle-malformed', 'JSON without keys', '{}'],
    ['bundle-malformed', 'keys that are no list', '{"keys":{}}'],
    ['bundle-malformed', 'keys that are null', '{"keys":null}'],
    ['bundle-malformed', 'a key that is no object', document('x')],
    ['bundle-malformed', 'a key that is null', document(null)],
    ['bundle-malformed', 'a key that is a list', document([key({})])],
    ['bundle-malformed', 'a certificate that is no text', document(key({ x5c: [1] }))],
    ['bundle-malformed', 'a certificate in base64url', document(key({ x5c: ['_-__'] }))],
    ['certificate-malformed', 'another text', 'bundle'],
  ])('refuses with %s %s', async (code, _what, text) => {
    expect(await reasonOf(() => parseBundleFile(text))).toBe(code);
  });
});

test('a bundle that is cut short is called no JSON, with what the parser says', () => {
  expect(() => parseBundleFile('{"keys"')).toThrow(
    expect.objectContaining({
      message: expect.stringContaining('is not JSON'),
      cause: expect.any(SyntaxError),
    }),
  );
});

describe('parseRoots', () => {
  const ed25519Root = async (): Promise<Uint8Array> => {
    const keys = await generateKeys();
    const { publicKey } = generateKeyPairSync('ed25519');
    const spki = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }));
    return rawCertificate({ ...(await rootFields(keys)), publicKey: spki }, keys);
  };

  test('leaves out a root whose key is not allowed, beside others', async () => {
    const { root } = await createTestCa({ trustDomain: 'example.org' });
    expect(parseRoots([await ed25519Root(), root]).map(({ der }) => der)).toEqual([root]);
  });

  test('refuses a bundle of such roots alone', async () => {
    const root = await ed25519Root();
    expect(await reasonOf(() => parseRoots([root]))).toBe('key-not-allowed');
  });

  test('refuses a bundle with one root that nobody can read', async () => {
    const { root } = await createTestCa({ trustDomain: 'example.org' });
    expect(await reasonOf(() => parseRoots([root, w.sequence()]))).toBe('certificate-malformed');
  });

  test('refuses an empty bundle', async () => {
    expect(await reasonOf(() => parseRoots([]))).toBe('bundle-missing');
  });
});
