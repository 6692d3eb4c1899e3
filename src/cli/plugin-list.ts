import { existsSync } from 'node:fs';
import { FeaturesealError } from '../error.ts';
import { builtinEntries, packagedPluginNames, type PluginEntry } from '../plugin/load.ts';

const known = packagedPluginNames.join(', ');

/** Help of `--plugins`. */
export const pluginsHelp = `plugins, separated by commas: ${known}, or ./file.js (default: all but fake)`;

/** Names are plugins of this package; what has a slash is a module, as in a worker's configuration. */
export function pluginEntries(list: string | undefined): PluginEntry[] {
  if (list === undefined) return builtinEntries();
  return list.split(',').flatMap((name) => {
    if (name.includes('/')) return [{ module: moduleName(name) }];
    if (packagedPluginNames.some((builtin) => builtin === name)) return builtinEntries([name]);
    const message = `there is no plugin ${JSON.stringify(name)}; there are ${known}, or name a module such as ./mine.js`;
    throw new FeaturesealError({ code: 'usage', message });
  });
}

/** Without `./` it would be looked for among packages: said here, where a file of that name lies. */
function moduleName(name: string): string {
  if (name.startsWith('.') || name.startsWith('/') || !existsSync(name)) return name;
  const message = `${JSON.stringify(name)} would name a package; the file is ./${name}`;
  throw new FeaturesealError({ code: 'usage', message });
}
