import { describe, expect, test } from '@jest/globals';
import type { ReasonCode } from '../../../../src/error-codes.ts';
import type { SignOptions } from '../../../../src/seal/sign.ts';
import { KeyUsageFlags, toPkcs8 } from '../../../support/certificates.ts';
import { reasonOf } from '../../../support/reason.ts';
import { changed, issue, nodeFeature, nodeNameKey, sealKey, type Loose } from '../../../support/sealing.ts';
import { useSigner } from './signer.ts';

const { ca, sign, svid } = useSigner();

describe('signNodeFeature', () => {
  test.each<[ReasonCode, string, (copy: Loose) => void]>([
    ['object-malformed', 'another kind', (copy) => (copy.kind = 'X')],
    ['object-malformed', 'a number', ({ spec }) => (spec.labels['n'] = 1)],
    ['object-malformed', 'null', ({ spec }) => (spec.labels['n'] = null)],
    ['object-malformed', 'an unknown field', ({ spec }) => (spec['x'] = {})],
    ['object-malformed', 'a lone surrogate', ({ spec }) => (spec.labels['n'] = '\ud800')],
    [
      'object-malformed',
      'a covered value that is no text',
      ({ metadata }) => (metadata.annotations['a'] = 5),
    ],
    ['object-too-large', 'more than 1.5 MiB', ({ spec }) => (spec.labels['n'] = 'x'.repeat(1536 * 1024))],
    ['covered-keys', 'no node name', ({ metadata }) => (metadata.labels = {})],
    ['covered-keys', 'a key with a lone surrogate', ({ metadata }) => (metadata.annotations['\ud800'] = 'x')],
    [
      'covered-keys',
      '65 keys',
      ({ metadata }) =>
        (metadata.annotations = Object.fromEntries(Array.from({ length: 64 }, (_, i) => [`k${i}`, '']))),
    ],
    [
      'node-name-invalid',
      'a node name that is none',
      ({ metadata }) => (metadata.labels[nodeNameKey] = 'Node A'),
    ],
  ])('refuses with %s an object with %s', async (code, _, change) => {
    expect(await reasonOf(() => sign(changed(nodeFeature(), change)))).toBe(code);
  });

  test.each<[ReasonCode, string, () => Partial<SignOptions>]>([
    [
      'covered-keys',
      'a covered key that the object lacks',
      () => ({ covered: { labels: [nodeNameKey], annotations: ['x'] } }),
    ],
    [
      'covered-keys',
      'a covered key twice',
      () => ({ covered: { labels: [nodeNameKey, nodeNameKey], annotations: [] } }),
    ],
    [
      'covered-keys',
      'the seal covered by itself',
      () => ({ covered: { labels: [nodeNameKey], annotations: [sealKey] } }),
    ],
    [
      'covered-keys',
      'a seal that does not cover the node',
      () => ({ covered: { labels: [], annotations: [] } }),
    ],
    ['seal-time', 'a time before 1970', () => ({ now: new Date(-1) })],
    ['seal-time', 'the epoch itself', () => ({ now: new Date(0) })],
    ['usage', 'a time that is none', () => ({ now: new Date(NaN) })],
    ['config-invalid', 'no cluster', () => ({ cluster: '' })],
    ['config-invalid', 'a cluster that no policy can name', () => ({ cluster: 'a/b' })],
    ['config-invalid', 'a cluster of 64 characters', () => ({ cluster: 'c'.repeat(64) })],
  ])('refuses with %s: %s', async (code, _, options) => {
    const object = nodeFeature({ annotations: { [sealKey]: 'x' } });
    expect(await reasonOf(() => sign(object, options()))).toBe(code);
  });

  test.each<[ReasonCode, string, Parameters<typeof issue>[1]]>([
    ['svid-uri-san', 'without SPIFFE ID', { names: [{ type: 'dns', value: 'x' }] }],
    ['spiffe-id-no-path', 'of the trust domain', { spiffeId: 'spiffe://example.org' }],
    ['spiffe-id-reserved', 'of an agent', { spiffeId: 'spiffe://example.org/spire/agent/x' }],
    [
      'svid-key-usage',
      'that may sign certificates',
      { keyUsage: KeyUsageFlags.digitalSignature | KeyUsageFlags.keyCertSign },
    ],
    ['key-not-allowed', 'on P-521', { keyAlgorithm: 'P-521' }],
  ])('refuses with %s an SVID %s', async (code, _, options) => {
    const bad = await issue(ca(), options);
    expect(await reasonOf(() => sign(nodeFeature(), { svid: bad }))).toBe(code);
  });

  test('refuses a chain that no verifier would read', async () => {
    const { chain, key } = svid();
    const of = (certificates: Uint8Array[]) =>
      reasonOf(() => sign(nodeFeature(), { svid: { chain: certificates, key } }));
    expect(await of([...chain, ...Array<Uint8Array>(8).fill(ca().root)])).toBe('seal-chain');
    expect(await of([])).toBe('certificate-malformed');
    expect(await of([...chain, new Uint8Array(5)])).toBe('certificate-malformed');
  });

  test('refuses a key that belongs to another certificate, and says nothing of the key', async () => {
    const other = await issue(ca());
    for (const key of [
      other.key,
      await toPkcs8(other.key),
      'not a key: secret',
      new TextEncoder().encode('secret'),
    ]) {
      const refusal = sign(nodeFeature(), { svid: { chain: svid().chain, key } });
      await expect(refusal).rejects.toMatchObject({
        code: 'key-mismatch',
        message: expect.not.stringContaining('secret'),
      });
    }
  });
});
