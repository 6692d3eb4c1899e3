// "An overlay of your own" and "Coming from NFD" of docs/operations.md, as somebody does it who follows them.
import { appendFileSync, cpSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { changeSettings, copyManifests } from '../../../scripts/chart/manifests-copy.ts';
import { parsePolicy } from '../../../src/seal/policy.ts';
import {
  configFile,
  describeRendered,
  manifestsOf,
  podOf,
  renderedText,
  workloads,
  type Manifest,
} from '../../deploy/manifests.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { blocks, readDocument } from './page.ts';

const added = blocks(readDocument('operations.md'), 'yaml').find((text) => text.includes('behavior: merge'))!;

describeRendered('an overlay of one’s own, as docs/operations.md says', () => {
  const path = temporaryFolder();
  let manifests: readonly Manifest[] | undefined;
  const rendered = (): readonly Manifest[] => (manifests ??= render(path('deploy')));

  test('has its policy, with the settings put in', () => {
    const policy = parsePolicy(configFile(rendered(), 'featureseal-master-config', 'policy.yaml'));
    expect(policy).toMatchObject({ cluster: 'berlin', mode: 'audit' });
    expect(policy.signers.map(({ namespace }) => namespace)).toEqual(['featureseal']);
  });

  test('keeps the rest of the master’s configuration', () => {
    const master = configFile(rendered(), 'featureseal-master-config', 'master.yaml');
    expect(master).toContain('leaderElection: true');
  });

  test('names the image in every pod', () => {
    const images = workloads(rendered()).flatMap((each) => podOf(each).containers.map(({ image }) => image));
    expect(new Set(images)).toEqual(new Set(['registry.example.org/featureseal:1.2.3']));
  });

  test('brings no definitions where the line with them is taken out', () => {
    expect(rendered().filter(({ kind }) => kind === 'CustomResourceDefinition')).toEqual([]);
  });
});

function render(deploy: string): readonly Manifest[] {
  const own = join(copyManifests(dirname(deploy)), 'overlays/mine');
  cpSync(join(deploy, 'overlays/default'), own, { recursive: true });
  changeSettings(deploy, 'mine', (data) => ({ ...data, cluster: 'berlin' }));
  edit(join(deploy, 'base/master/policy.yaml'), join(own, 'policy.yaml'), 'mode: enforce', 'mode: audit');
  const kustomization = join(own, 'kustomization.yaml');
  edit(kustomization, kustomization, '  - ../../base/crd\n', '');
  appendFileSync(kustomization, `${added}\n`);
  return manifestsOf(renderedText('mine', deploy));
}

/** Writes the file with the one text replaced that has to stand in it. */
function edit(from: string, to: string, old: string, replacement: string): void {
  const text = readFileSync(from, 'utf8');
  expect(text).toContain(old);
  writeFileSync(to, text.replace(old, replacement));
}
