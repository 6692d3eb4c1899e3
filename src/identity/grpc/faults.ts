import type { z } from 'zod';

const mostShown = 5;

/** What is wrong with a message, member by member; rules only, never values: some are tokens. */
export function faultsOf({ issues }: z.ZodError): string {
  return issues
    .slice(0, mostShown)
    .map(({ path, message }) => [...path.map(String), message].join(': '))
    .join('; ');
}
