import type { WatchContext } from './contract.ts';
import type { LoadedPlugin } from './load.ts';
import { attributed } from './run-plugin.ts';
import { reasonOf } from './thrown.ts';

export interface PluginWatch extends WatchContext {
  readonly plugins: readonly LoadedPlugin[];
}

/** Lets every plugin that can watch do so until `signal` aborts. One that fails is told of; its interval remains. */
export async function watchPlugins(
  { plugins, hostRoot, signal, log }: PluginWatch,
  onChange: () => void,
): Promise<void> {
  await Promise.all(
    plugins.map(async (plugin) => {
      const own = attributed(log, plugin.name);
      try {
        await plugin.watch?.({ hostRoot, signal, log: own }, onChange);
      } catch (thrown) {
        if (!signal.aborted) own.warn('plugin no longer watches', { reason: reasonOf(thrown) });
      }
    }),
  );
}
