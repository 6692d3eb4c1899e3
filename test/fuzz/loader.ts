import { registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { withEdit, type Cut } from './cut.ts';

const source = join(import.meta.dirname, '../../src');

/** From now on this thread loads the program without the check. The program itself has no such switch. */
export function cutFromSource({ edits }: Cut): void {
  const byUrl = Map.groupBy(edits, ({ file }) => pathToFileURL(join(source, file)).href);
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      const own = byUrl.get(url);
      if (own === undefined) return loaded;
      return { ...loaded, source: own.reduce(withEdit, Buffer.from(loaded.source as Uint8Array).toString()) };
    },
  });
}
