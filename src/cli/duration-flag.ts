import { InvalidArgumentError } from 'commander';
import { FeaturesealError } from '../error.ts';
import { parseDuration } from '../runtime/duration.ts';

/** A flag's duration in milliseconds; what is none is told with the flag's name, as for every other value. */
export function durationFlag(text: string): number {
  try {
    return parseDuration(text);
  } catch (thrown) {
    if (thrown instanceof FeaturesealError) throw new InvalidArgumentError('Write 90s, 15m, 1h or 2d.');
    throw thrown;
  }
}
