import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseCertificate } from '../../../../src/spiffe/certificate.ts';
import * as w from '../../../support/der-writer.ts';
import * as raw from '../../../support/raw-certificate.ts';
import { reasonOf } from '../../../support/reason.ts';
import { useLeaf, withExtensions } from './leaf.ts';

const { made, reason } = useLeaf();

describe('parseCertificate', () => {
  test('refuses bytes after the certificate', async () => {
    const der = Buffer.concat([await made({}), w.bytes(0)]);
    expect(await reasonOf(() => parseCertificate(der))).toBe('certificate-malformed');
  });

  test('answers every truncation with a refusal', async () => {
    const der = await made({});
    for (let length = 0; length < der.length; length += 1) {
      expect(await reasonOf(() => parseCertificate(der.subarray(0, length)))).toBe('certificate-malformed');
    }
  });

  test('answers any bytes with a refusal of its own', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (junk) => {
        expect(await reasonOf(() => parseCertificate(junk))).toBe('certificate-malformed');
      }),
    );
  });

  test('answers any edit of a certificate with a verdict, never with another error', async () => {
    const der = await made({});
    await fc.assert(
      fc.asyncProperty(fc.nat(der.length - 1), fc.nat(255), async (at, value) => {
        const edited = der.slice();
        edited[at] = value;
        await reasonOf(() => parseCertificate(edited));
      }),
      { numRuns: 2000 },
    );
  });

  test('reads 32 KiB, and not one octet more', async () => {
    const octets = 32 * 1024;
    const padded = (length: number) => made(withExtensions(w.extension('1.2.3', new Uint8Array(length))));
    // A signature is of 70 to 72 octets, so the first certificate that fits is taken.
    const room = octets - (await padded(0x8000 - 1024)).length + (0x8000 - 1024);
    const withLength = async (length: number, padding: number): Promise<Uint8Array> => {
      const der = await padded(padding);
      return der.length === length ? der : withLength(length, padding);
    };
    expect(await reasonOf(async () => parseCertificate(await withLength(octets, room)))).toBe('accepted');
    const longer = await withLength(octets + 1, room + 1);
    expect(await reasonOf(() => parseCertificate(longer))).toBe('certificate-malformed');
  });

  test('is not overwhelmed by deep nesting', async () => {
    let nested = w.sequence();
    for (let depth = 0; depth < 5000; depth += 1) nested = w.sequence(nested);
    const change = {
      subject: w.commonName('x'),
      extensions: raw.extensions(w.extension('2.5.29.37', nested)),
    };
    expect(await reason(change)).toBe('certificate-malformed');
  });
});
