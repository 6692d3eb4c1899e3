import { spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { pluginCommand } from '../../../src/cli/plugin.ts';
import { runCli } from '../../../src/cli/run.ts';
import type { FeaturePlugin } from '../../../src/plugin/contract.ts';
import { loadPlugins } from '../../../src/plugin/load.ts';
import { discoverWith } from '../../../src/plugin/plugin-test.ts';
import { recordCli } from '../../support/cli-context.ts';

const root = join(import.meta.dirname, '../../..');
const examples = join(root, 'docs/examples');
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'featureseal-plugins-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Runs the tests in a folder as their author does, with this package as it stands. */
function runNodeTests(cwd: string): { readonly status: number | null; readonly output: string } {
  const args = ['--conditions=featureseal-source', '--disable-warning=ExperimentalWarning', '--test'];
  const { NODE_OPTIONS: _, NODE_TEST_CONTEXT: __, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd, env, encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

/** Installs an example beside a configuration, as npm would. */
async function install(name: string): Promise<void> {
  await mkdir(join(folder, 'node_modules/@acme'), { recursive: true });
  await cp(join(examples, name), join(folder, 'node_modules/@acme', name), { recursive: true });
}

describe('the examples', () => {
  test.each(['featureseal-plugin-fpga', 'featureseal-plugin-site'])(
    '%s passes its own tests',
    async (name) => {
      await cp(join(examples, name), join(folder, name), { recursive: true });
      await mkdir(join(folder, 'node_modules'));
      await symlink(root, join(folder, 'node_modules/featureseal'));
      const { status, output } = runNodeTests(join(folder, name));
      expect(output).toMatch(/pass 3\n/);
      expect(status).toBe(0);
    },
  );

  test('are loaded as packages that are installed beside the configuration, with their options', async () => {
    await install('featureseal-plugin-fpga');
    await install('featureseal-plugin-site');
    const entries = [
      { module: '@acme/featureseal-plugin-fpga' },
      { module: '@acme/featureseal-plugin-site', options: { file: '/srv/site.json' } },
    ];
    const [fpga, site] = await loadPlugins(entries, { folder });
    const host = {
      '/sys/class/fpga_manager/fpga0/state': 'operating\n',
      '/srv/site.json': '{"rack":"r17"}',
    };
    expect((await discoverWith(fpga as FeaturePlugin, { host })).labels).toEqual({
      'feature.node.kubernetes.io/fpga-count': '1',
      'feature.node.kubernetes.io/fpga-ready': 'true',
    });
    expect((await discoverWith(site as FeaturePlugin, { host })).labels).toEqual({
      'site.acme.example/rack': 'r17',
    });
  });

  test('cannot take the place of a plugin of this package', async () => {
    await mkdir(join(folder, 'node_modules/featureseal/plugins'), { recursive: true });
    await writeFile(
      join(folder, 'node_modules/featureseal/package.json'),
      '{"exports":{"./plugins/*":"./plugins/*.js"}}',
    );
    await writeFile(join(folder, 'node_modules/featureseal/plugins/pci.js'), 'throw new Error("taken over")');
    const [plugin] = await loadPlugins([{ module: 'featureseal/plugins/pci' }], { folder });
    expect(plugin?.name).toBe('pci');
  });
});

describe('featureseal plugin new', () => {
  const commands = [{ name: 'plugin', summary: '', load: async () => pluginCommand }];
  async function pluginNew(...args: readonly string[]) {
    const cli = recordCli();
    const status = await runCli({ args: ['plugin', 'new', ...args], commands, version: '0' }, cli.context);
    return { status, out: cli.out(), err: cli.err() };
  }

  test('writes a plugin whose tests pass, and says what to do next', async () => {
    const target = join(folder, 'plugins/weather');
    const { status, out } = await pluginNew('weather', '--folder', target);
    expect(status).toBe(0);
    expect(out).toMatch(
      /^wrote .*weather\/index\.js, its test, package\.json, README\.md and kustomization\.yaml\n\n {2}\(cd .* && npm test\) +run its test\n/,
    );
    const result = runNodeTests(target);
    expect(result.output).toMatch(/pass 4\n/);
    expect(result.status).toBe(0);
  });

  test('writes a plugin that a worker loads, and that finds something on any host', async () => {
    await pluginNew('weather', '--folder', join(folder, 'weather'));
    const [plugin] = await loadPlugins([{ module: './weather/index.js' }], { folder });
    const { labels, log } = await discoverWith(plugin as FeaturePlugin, { host: '/' });
    expect(labels['feature.node.kubernetes.io/weather-size']).toMatch(/^(small|large)$/);
    expect(log).toEqual([]);
  });

  test.each(['README.md', 'kustomization.yaml'])('names the folder that it is in: %s', async (file) => {
    const target = join(folder, 'of-mine');
    await pluginNew('weather', '--folder', target);
    expect(await readFile(join(target, file), 'utf8')).toContain('../deploy/components/plugins, ../of-mine]');
  });

  test('overwrites nothing', async () => {
    const { status, err } = await pluginNew('weather', '--folder', folder);
    expect(status).toBe(1);
    expect(err).toMatch(/\[already-exists\] ".*" exists; take another name, or another --folder/);
  });

  test.each([
    ['Weather', /\[usage\] "Weather": must be 1 to 32 lower-case letters, digits and dashes/],
    ['rule', /\[usage\] "rule": is reserved/],
    ['pci', /\[usage\] "pci": is a plugin of this package already/],
  ])('refuses the name %s', async (name, message) => {
    const { status, err } = await pluginNew(name, '--folder', join(folder, 'new'));
    expect(status).toBe(2);
    expect(err).toMatch(message);
  });
});
