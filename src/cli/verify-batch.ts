import { z } from 'zod';
import { asFeaturesealError } from '../error.ts';
import { parseJsonObject } from '../feature/parse.ts';
import type { AcceptedSeal } from '../seal/freshness.ts';
import { SealTrust } from '../seal/trust.ts';
import { verifyParsed, type VerifyOptions } from '../seal/verify.ts';
import type { CliContext } from './context.ts';
import { linesOf } from './lines.ts';
import { parseMoment } from './moment.ts';

const requestSchema = z.strictObject({
  id: z.union([z.string(), z.number()]),
  nodeFeature: z.unknown(),
  accepted: z
    .object({ iat: z.int().min(1), digest: z.string().optional(), signer: z.string().default('') })
    .transform(({ digest, ...seal }): AcceptedSeal => (digest === undefined ? seal : { ...seal, digest }))
    .nullish(),
  now: z
    .union([z.string().transform((text) => parseMoment(text)), z.int().transform((ms) => new Date(ms))])
    .optional(),
});

/** One answered line. */
interface Answer {
  readonly id: string | number | null;
  readonly verdict: 'accept' | 'refuse';
  readonly code: string | null;
  readonly spiffeId: string | null;
}

export interface BatchOptions extends Omit<VerifyOptions, 'now' | 'trust'> {
  /** The time for lines that name none. */
  readonly clock: () => Date;
}

/** Answers every line of standard input with one line, in order; a bad line is answered too. */
export async function verifyBatch(options: BatchOptions, context: CliContext): Promise<void> {
  const trust = new SealTrust(context.crypto);
  for await (const line of linesOf(context.input)) {
    if (line?.trim() === '') continue;
    context.out(`${JSON.stringify(await answer(line, { ...options, trust }))}\n`);
  }
}

async function answer(
  line: string | undefined,
  options: BatchOptions & { readonly trust: SealTrust },
): Promise<Answer> {
  const request = line === undefined ? undefined : parseRequest(line);
  if (request === undefined) return { id: null, verdict: 'refuse', code: 'usage', spiffeId: null };
  const { id, nodeFeature, accepted, now } = request;
  try {
    const value = typeof nodeFeature === 'string' ? parseJsonObject(nodeFeature) : nodeFeature;
    const judged = { ...options, now: now ?? options.clock(), accepted: accepted ?? undefined };
    const { spiffeId } = await verifyParsed(value, judged);
    return { id, verdict: 'accept', code: null, spiffeId };
  } catch (thrown) {
    const { code } = asFeaturesealError(thrown, 'internal', 'the object could not be judged');
    return { id, verdict: 'refuse', code, spiffeId: null };
  }
}

function parseRequest(line: string): z.infer<typeof requestSchema> | undefined {
  try {
    return requestSchema.safeParse(JSON.parse(line)).data;
  } catch {
    // Not JSON, nested too deeply, or a time that is none.
    return undefined;
  }
}
