// A plugin of one's own on a real node, by the files that `featureseal plugin new` writes and by kubectl alone (docs/plugins.md).
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { pluginFiles } from '../../../src/cli/plugin/template.ts';
import type { Named } from '../../cluster/node/installed-cluster.ts';
import { describeOnNode, repository, useNode } from './use-node.ts';

const label = 'feature.node.kubernetes.io/weather-size';
const ofKernel = 'feature.node.kubernetes.io/kernel-version.full';

// Pods start and end; on a busy machine that takes its time.
jest.setTimeout(300_000);

describeOnNode('a plugin of one’s own on a real kubelet', () => {
  const { node } = useNode();
  let folder = '';

  beforeAll(async () => {
    // kustomize knows no absolute paths.
    await mkdir(join(repository, '.cache'), { recursive: true });
    folder = await mkdtemp(join(repository, '.cache/plugin-'));
    await mkdir(join(folder, 'weather'));
    for (const [file, text] of Object.entries(pluginFiles('weather', '0.1.0')))
      await writeFile(join(folder, 'weather', file), text);
    const deploy = '../../../deploy';
    const kustomization = {
      resources: [`${deploy}/overlays/development`],
      components: [`${deploy}/components/plugins`, '../weather'],
    };
    await mkdir(join(folder, 'mine'));
    await writeFile(join(folder, 'mine/kustomization.yaml'), JSON.stringify(kustomization));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const labels = async (): Promise<Readonly<Record<string, string>>> =>
    (await node().kubectl.json<Named>('node', node().name)).metadata.labels ?? {};
  const apply = (): Promise<string> => node().kubectl.run('apply', '-k', join(folder, 'mine'));
  const change = async (file: string, from: string, to: string): Promise<void> => {
    const path = join(folder, 'weather', file);
    const text = await readFile(path, 'utf8');
    expect(text).toContain(from);
    await writeFile(path, text.replace(from, to));
  };

  test('labels the node, beside those that run by default', async () => {
    await apply();
    await node().kubectl.until('the label is there', async () => Object.hasOwn(await labels(), label));
    expect(await labels()).toHaveProperty([ofKernel]);
  });

  test('runs again with options that have changed', async () => {
    const before = (await labels())[label];
    const [options, after] = before === 'large' ? ['1048576', 'small'] : ['0.001', 'large'];
    await change('kustomization.yaml', 'largeFromGiB: 64', `largeFromGiB: ${options}`);
    await apply();
    await node().kubectl.until('the label has changed', async () => (await labels())[label] === after);
  });

  test('costs no label where it does not load, and says why', async () => {
    const before = await labels();
    await change('index.js', 'export default', 'export');
    await apply();
    await node().kubectl.until('the worker has said so', async () => {
      const said = await node().kubectl.run('-n', 'featureseal', 'logs', 'daemonset/featureseal-worker');
      return said.includes('[plugin-invalid] plugin "./weather/index.js"');
    });
    expect(await labels()).toEqual(before);
  });

  test('takes its label with it', async () => {
    await node().kubectl.run('apply', '-k', join(repository, 'deploy/overlays/development'));
    await node().kubectl.until('the label is gone', async () => !Object.hasOwn(await labels(), label));
    expect(await labels()).toHaveProperty([ofKernel]);
  });
});
