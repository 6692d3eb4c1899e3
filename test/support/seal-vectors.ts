import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const accepted = z.strictObject({ iat: z.number(), digest: z.string().optional(), signer: z.string() });
const base64 = z.base64().transform((text) => new Uint8Array(Buffer.from(text, 'base64')));
const bundles = z
  .record(z.string(), z.array(base64))
  .transform((byDomain) => new Map(Object.entries(byDomain)));
const time = z.iso.datetime().transform((text) => new Date(text));
const file = z.strictObject({
  description: z.string(),
  bundles: z.record(z.string(), bundles),
  policies: z.record(z.string(), z.unknown()),
  vectors: z.array(
    z.strictObject({
      name: z.string(),
      verdict: z.enum(['accept', 'refuse']),
      code: z.string().optional(),
      bundles: z.string(),
      policy: z.string(),
      now: time,
      accepted: accepted.optional(),
      nodeCreated: time.optional(),
      nodeFeature: z.string(),
    }),
  ),
});

/** A vector of docs/seal-vectors with its bundles and policy in place of their names. */
export interface SealVector {
  readonly file: string;
  readonly name: string;
  readonly verdict: 'accept' | 'refuse';
  readonly code: string | undefined;
  readonly bundles: ReadonlyMap<string, readonly Uint8Array[]>;
  readonly policy: unknown;
  readonly now: Date;
  readonly accepted: { readonly iat: number; readonly digest?: string; readonly signer: string } | undefined;
  readonly nodeCreated: Date | undefined;
  readonly nodeFeature: string;
}

const folder = join(import.meta.dirname, '../../docs/seal-vectors');

export function readSealVectors(): readonly SealVector[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
  return files.sort().flatMap((name) => {
    const content = file.parse(JSON.parse(readFileSync(join(folder, name), 'utf8')));
    return content.vectors.map(({ code, nodeCreated, accepted: mark, ...vector }): SealVector => {
      const digest = mark?.digest === undefined ? {} : { digest: mark.digest };
      return {
        ...vector,
        file: name,
        code,
        bundles: content.bundles[vector.bundles]!,
        policy: content.policies[vector.policy],
        accepted: mark && { iat: mark.iat, signer: mark.signer, ...digest },
        nodeCreated,
      };
    });
  });
}
