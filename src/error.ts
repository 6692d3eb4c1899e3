import { reasonCodes, type ReasonCode } from './error-codes.ts';

/** What a {@link FeaturesealError} is made of. */
export interface ErrorDetails {
  readonly code: ReasonCode;
  /** One sentence: what is wrong and, where it helps, what to do. Never holds a secret. */
  readonly message: string;
  readonly cause?: unknown;
}

/** The one error of this package: a closed code for programs, a sentence for people. */
export class FeaturesealError extends Error {
  override readonly name = 'FeaturesealError';
  readonly code: ReasonCode;

  constructor({ code, message, cause }: ErrorDetails) {
    // Tools often show the message alone, so the code leads it.
    super(`[${code}] ${message}`, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** The step of verification that a code belongs to, or undefined for a code outside the seven steps. */
export function verificationStep(code: ReasonCode): number | undefined {
  const entry = reasonCodes[code];
  return 'step' in entry ? entry.step : undefined;
}

/** Any thrown value as a FeaturesealError: ours as it is, everything else wrapped under `code`. */
export function asFeaturesealError(thrown: unknown, code: ReasonCode, what: string): FeaturesealError {
  if (thrown instanceof FeaturesealError) return thrown;
  const detail = thrown instanceof Error ? thrown.message : String(thrown);
  return new FeaturesealError({ code, message: `${what}: ${detail}`, cause: thrown });
}
