import { describe, expect, test } from '@jest/globals';
import type { ReasonCode } from '../../../../src/error-codes.ts';
import { verificationStep } from '../../../../src/error.ts';
import { KeyUsageFlags } from '../../../support/certificates.ts';
import {
  bundlesOf,
  day,
  hour,
  issue,
  minute,
  nodeFeature,
  noon,
  rawSeal,
  rootCa,
  seal,
} from '../../../support/sealing.ts';
import { useVerifier, type Verdict } from '../verifier.ts';

const { ca, sealed, svid, verdict } = useVerifier();

describe('the chain of a seal', () => {
  test.each<[ReasonCode, string, Parameters<typeof issue>[1]]>([
    ['svid-uri-san', 'a leaf without SPIFFE ID', { names: [{ type: 'dns', value: 'node-a' }] }],
    [
      'spiffe-id-invalid',
      'an ID with dot segments',
      { spiffeId: `spiffe://example.org/featureseal/worker/demo/b/../node-a` },
    ],
    ['spiffe-id-no-path', 'the ID of the trust domain', { spiffeId: 'spiffe://example.org' }],
    ['spiffe-id-reserved', 'the ID of an agent', { spiffeId: 'spiffe://example.org/spire/agent/x' }],
    ['svid-is-ca', 'a leaf that is a CA', { isCa: true }],
    [
      'svid-key-usage',
      'a leaf that may sign certificates',
      { keyUsage: KeyUsageFlags.digitalSignature | KeyUsageFlags.keyCertSign },
    ],
    ['certificate-expired', 'a leaf that has expired', { notAfter: new Date(noon - 1000) }],
    ['certificate-not-yet-valid', 'a leaf that is not valid yet', { notBefore: new Date(noon + 1000) }],
  ])('is refused with %s: %s', async (code, _, options) => {
    expect(await verdict(await rawSeal(nodeFeature(), await issue(ca(), options)))).toBe(code);
  });

  test('leads to the bundle of its own trust domain, over intermediates in the seal', async () => {
    const intermediate = await ca().intermediate({
      notBefore: new Date(noon - day),
      notAfter: new Date(noon + day),
    });
    const object = await seal(nodeFeature(), await issue(intermediate));
    expect(await verdict(object)).toBe('accepted');
    const withoutIntermediate = await rawSeal(nodeFeature(), {
      ...(await issue(intermediate)),
      chain: [(await issue(intermediate)).chain[0] ?? new Uint8Array()],
    });
    expect(await verdict(withoutIntermediate)).toBe('path-not-found');
  });

  test('a rogue authority of the same name is refused, its root in the seal or not', async () => {
    const rogue = await rootCa();
    const { chain, ...rest } = await issue(rogue);
    expect(await verdict(await rawSeal(nodeFeature(), { chain, ...rest }))).toBe('certificate-signature');
    const withRoot = await verdict(await rawSeal(nodeFeature(), { chain: [...chain, rogue.root], ...rest }));
    expect(verificationStep(withRoot as ReasonCode)).toBe(4);
  });

  test('no bundle, an empty bundle, and the bundle of another trust domain are refused', async () => {
    expect(await verdict(sealed(), { bundles: new Map() })).toBe('bundle-missing');
    expect(await verdict(sealed(), { bundles: new Map([['example.org', []]]) })).toBe('bundle-missing');
    expect(await verdict(sealed(), { bundles: new Map([['other.example', [ca().root]]]) })).toBe(
      'bundle-missing',
    );
  });

  test('a federated authority cannot make our IDs', async () => {
    const federated = await rootCa({ trustDomain: 'other.example', subject: 'CN=Other' });
    const object = await rawSeal(nodeFeature(), await issue(federated));
    expect(await verdict(object, { bundles: bundlesOf(ca(), federated) })).toBe('path-not-found');
  });
});

describe('iat', () => {
  test.each<[Verdict, string, number]>([
    ['accepted', 'a minute before notBefore', noon - hour - minute],
    ['seal-outside-validity', 'more than that before notBefore', noon - hour - minute - 1],
    ['accepted', 'a minute ahead of the clock', noon + minute],
    ['from-the-future', 'more than a minute ahead', noon + minute + 1],
    ['seal-outside-validity', 'after notAfter', noon + hour + 1],
  ])('is %s: %s', async (outcome, _, at) => {
    expect(await verdict(await rawSeal(nodeFeature(), svid(), { at }))).toBe(outcome);
  });

  test('may be notAfter itself', async () => {
    const object = await rawSeal(nodeFeature(), svid(), { at: noon + hour });
    expect(await verdict(object, { now: new Date(noon + hour) })).toBe('accepted');
  });
});
