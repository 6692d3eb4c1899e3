// Plugins of one's own, as `featureseal plugin new` writes them, on the workers of each overlay (docs/plugins.md).
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { pluginFiles } from '../../src/cli/plugin/template.ts';
import { builtinPluginNames, loadPlugins } from '../../src/plugin/load.ts';
import { workerConfigSchema, type WorkerConfig } from '../../src/worker/config.ts';
import { readDocument, tableRows } from '../unit/docs/page.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import {
  configFile,
  configObject,
  describeRendered,
  manifestsOf,
  podOf,
  renderedText,
  renderedWith,
  workloadOf,
  type Manifest,
} from './manifests.ts';

/** Texts by their names. */
type Files = Readonly<Record<string, string>>;

const settings = { trustDomain: 'td.test', cluster: 'berlin', namespace: 'seals' };
const names = ['weather', 'tide'];
const mountedFiles = ['index.js', 'package.json'];

describeRendered.each(['development', 'default', 'spire', 'ha', 'edge'])(
  'plugins of one’s own over the overlay %s',
  (overlay) => {
    const path = temporaryFolder();
    let manifests: readonly Manifest[] | undefined;
    const rendered = (): readonly Manifest[] => (manifests ??= render());
    const render = (): readonly Manifest[] => {
      const plugins = names.map((name) => [name, pluginFiles(name, '0.1.0')] as const);
      return renderedWithPlugins(overlay, Object.fromEntries(plugins), path('deploy'));
    };

    test('are named behind all that run by default, with their options', () => {
      const config = workerConfigOf(rendered());
      expect(config).toMatchObject({ cluster: 'berlin', hostRoot: '/host' });
      expect(config.plugins).toEqual([
        ...builtinPluginNames.map((name) => ({ module: `featureseal/plugins/${name}` })),
        ...names.map((name) => ({ module: `./${name}/index.js`, options: { largeFromGiB: 64 } })),
      ]);
    });

    test('are mounted beside the configuration, read-only, from objects of the settings’ namespace', () => {
      const pod = podOf(workloadOf(rendered(), 'DaemonSet', 'featureseal-worker'));
      for (const name of names) {
        const map = generated(name);
        expect(map.metadata.namespace).toBe('seals');
        expect(pod.volumes).toContainEqual({
          name: `plugin-${name}`,
          configMap: { name: map.metadata.name },
        });
        expect(pod.containers[0]?.volumeMounts).toContainEqual({
          name: `plugin-${name}`,
          mountPath: `/etc/featureseal/${name}`,
          readOnly: true,
        });
      }
      expect(JSON.stringify(rendered())).not.toMatch(/from-settings|local-config/);
    });

    test('see of the host what docs/plugins.md says', () => {
      const pod = podOf(workloadOf(rendered(), 'DaemonSet', 'featureseal-worker'));
      const seen = pod.volumes?.flatMap(({ hostPath }) => hostPath?.path ?? []);
      const rows = tableRows(readDocument('plugins.md'), '| path | for example |');
      const told = rows.flatMap(([paths = '']) => paths.match(/\/[^`]+/g) ?? []);
      expect(told.toSorted()).toEqual(seen?.toSorted());
    });

    test('load from what is mounted there', async () => {
      const loaded = await loadMounted(rendered(), names, path('etc'));
      expect(loaded.map(({ name }) => name)).toEqual([...builtinPluginNames, ...names]);
    });

    function generated(name: string): Manifest {
      const found = rendered().filter(({ metadata }) =>
        metadata.name.startsWith(`featureseal-plugin-${name}-`),
      );
      expect(found).toHaveLength(1);
      return found[0] as Manifest;
    }
  },
);

describeRendered('another path of the host', () => {
  const path = temporaryFolder();

  test.each([
    ['weather', '/etc/example', withOperationsUncommented(pluginFiles('weather', '0.1.0'))],
    ['site', '/etc/acme', filesOf('docs/examples/featureseal-plugin-site')],
  ])('is mounted for the plugin %s, read-only: %s', async (name, hostPath, files) => {
    const manifests = renderedWithPlugins('default', { [name]: files }, path('deploy'));
    const pod = podOf(workloadOf(manifests, 'DaemonSet', 'featureseal-worker'));
    expect(pod.volumes).toContainEqual({ name: `host-${name}`, hostPath: { path: hostPath } });
    expect(pod.containers[0]?.volumeMounts).toContainEqual({
      name: `host-${name}`,
      mountPath: `/host${hostPath}`,
      readOnly: true,
    });
    const loaded = await loadMounted(manifests, [name], path('etc'));
    expect(loaded.map((each) => each.name)).toEqual([...builtinPluginNames, name]);
  });
});

describeRendered('a plugin whose component does not stand behind components/plugins', () => {
  const path = temporaryFolder();
  const weather = pluginFiles('weather', '0.1.0');

  test.each([
    ['is alone', ['../../../weather']],
    ['comes first', ['../../../weather', '../../components/plugins']],
  ])('renders nothing where it %s', (_, components) => {
    expect(() => renderedWithPlugins('default', { weather }, path('deploy'), components)).toThrow(
      /nothing selected by ConfigMap.*featureseal-plugins/,
    );
  });
});

function withOperationsUncommented(files: Files): Files {
  const { 'kustomization.yaml': text = '' } = files;
  const uncommented = text.replaceAll(/^( {6})# (- op| {2}(?:path|value):)/gm, '$1$2');
  return { ...files, 'kustomization.yaml': uncommented };
}

function filesOf(folder: string): Files {
  const path = join(import.meta.dirname, '../..', folder);
  return Object.fromEntries(
    readdirSync(path).map((file) => [file, readFileSync(join(path, file), 'utf8')] as const),
  );
}

/** Lays out what a worker's pod mounts, and loads its plugins from there. */
function loadMounted(
  manifests: readonly Manifest[],
  names: readonly string[],
  folder: string,
): ReturnType<typeof loadPlugins> {
  for (const name of names) {
    const map = `featureseal-plugin-${name}`;
    const mounted = mountedFiles.map((file) => [file, configFile(manifests, map, file)] as const);
    write(join(folder, name), Object.fromEntries(mounted));
  }
  return loadPlugins(workerConfigOf(manifests).plugins ?? [], { folder });
}

function workerConfigOf(manifests: readonly Manifest[]): WorkerConfig {
  const file = configObject(manifests, 'featureseal-worker-config', 'worker.yaml');
  // The rest comes from the environment of its pod.
  return workerConfigSchema.parse({ ...file, node: 'node-a', namespace: 'seals' });
}

/** What a vendor would apply whose plugins, folders of these files, stand beside a copy of the manifests. */
function renderedWithPlugins(
  overlay: string,
  plugins: Readonly<Record<string, Files>>,
  deploy: string,
  components = ['../../components/plugins', ...Object.keys(plugins).map((name) => `../../../${name}`)],
): readonly Manifest[] {
  renderedWith(overlay, settings, deploy);
  for (const [name, files] of Object.entries(plugins)) write(join(dirname(deploy), name), files);
  const kustomization = stringify({ resources: [`../${overlay}`], components });
  write(join(deploy, 'overlays/own'), { 'kustomization.yaml': kustomization });
  return manifestsOf(renderedText('own', deploy));
}

function write(folder: string, texts: Files): void {
  mkdirSync(folder, { recursive: true });
  for (const [file, text] of Object.entries(texts)) writeFileSync(join(folder, file), text);
}
