import type { webcrypto } from 'node:crypto';
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { describe, expect, test } from '@jest/globals';
import { keyTypes } from '../../../src/identity/key-type.ts';
import { parseCertificate } from '../../../src/spiffe/certificate.ts';
import { verifyX509Svid } from '../../../src/spiffe/verify-svid.ts';
import { hourMs, testAuthority } from '../../support/identity.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const { crypto } = globalThis;
const spiffeId = 'spiffe://example.org/workload';
const dayMs = 24 * hourMs;

describe('an SVID of the development authority', () => {
  test.each(keyTypes.flatMap((keyType) => [false, true].map((intermediate) => ({ keyType, intermediate }))))(
    'verifies: $keyType, with an intermediate: $intermediate',
    async ({ keyType, intermediate }) => {
      const clock = new ManualClock();
      const authority = await testAuthority({ clock, keyType, intermediate });
      const { chain } = await authority.issue({ spiffeId, ttlMs: hourMs, keyType });
      expect(chain).toHaveLength(intermediate ? 2 : 1);
      const now = new Date(clock.now());
      expect(await verifyX509Svid({ chain, bundles: authority.bundles(), now })).toEqual({
        spiffeId,
        trustDomain: 'example.org',
        notAfter: new Date(clock.now() + hourMs),
      });
    },
  );

  test('has the dates, usages and names that SPIRE gives', async () => {
    const clock = new ManualClock();
    const authority = await testAuthority({ clock });
    const { chain, notBefore, notAfter } = await authority.issue({ spiffeId, ttlMs: hourMs });
    const leaf = new x509.X509Certificate(Buffer.concat(chain));
    expect([notBefore, notAfter]).toEqual([new Date(clock.now() - 10_000), new Date(clock.now() + hourMs)]);
    expect(leaf.getExtension(x509.KeyUsagesExtension)).toMatchObject({
      critical: true,
      usages:
        x509.KeyUsageFlags.digitalSignature |
        x509.KeyUsageFlags.keyEncipherment |
        x509.KeyUsageFlags.keyAgreement,
    });
    expect(leaf.getExtension(x509.ExtendedKeyUsageExtension)?.usages).toEqual([
      x509.ExtendedKeyUsage.serverAuth,
      x509.ExtendedKeyUsage.clientAuth,
    ]);
    expect(leaf.getExtension(x509.BasicConstraintsExtension)).toMatchObject({ ca: false, critical: true });
    expect(leaf.getExtension(x509.SubjectAlternativeNameExtension)?.names.toJSON()).toEqual([
      { type: 'url', value: spiffeId },
    ]);
  });

  test('does not outlive its CA', async () => {
    const clock = new ManualClock();
    const authority = await testAuthority({ clock, caTtlMs: hourMs });
    const { notAfter } = await authority.issue({ spiffeId, ttlMs: 2 * hourMs });
    expect(notAfter).toEqual(new Date(clock.now() + hourMs));
  });

  test('has its own key and serial number each time', async () => {
    const authority = await testAuthority();
    const leaves = await Promise.all(
      [1, 2].map(async () => {
        const { chain } = await authority.issue({ spiffeId, ttlMs: hourMs });
        return new x509.X509Certificate(Buffer.concat(chain));
      }),
    );
    expect(new Set(leaves.map(({ serialNumber }) => serialNumber)).size).toBe(2);
    expect(new Set(leaves.map(({ publicKey }) => Buffer.from(publicKey.rawData).toString('hex'))).size).toBe(
      2,
    );
  });

  test.each([
    ['spiffe://other.test/workload', 'spiffe-id-invalid'],
    ['spiffe://example.org', 'spiffe-id-no-path'],
    ['spiffe://example.org/spire/agent/x', 'spiffe-id-reserved'],
    ['spiffe://example.org/../x', 'spiffe-id-invalid'],
    ['https://example.org/x', 'spiffe-id-invalid'],
  ])('is never made for %s', async (id, code) => {
    const authority = await testAuthority();
    await expect(authority.issue({ spiffeId: id, ttlMs: hourMs })).rejects.toMatchObject({ code });
  });

  test.each(['', 'Example.org', 'example.org/x', 'exa mple'])(
    'is never made in the trust domain %j',
    async (trustDomain) => {
      await expect(testAuthority({ trustDomain })).rejects.toMatchObject({ code: 'spiffe-id-invalid' });
    },
  );
});

