import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { verifyCertificateSignature } from '../../../src/spiffe/certificate-signature.ts';
import { parsePublicKey, type SealAlgorithm } from '../../../src/spiffe/public-key.ts';
import { verifySealSignature } from '../../../src/spiffe/signature.ts';
import { type Hash, hashOctets, type SignatureScheme } from '../../../src/spiffe/verify-key.ts';
import { reasonOf } from '../../support/reason.ts';
import { describeVectors, type ReadVectors } from '../../support/vectors.ts';

const { crypto } = globalThis;
const hex = z.string().transform((text) => new Uint8Array(Buffer.from(text, 'hex')));
const fileSchema = z.object({
  testGroups: z.array(
    z.object({
      type: z.string(),
      publicKey: z.object({ publicExponent: z.string().optional() }),
      publicKeyDer: hex,
      sha: z.string(),
      mgfSha: z.string().optional(),
      sLen: z.number().optional(),
      tests: z.array(
        z.object({
          tcId: z.number(),
          msg: hex,
          sig: hex,
          result: z.enum(['valid', 'invalid', 'acceptable']),
        }),
      ),
    }),
  ),
});
type Group = z.infer<typeof fileSchema>['testGroups'][number];

/** Some groups show that RSA works with e = 3 too, which no key may have here. */
const hasAllowedKey = ({ publicKey: { publicExponent } }: Group): boolean =>
  publicExponent === undefined || publicExponent === '010001';

const groupsOf = (read: ReadVectors, file: string): readonly Group[] =>
  fileSchema.safeParse(read(file)).data?.testGroups ?? [];

/** The schemes that `verify` calls valid, or not, otherwise than the file does. `acceptable` ones are legacy: invalid. */
async function differences(
  allGroups: readonly Group[],
  verify: (group: Group, signature: Uint8Array, data: Uint8Array) => Promise<boolean>,
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const group of allGroups.filter(hasAllowedKey)) {
    for (const { tcId, msg, sig, result } of group.tests) {
      if ((await verify(group, sig, msg)) !== (result === 'valid')) found.push(`${tcId} ${result}`);
    }
  }
  return found;
}

const isHash = (name: string): name is Hash => name in hashOctets;

/** The scheme of a group of certificate signatures, undefined when the rules do not allow it. */
function schemeOf({ type, sha, mgfSha, sLen }: Group): SignatureScheme | undefined {
  if (!isHash(sha)) return undefined;
  if (type === 'EcdsaVerify') return { name: 'ECDSA', hash: sha };
  if (type === 'RsassaPkcs1Verify') return { name: 'RSASSA-PKCS1-v1_5', hash: sha };
  return mgfSha === sha && sLen === hashOctets[sha] ? { name: 'RSA-PSS', hash: sha } : undefined;
}

describeVectors('Wycheproof', 'wycheproof', (read) => {
  test.each<[SealAlgorithm, string]>([
    ['ES256', 'ecdsa_secp256r1_sha256_p1363_test.json'],
    ['ES384', 'ecdsa_secp384r1_sha384_p1363_test.json'],
    ['PS256', 'rsa_pss_2048_sha256_mgf1_32_test.json'],
    ['PS256', 'rsa_pss_3072_sha256_mgf1_32_test.json'],
    ['RS256', 'rsa_signature_2048_sha256_test.json'],
    ['RS256', 'rsa_signature_3072_sha256_test.json'],
    ['RS256', 'rsa_signature_4096_sha256_test.json'],
  ])('%s of a seal: %s', async (algorithm, file) => {
    const groups = groupsOf(read, file);
    expect(groups.length).toBeGreaterThan(0);
    const found = await differences(groups, async ({ publicKeyDer }, signature, data) =>
      verifySealSignature({ crypto, key: parsePublicKey(publicKeyDer), algorithm, signature, data }),
    );
    expect(found).toEqual([]);
  });

  test.each([
    'ecdsa_secp256r1_sha256_test.json',
    'ecdsa_secp256r1_sha512_test.json',
    'ecdsa_secp384r1_sha256_test.json',
    'ecdsa_secp384r1_sha384_test.json',
    'ecdsa_secp384r1_sha512_test.json',
    'ecdsa_secp521r1_sha512_test.json',
    'rsa_pss_2048_sha256_mgf1_32_test.json',
    'rsa_pss_4096_sha384_mgf1_48_test.json',
    'rsa_pss_4096_sha512_mgf1_64_test.json',
    'rsa_signature_2048_sha256_test.json',
    'rsa_signature_2048_sha384_test.json',
    'rsa_signature_2048_sha512_test.json',
    'rsa_signature_4096_sha512_test.json',
    'rsa_signature_8192_sha256_test.json',
  ])('signatures of certificates: %s', async (file) => {
    const groups = groupsOf(read, file);
    expect(groups.length).toBeGreaterThan(0);
    const found = await differences(groups, async (group, signature, data) => {
      const scheme = schemeOf(group);
      const key = parsePublicKey(group.publicKeyDer);
      return scheme !== undefined && verifyCertificateSignature({ crypto, key, scheme, signature, data });
    });
    expect(found).toEqual([]);
  });

  test.each(['rsa_signature_2048_sha256_test.json', 'rsa_signature_3072_sha256_test.json'])(
    'keys with e = 3 are refused: %s',
    async (file) => {
      const groups = groupsOf(read, file).filter((group) => !hasAllowedKey(group));
      expect(groups.length).toBeGreaterThan(0);
      for (const { publicKeyDer } of groups) {
        expect(await reasonOf(() => parsePublicKey(publicKeyDer))).toBe('key-not-allowed');
      }
    },
  );

  test.each([
    'ecdsa_brainpoolP256r1_sha256_test.json',
    'ecdsa_secp224r1_sha256_test.json',
    'ecdsa_secp256k1_sha256_test.json',
  ])('keys on a curve outside the rules are refused: %s', async (file) => {
    const groups = groupsOf(read, file);
    expect(groups.length).toBeGreaterThan(0);
    for (const { publicKeyDer } of groups) {
      expect(await reasonOf(() => parsePublicKey(publicKeyDer))).toBe('key-not-allowed');
    }
  });

  test.each([
    'ecdsa_secp256r1_sha3_256_test.json',
    'rsa_signature_2048_sha224_test.json',
    'rsa_signature_2048_sha3_256_test.json',
    'rsa_pss_2048_sha256_mgf1_0_test.json',
    'rsa_pss_2048_sha256_mgf1sha1_20_test.json',
    'rsa_pss_misc_test.json',
  ])('valid signatures of a scheme outside the rules verify under none within: %s', async (file) => {
    const outside = groupsOf(read, file).filter((group) => schemeOf(group) === undefined);
    expect(outside.length).toBeGreaterThan(0);
    const verified: number[] = [];
    for (const { publicKeyDer, tests } of outside) {
      const key = parsePublicKey(publicKeyDer);
      for (const { tcId, sig: signature, msg: data, result } of tests.slice(0, 20)) {
        if (result !== 'valid') continue;
        for (const name of ['ECDSA', 'RSA-PSS', 'RSASSA-PKCS1-v1_5'] as const) {
          const scheme = { name, hash: 'SHA-256' } as const;
          if (await verifyCertificateSignature({ crypto, key, scheme, signature, data })) verified.push(tcId);
        }
      }
    }
    expect(verified).toEqual([]);
  });
});
