import { FeaturesealError } from '../../src/error.ts';
import type { ReasonCode } from '../../src/error-codes.ts';

/** `[code] words`, one space apart: what a message is that lacks no part of its sentence. */
const sentence = /^\[[a-z0-9-]+\]( [^\s:]\S*)+$/;

/**
 * The code that `work` is refused with, or `accepted`. Any other error is a defect, and fails the test; so is a refusal
 * that does not say what is wrong.
 */
export async function reasonOf(work: () => unknown): Promise<ReasonCode | 'accepted'> {
  try {
    await work();
    return 'accepted';
  } catch (thrown) {
    if (!(thrown instanceof FeaturesealError)) throw thrown;
    if (!sentence.test(thrown.message))
      throw new Error(`not a sentence: ${thrown.message}`, { cause: thrown });
    return thrown.code;
  }
}
