import { describe, expect, test } from '@jest/globals';
import { parseChain, parseX509Svid } from '../../../src/spiffe/svid.ts';
import { createTestCa, KeyUsageFlags, type TestCertificateOptions } from '../../support/certificates.ts';
import { prepared } from '../../support/prepared.ts';
import { reasonOf } from '../../support/reason.ts';

const spiffeId = 'spiffe://example.org/worker/node-a';
const url = (value: string): { type: 'url'; value: string } => ({ type: 'url', value });

const ca = prepared(() => createTestCa({ trustDomain: 'example.org' }));
const reason = (options: TestCertificateOptions): Promise<string> =>
  reasonOf(async () => parseX509Svid((await ca().issue(options)).chain));

describe('parseX509Svid', () => {
  test('gives the ID, the trust domain and the rest of the chain', async () => {
    const intermediate = await ca().intermediate();
    const { chain } = await intermediate.issue({ spiffeId });
    const svid = parseX509Svid([...chain, ca().root]);
    expect(svid).toMatchObject({ spiffeId, trustDomain: 'example.org' });
    expect(svid.pool.map(({ der }) => der)).toEqual([intermediate.certificate, ca().root]);
  });

  test.each<[string, TestCertificateOptions]>([
    ['on P-384', { spiffeId, keyAlgorithm: 'P-384' }],
    ['with RSA of 2048 bits', { spiffeId, keyAlgorithm: 'RSA-2048' }],
    ['with DNS names besides', { names: [url(spiffeId), { type: 'dns', value: 'node-a' }] }],
    ['without subject', { spiffeId, subject: '' }],
    [
      'that may also encrypt keys',
      { spiffeId, keyUsage: KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment },
    ],
    ['whose path only begins like the reserved one', { spiffeId: 'spiffe://example.org/spire-worker/a' }],
  ])('accepts a leaf %s', async (_what, options) => {
    expect(await reason(options)).toBe('accepted');
  });

  test.each<[string, string, TestCertificateOptions]>([
    ['svid-uri-san', 'without SAN', {}],
    ['svid-uri-san', 'with a DNS name alone', { names: [{ type: 'dns', value: 'example.org' }] }],
    [
      'svid-uri-san',
      'with two URI SANs',
      { names: [url(spiffeId), url('spiffe://example.org/worker/node-b')] },
    ],
    ['svid-uri-san', 'with the same URI SAN twice', { names: [url(spiffeId), url(spiffeId)] }],
    ['svid-uri-san', 'with a web address besides', { names: [url('https://example.org/'), url(spiffeId)] }],
    ['spiffe-id-invalid', 'with a web address', { names: [url('https://example.org/worker/node-a')] }],
    ['spiffe-id-invalid', 'with dot segments', { spiffeId: 'spiffe://example.org/worker/node-b/../node-a' }],
    ['spiffe-id-invalid', 'with percent-encoding', { spiffeId: 'spiffe://example.org/worker/node%2da' }],
    ['spiffe-id-invalid', 'with a port', { spiffeId: 'spiffe://example.org:8081/worker/node-a' }],
    ['spiffe-id-invalid', 'with a query', { spiffeId: `${spiffeId}?x` }],
    ['spiffe-id-invalid', 'with an upper-case scheme', { spiffeId: 'SPIFFE://example.org/worker/node-a' }],
    ['spiffe-id-no-path', 'for the trust domain itself', { spiffeId: 'spiffe://example.org' }],
    ['spiffe-id-reserved', 'of an agent', { spiffeId: 'spiffe://example.org/spire/agent/k8s_psat/demo/1' }],
    ['spiffe-id-reserved', 'of a server', { spiffeId: 'spiffe://example.org/spire/server' }],
    ['svid-is-ca', 'that is a CA', { spiffeId, isCa: true }],
    [
      'svid-key-usage',
      'that may sign certificates',
      { spiffeId, keyUsage: KeyUsageFlags.digitalSignature | KeyUsageFlags.keyCertSign },
    ],
    [
      'svid-key-usage',
      'that may sign revocation lists',
      { spiffeId, keyUsage: KeyUsageFlags.digitalSignature | KeyUsageFlags.cRLSign },
    ],
    ['svid-key-usage', 'that may only agree on keys', { spiffeId, keyUsage: KeyUsageFlags.keyAgreement }],
    ['svid-key-usage', 'without keyUsage', { spiffeId, keyUsage: undefined }],
    ['svid-key-usage', 'with a keyUsage that may be ignored', { spiffeId, isKeyUsageCritical: false }],
    ['key-not-allowed', 'on P-521', { spiffeId, keyAlgorithm: 'P-521' }],
  ])('refuses with %s a leaf %s', async (code, _what, options) => {
    expect(await reason(options)).toBe(code);
  });

  test('refuses an empty chain', async () => {
    expect(await reasonOf(() => parseX509Svid([]))).toBe('certificate-malformed');
  });

  test('refuses a raw public key where a certificate is expected', async () => {
    const spki = new Uint8Array(await globalThis.crypto.subtle.exportKey('spki', ca().keys.publicKey));
    expect(await reasonOf(() => parseX509Svid([spki]))).toBe('certificate-malformed');
  });

  test('refuses a chain that holds one certificate nobody can read', async () => {
    const { chain } = await ca().issue({ spiffeId });
    expect(await reasonOf(() => parseX509Svid([...chain, new Uint8Array(100)]))).toBe(
      'certificate-malformed',
    );
  });

  test('reads 128 certificates', async () => {
    const { root } = await createTestCa({ trustDomain: 'example.org' });
    expect(parseChain(Array<Uint8Array>(128).fill(root)).pool).toHaveLength(127);
  });

  test('refuses 129 certificates before it parses one', async () => {
    const junk = Array<Uint8Array>(129).fill(new Uint8Array(1));
    expect(await reasonOf(() => parseX509Svid(junk))).toBe('path-too-much-work');
  });
});
