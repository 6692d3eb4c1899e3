import { createRequire, isBuiltin } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { FeaturesealError } from '../error.ts';
import { isObject } from '../feature/guard.ts';
import type { DiscoverContext, WatchContext } from './contract.ts';
import { reasonOf } from './thrown.ts';

/** One entry of `plugins` in a worker's configuration. */
export interface PluginEntry {
  /** A package (`featureseal/plugins/cpu`, `@acme/gpu`), or `./file.js` next to the configuration file. */
  readonly module: string;
  readonly options?: unknown;
}

/** A plugin that was checked at load. What it returns is checked each time; until then it is unknown. */
export interface LoadedPlugin {
  readonly name: string;
  discover(context: DiscoverContext): Promise<unknown>;
  watch?(context: WatchContext, onChange: () => void): Promise<unknown>;
}

/** The plugins of this package that are used where none are configured. The last gives labels that others gave before. */
export const builtinPluginNames = [
  'cpu',
  'kernel',
  'memory',
  'network',
  'pci',
  'rdma',
  'storage',
  'system',
  'usb',
  'local',
] as const;

/** All plugins of this package. */
export const packagedPluginNames = [...builtinPluginNames, 'fake'] as const;

/** A feature's key is `plugin.feature`, a label's name begins with `plugin-`: room is left for the rest. */
const pluginName = /^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/;
/** `rule.*` features are made by a master's rules and refused from everybody. */
const reservedName = 'rule';

const packageSpecifier = /^(?:@[a-z0-9][\w.~-]*\/)?[a-z0-9][\w.~-]*(?:\/[\w~-][\w.~-]*)*$/i;
const fileSpecifier = /^\.(?:\/[^/\\:?#%]+)+$/;

/**
 * Loads plugins in the order given. Packages resolve from `folder`, then from this program, and `./` paths from
 * `folder`; nothing else is a plugin: the process holds the key that signs, so what it runs is named, never found.
 *
 * @throws FeaturesealError plugin-invalid, naming the module and the reason
 */
export async function loadPlugins(
  entries: readonly PluginEntry[],
  { folder }: { readonly folder: string },
): Promise<LoadedPlugin[]> {
  const modules = new Map<string, string>();
  const plugins: LoadedPlugin[] = [];
  for (const entry of entries) {
    const plugin = await loadPlugin(entry, folder);
    const other = modules.get(plugin.name);
    if (other !== undefined) throw invalid(entry.module, `its name ${plugin.name} is taken by ${other}`);
    modules.set(plugin.name, entry.module);
    plugins.push(plugin);
  }
  return plugins;
}

/** The plugins of this package, without options, by the same way as all others. */
export async function loadBuiltinPlugins(
  names: readonly string[] = builtinPluginNames,
): Promise<LoadedPlugin[]> {
  return await loadPlugins(builtinEntries(names), { folder: '.' });
}

/** The configuration that stands for these plugins of this package. */
export function builtinEntries(names: readonly string[] = builtinPluginNames): PluginEntry[] {
  return names.map((name) => ({ module: `featureseal/plugins/${name}` }));
}

async function loadPlugin({ module, options }: PluginEntry, folder: string): Promise<LoadedPlugin> {
  const target = resolveModule(module, folder);
  const namespace = await attempt(
    module,
    async () => (await import(target)) as Readonly<Record<string, unknown>>,
  );
  const factory = namespace['default'];
  if (!isFunction(factory)) throw invalid(module, 'its default export is not a function that makes a plugin');
  const plugin = await attempt(module, () => factory(options));
  return checkPlugin(module, plugin);
}

function resolveModule(module: string, folder: string): string {
  if (fileSpecifier.test(module) && !module.split('/').includes('..')) {
    return pathToFileURL(join(folder, module)).href;
  }
  if (packageSpecifier.test(module) && !isBuiltin(module)) return installedBeside(module, folder) ?? module;
  throw invalid(
    module,
    'a plugin is a package name, or a path that begins with ./ next to the configuration file',
  );
}

/** Why a plugin cannot have this name; undefined where it can. */
export function pluginNameFault(name: unknown): string | undefined {
  if (typeof name !== 'string' || !pluginName.test(name)) {
    return 'must be 1 to 32 lower-case letters, digits and dashes';
  }
  return name === reservedName ? 'is reserved' : undefined;
}

/** A package that is installed where the configuration is; our own plugins are always our own. */
function installedBeside(module: string, folder: string): string | undefined {
  if (module.startsWith('featureseal/')) return undefined;
  try {
    return pathToFileURL(createRequire(join(folder, 'plugins')).resolve(module)).href;
  } catch {
    return undefined;
  }
}

/** Checked now, at load: a plugin that keeps the contract on paper alone is found before anything is signed. */
export function checkPlugin(module: string, plugin: unknown): LoadedPlugin {
  if (!isObject(plugin)) throw invalid(module, 'its factory did not return a plugin');
  const { name, discover, watch } = plugin;
  const fault = pluginNameFault(name);
  if (typeof name !== 'string' || fault !== undefined) throw invalid(module, `its name ${fault ?? ''}`);
  if (!isFunction(discover)) throw invalid(module, 'it has no function discover');
  if (watch !== undefined && !isFunction(watch)) throw invalid(module, 'its watch is not a function');
  // The name is held: features are attributed by it, and a plugin must not change it afterwards.
  return {
    name,
    discover: async (context) => await discover.call(plugin, context),
    ...(watch === undefined
      ? {}
      : { watch: async (context, onChange) => await watch.call(plugin, context, onChange) }),
  };
}

function isFunction(value: unknown): value is (this: unknown, ...given: readonly unknown[]) => unknown {
  return typeof value === 'function';
}

async function attempt<Result>(module: string, work: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (thrown) {
    throw invalid(module, reasonOf(thrown), thrown);
  }
}

function invalid(module: string, reason: string, cause?: unknown): FeaturesealError {
  const message = `plugin ${JSON.stringify(module)} cannot be used: ${reason}`;
  return new FeaturesealError({ code: 'plugin-invalid', message, cause });
}
