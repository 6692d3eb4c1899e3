import { setImmediate } from 'node:timers/promises';

/** Gives the event loop turns until `holds`. What never comes ends by the time limit of the test. */
export async function until(holds: () => boolean): Promise<void> {
  do await setImmediate();
  while (!holds());
}
