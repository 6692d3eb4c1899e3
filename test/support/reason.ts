import { FeaturesealError } from '../../src/error.ts';
import type { ReasonCode } from '../../src/error-codes.ts';

/** The code that `work` is refused with, or `accepted`. Any other error is a defect, and fails the test. */
export async function reasonOf(work: () => unknown): Promise<ReasonCode | 'accepted'> {
  try {
    await work();
    return 'accepted';
  } catch (thrown) {
    if (thrown instanceof FeaturesealError) return thrown.code;
    throw thrown;
  }
}