describe('a certificate request', () => {
  async function request(
    algorithm: webcrypto.EcKeyGenParams | webcrypto.RsaHashedKeyGenParams,
  ): Promise<Uint8Array> {
    const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const csr = await x509.Pkcs10CertificateRequestGenerator.create(
      { name: 'CN=what the requester wishes', keys, signingAlgorithm: { ...algorithm, hash: 'SHA-256' } },
      crypto,
    );
    return new Uint8Array(csr.rawData);
  }
  const p256 = { name: 'ECDSA', namedCurve: 'P-256' };
  const rsa = (modulusLength: number) => ({
    name: 'RSASSA-PKCS1-v1_5',
    modulusLength,
    publicExponent: Uint8Array.of(1, 0, 1),
    hash: 'SHA-256',
  });

  test.each([p256, { name: 'ECDSA', namedCurve: 'P-384' }, rsa(2048)])(
    'is signed for the ID of the attested: %p',
    async (algorithm) => {
      const clock = new ManualClock();
      const authority = await testAuthority({ clock });
      const csr = await request(algorithm);
      const chain = await authority.signRequest(csr, { spiffeId, ttlMs: hourMs });
      await verifyX509Svid({ chain, bundles: authority.bundles(), now: new Date(clock.now()) });
      const leaf = new x509.X509Certificate(Buffer.concat(chain));
      expect(leaf.publicKey.rawData).toEqual(
        new x509.Pkcs10CertificateRequest(Uint8Array.from(csr)).publicKey.rawData,
      );
      expect(leaf.subject).toBe('O=Featureseal development identity');
    },
  );

  test('whose signature is not by its own key is refused', async () => {
    const authority = await testAuthority();
    const csr = await request(p256);
    const spoilt = csr.with(-1, (csr.at(-1) ?? 0) ^ 1);
    await expect(authority.signRequest(spoilt, { spiffeId, ttlMs: hourMs })).rejects.toMatchObject({
      code: 'csr-invalid',
    });
  });

  test.each([
    ['with a weak key', 'key-not-allowed', () => request(rsa(1024))],
    ['that is none', 'csr-invalid', async () => Uint8Array.of(1, 2, 3)],
    ['that is too large', 'csr-invalid', async () => new Uint8Array(16 * 1024 + 1)],
  ])('%s is refused with %s', async (_, code, make) => {
    const authority = await testAuthority();
    await expect(authority.signRequest(await make(), { spiffeId, ttlMs: hourMs })).rejects.toMatchObject({
      code,
    });
  });
});

describe('rotation of the CA', () => {
  test('keeps old and new SVIDs valid while both roots are in the bundle, and voids the old when it is retired', async () => {
    const clock = new ManualClock();
    const authority = await testAuthority({ clock });
    const now = new Date(clock.now());
    const verify = ({ chain }: { chain: readonly Uint8Array[] }) =>
      verifyX509Svid({ chain, bundles: authority.bundles(), now });

    const before = await authority.issue({ spiffeId, ttlMs: hourMs });
    await authority.prepare();
    expect(authority.bundle()).toHaveLength(2);
    await verify(await authority.issue({ spiffeId, ttlMs: hourMs }));
    const [firstRoot] = authority.bundle();
    authority.activate();
    const after = await authority.issue({ spiffeId, ttlMs: hourMs });
    await verify(before);
    await verify(after);
    authority.retire();
    expect(authority.bundle()).not.toContain(firstRoot);
    await verify(after);
    await expect(verify(before)).rejects.toMatchObject({
      code: expect.stringMatching(/^(path-not-found|certificate-signature)$/),
    });
  });

  test('prepares at half of the life, signs with the new one at five sixths, drops the old one when it expired', async () => {
    const clock = new ManualClock();
    const authority = await testAuthority({ clock, caTtlMs: dayMs });
    const signers = async () => {
      const { chain } = await authority.issue({ spiffeId, ttlMs: hourMs });
      const now = new Date(clock.now());
      const roots = authority.bundle();
      const trusted = await Promise.all(
        roots.map((root) =>
          verifyX509Svid({ chain, bundles: new Map([['example.org', [root]]]), now }).then(
            () => true,
            () => false,
          ),
        ),
      );
      return trusted;
    };
    const [firstRoot] = authority.bundle();
    expect(await authority.maintain()).toBe(false);
    clock.advance(dayMs / 2);
    expect(await authority.maintain()).toBe(true);
    expect(await signers()).toEqual([true, false]);
    expect(await authority.maintain()).toBe(false);
    clock.advance(dayMs / 3);
    expect(await authority.maintain()).toBe(false);
    expect(await signers()).toEqual([false, true]);
    clock.advance(dayMs / 6 + 1000);
    expect(await authority.maintain()).toBe(true);
    expect(authority.bundle()).not.toContain(firstRoot);
    // The one in use is at half of its own life now: its successor stands ready.
    expect(await signers()).toEqual([true, false]);
  });
});

test('CAs that follow each other have names of their own', async () => {
  const authority = await testAuthority();
  await authority.prepare();
  const [first, second] = authority.bundle().map((der) => new x509.X509Certificate(Buffer.from(der)));
  expect(first?.subject).not.toBe(second?.subject);
  expect(first?.issuer).toBe(first?.subject);
});

test('a CA is path-less, may sign certificates and nothing else', async () => {
  const authority = await testAuthority();
  const [root = new Uint8Array()] = authority.bundle();
  const { isCa, keyUsage } = parseCertificate(root).extensions;
  expect({ isCa, keyUsage }).toMatchObject({
    isCa: true,
    keyUsage: { keyCertSign: true, crlSign: true, digitalSignature: false, isCritical: true },
  });
});
