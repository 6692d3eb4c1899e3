import { kustomizationText } from './kustomization.ts';

/**
 * The files of a new plugin by their names, for a folder of this name; it reads something that every host has, so that it
 * finds something at once.
 */
export function pluginFiles(name: string, version: string, folder = name): Readonly<Record<string, string>> {
  return {
    'index.js': indexText(name),
    'index.test.js': testText(name),
    'package.json': `${JSON.stringify(packageOf(name, version), undefined, 2)}\n`,
    'README.md': readmeText(name, folder),
    'kustomization.yaml': kustomizationText(name, folder, '{ largeFromGiB: 64 }'),
    '.gitignore': 'node_modules\n',
  };
}

function packageOf(name: string, version: string): object {
  return {
    name: `featureseal-plugin-${name}`,
    version: '0.1.0',
    description: `Features of ${name} for Featureseal`,
    type: 'module',
    exports: './index.js',
    files: ['index.js', 'README.md'],
    scripts: { test: 'node --test' },
    peerDependencies: { featureseal: `>=${version}` },
  };
}

function indexText(name: string): string {
  return `// @ts-check

/**
 * How much memory a host has. Replace it by what you know of your hosts; README.md says what it tells.
 *
 * @type {import('featureseal/plugin').PluginFactory<{ largeFromGiB?: number } | undefined>}
 */
export default function createPlugin({ largeFromGiB = 64 } = {}) {
  // Options are checked here, at load: whatever is thrown stops the worker and names this plugin.
  if (!(largeFromGiB > 0)) throw new Error('largeFromGiB must be a number above 0');

  return {
    name: '${name}',

    async discover({ host, log }) {
      const text = await host.text('/proc/meminfo', 64 * 1024);
      const [, kilobytes] = /^MemTotal: +(\\d+) kB$/m.exec(text ?? '') ?? [];
      if (kilobytes === undefined) {
        // A host without it is a host without this feature: say so and go on.
        log.warn('this host does not tell how much memory it has', { file: '/proc/meminfo' });
        return { features: { flags: {}, attributes: {}, instances: {} }, labels: {} };
      }
      const gibibytes = Number(kilobytes) / 2 ** 20;
      return {
        features: {
          flags: {},
          attributes: { memory: { elements: { gib: String(Math.floor(gibibytes)) } } },
          instances: {},
        },
        labels: { size: gibibytes >= largeFromGiB ? 'large' : 'small' },
      };
    },
  };
}
`;
}

function testText(name: string): string {
  return `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { discoverWith } from 'featureseal/plugin-test';
import createPlugin from './index.js';

const host = { '/proc/meminfo': 'MemTotal:       131072000 kB\\nMemFree:         1024 kB\\n' };

test('tells how much memory a host has', async () => {
  const { features, labels } = await discoverWith(createPlugin(), { host });
  assert.deepEqual(features.attributes['${name}.memory'], { elements: { gib: '125' } });
  assert.deepEqual(labels, { 'feature.node.kubernetes.io/${name}-size': 'large' });
});

test('calls a host large from the size that it is told', async () => {
  const { labels } = await discoverWith(createPlugin({ largeFromGiB: 126 }), { host });
  assert.deepEqual(labels, { 'feature.node.kubernetes.io/${name}-size': 'small' });
});

test('warns where a host does not tell, and finds nothing', async () => {
  const { features, log } = await discoverWith(createPlugin(), { host: {} });
  assert.deepEqual(features.attributes, {});
  assert.equal(log[0]?.fields['file'], '/proc/meminfo');
});

test('refuses a size that is none', () => {
  assert.throws(() => createPlugin({ largeFromGiB: 0 }), /must be a number above 0/);
});
`;
}

function readmeText(name: string, folder: string): string {
  return `# featureseal-plugin-${name}

A plugin for Featureseal. Labels begin with \`feature.node.kubernetes.io/${name}-\`.

| feature | kind | elements | read from | label |
| --- | --- | --- | --- | --- |
| \`${name}.memory\` | attributes | \`gib\`: memory in GiB | \`/proc/meminfo\` | \`size\`: small, or large from \`largeFromGiB\` on |

| option | default | meaning |
| --- | --- | --- |
| \`largeFromGiB\` | 64 | what counts as large |

## Use

On a cluster, \`kustomization.yaml\` puts it into the workers: a kustomization with these lines, beside this folder and that of
Featureseal's manifests, and \`kubectl apply -k\`. What a worker sees of the host, and what its policy must grant, is in Featureseal's
docs/plugins.md.

    resources: [../deploy/overlays/default]
    components: [../deploy/components/plugins, ../${folder}]

Elsewhere, in the worker's configuration, with this folder beside it. What stands under \`plugins:\` is all that runs:

    plugins:
      - module: featureseal/plugins/cpu
      - module: ./${name}/index.js
        options: { largeFromGiB: 256 }
`;
}
