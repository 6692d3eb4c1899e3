import { setImmediate } from 'node:timers/promises';

/** Far beyond what any test needs: only a test that waits for what never comes gets here. */
const limitMs = 20_000;

/** Gives the event loop turns until `holds`. */
export async function until(holds: () => boolean): Promise<void> {
  const start = performance.now();
  do {
    if (performance.now() - start > limitMs) throw new Error('what this test waits for does not come');
    await setImmediate();
  } while (!holds());
}
