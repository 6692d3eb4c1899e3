import type { DiscoverContext } from './contract.ts';
import type { Host } from './host/host.ts';
import { reasonOf, systemCode } from './thrown.ts';

/** Attributes of one device by name. */
export type Device = Readonly<Record<string, string>>;

type Reporting = Pick<DiscoverContext, 'log' | 'signal'>;

/**
 * Reads what stands in a folder of the host, thing by thing in the order of their names; undefined where there is no
 * such folder. One that cannot be read is left out, with a log line that calls it `what`.
 */
export async function readEach<Thing>(
  host: Host,
  folder: string,
  read: (path: string, name: string) => Promise<Thing>,
  { what, log, signal }: Reporting & { readonly what: string },
): Promise<Thing[] | undefined> {
  const names = await host.list(folder);
  if (names === undefined) return undefined;
  const things: Thing[] = [];
  for (const name of names) {
    try {
      things.push(await read(`${folder}/${name}`, name));
    } catch (thrown) {
      signal.throwIfAborted();
      log.warn(`${what} left out`, { device: name, reason: reasonOf(thrown) });
    }
  }
  return things;
}

/**
 * Those of the named attributes that a device has, with the file of each below `folder` and what it may hold. One that
 * cannot be used is left out, with a log line.
 */
export async function readAttributes(
  host: Host,
  folder: string,
  files: readonly (readonly [name: string, file: string, pattern: RegExp])[],
  { log, signal }: Reporting,
): Promise<Device> {
  const found: [string, string][] = [];
  for (const [name, file, pattern] of files) {
    try {
      const value = await host.value(`${folder}/${file}`, pattern);
      if (value !== undefined) found.push([name, value]);
    } catch (thrown) {
      signal.throwIfAborted();
      // So a driver says that there is no such value now: a link that is down has no speed.
      if (thrown instanceof Error && systemCode(thrown.cause) === 'EINVAL') continue;
      log.warn('attribute left out', { reason: reasonOf(thrown) });
    }
  }
  return Object.fromEntries(found);
}
