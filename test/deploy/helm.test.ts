import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { z } from 'zod';
import { madeFiles, madeFolders } from '../../scripts/chart/files.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { chart, chartArguments, describeChart, runHelm, templated, type Given } from './helm.ts';
import {
  describeRendered,
  find,
  manifestsOf,
  podOf,
  renderedText,
  renderedWith,
  workloads,
  type Manifest,
} from './manifests.ts';

/** All that an object of the chart has and the same one of an overlay has not. */
const helmsOwn = {
  labels: ['app.kubernetes.io/instance', 'app.kubernetes.io/managed-by', 'helm.sh/chart'],
  // On definitions, and on the namespace of the release.
  annotations: ['helm.sh/resource-policy'],
  // An overlay's ConfigMap has a digest in its name instead.
  podAnnotations: /^checksum\//,
};

const overlays = ['default', 'development', 'spire'] as const;
// Helm wants the namespace of a release to be there; an overlay brings it.
const set = ['namespace.create=true'];

describeChart('the Helm chart', () => {
  const path = temporaryFolder();

  test.each(overlays)("makes the objects of the overlay %s of that overlay's values", (overlay) => {
    const texts = partsOf(overlay).map((part) => renderedText(part));
    expect(byName(templated({ file: overlay, set }))).toEqual(byName(texts.flatMap(manifestsOf)));
  });

  test.each(overlays)('makes them of other settings too: %s', (overlay) => {
    const settings = { trustDomain: 'td.test', cluster: 'berlin', namespace: 'seals' };
    const hasSpire = overlay !== 'development';
    const all = hasSpire ? { ...settings, spireClass: 'some-class' } : settings;
    const rendered = renderedWith(overlay, all, path(`${overlay}/deploy`));
    const definitions = partsOf(overlay)
      .slice(1)
      .map((part) => renderedText(part));
    const values = ['trustDomain=td.test', 'cluster=berlin', 'spire.className=some-class'];
    const given: Given = { file: overlay, set: [...set, ...values], namespace: 'seals' };
    expect(byName(templated(given))).toEqual(byName([rendered, ...definitions].flatMap(manifestsOf)));
  });

  test.each(overlays)('has nothing that helm lint --strict would mend: %s', (overlay) => {
    const [, ...given] = chartArguments({ file: overlay });
    const { status, stdout } = runHelm(['lint', '--strict', ...given]);
    expect({ status, stdout }).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('0 chart(s) failed'),
    });
  });

  test.each([
    ['worker', 'worker.config.discoverInterval=5m', ['DaemonSet featureseal-worker']],
    ['master', 'master.config.maxAge=2d', ['Deployment featureseal-master']],
    ['policy', 'mode=audit', ['Deployment featureseal-master']],
    [
      'development identity',
      'trustDomain=td.test',
      [
        'DaemonSet featureseal-identity-node-plugin',
        'Deployment featureseal-identity-authority',
        'Deployment featureseal-master',
      ],
    ],
  ])('restarts the pods that read it when configuration changes: %s', (_, changed, expected) => {
    const podsOf = (given: Given): ReadonlyMap<string, string> =>
      new Map(
        workloads(templated(given)).map((each) => [
          `${each.kind} ${each.metadata.name}`,
          JSON.stringify(each.spec.template),
        ]),
      );
    const before = podsOf({ file: 'development' });
    const after = podsOf({ file: 'development', set: [changed] });
    const restarted = [...after].filter(([name, pod]) => before.get(name) !== pod).map(([name]) => name);
    expect(restarted.toSorted()).toEqual(expected);
  });

  test('puts a checksum on every pod that mounts a ConfigMap made from files', () => {
    for (const file of overlays) {
      const manifests = templated({ file });
      for (const workload of workloads(manifests)) {
        const mounted = podOf(workload).volumes?.flatMap(({ configMap }) => configMap?.name ?? []) ?? [];
        const ofFiles = mounted.filter((name) => 'data' in find(manifests, 'ConfigMap', name));
        const { annotations = {} } = workload.spec.template.metadata as { annotations?: object };
        const checksums = Object.keys(annotations).filter((key) => helmsOwn.podAnnotations.test(key));
        expect(checksums).toEqual(ofFiles.map((name) => `checksum/${name}`));
      }
    }
  });

  test('keeps definitions when the release goes, because every NodeFeature would go with them', () => {
    const definitions = templated({ file: 'default' }).filter(isDefinition);
    expect(definitions.map(({ metadata }) => metadata.name).toSorted()).toEqual([
      'nodefeaturegroups.nfd.k8s-sigs.io',
      'nodefeaturerules.nfd.k8s-sigs.io',
      'nodefeatures.nfd.k8s-sigs.io',
    ]);
    for (const { metadata } of definitions)
      expect(metadata).toMatchObject({ annotations: { 'helm.sh/resource-policy': 'keep' } });
  });

  test("leaves NFD's definitions alone when told so", () => {
    expect(templated({ file: 'default', set: ['crds.install=false'] }).filter(isDefinition)).toEqual([]);
  });

  test('has the version of the project', () => {
    const read = (file: string): unknown => parse(readFileSync(join(chart, file), 'utf8'));
    const { version } = z.looseObject({ version: z.string() }).parse(read('../../../package.json'));
    expect(read('Chart.yaml')).toMatchObject({
      version,
      appVersion: version,
      dependencies: [{ name: 'spire-crds', version }],
    });
    expect(read('charts/spire-crds/Chart.yaml')).toMatchObject({ name: 'spire-crds', version });
  });
});

describeRendered('the objects of the Helm chart', () => {
  test('are those that npm run chart makes of the overlays today', () => {
    const made = madeFiles((part, deploy) => renderedText(part, deploy));
    const committed = madeFolders.flatMap((folder) =>
      readdirSync(join(chart, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.yaml'))
        .map((name) => join(folder, name)),
    );
    expect(committed.toSorted()).toEqual([...made.keys()].toSorted());
    for (const [name, text] of made)
      expect({ name, text: readFileSync(join(chart, name), 'utf8') }).toEqual({ name, text });
  });
});

/** What one applies for an overlay; the definitions of `spire` come first and by themselves. */
function partsOf(overlay: string): readonly string[] {
  return overlay === 'spire' ? ['spire', 'spire/crd'] : [overlay];
}

function isDefinition({ kind }: Manifest): boolean {
  return kind === 'CustomResourceDefinition';
}

type Json = Readonly<Record<string, unknown>>;

/**
 * Objects by kind, namespace and name, without what is Helm's own and with the names of generated ConfigMaps without
 * their digest. YAML files in ConfigMaps are compared as what they say, all others as they are.
 */
function byName(manifests: readonly Manifest[]): ReadonlyMap<string, unknown> {
  const objects = manifests.map((each) => comparable(withoutDigests(each)));
  const named = objects.map((each): [string, unknown] => [
    `${each.kind} ${each.metadata.namespace ?? ''}/${each.metadata.name}`,
    each,
  ]);
  expect(new Set(named.map(([name]) => name)).size).toBe(named.length);
  return new Map(named);
}

function withoutDigests(manifest: Manifest): Manifest {
  const text = JSON.stringify(manifest).replaceAll(/("name":"[a-z-]+-config)-[a-z0-9]{10}"/g, '$1"');
  return JSON.parse(text) as Manifest;
}

function comparable(manifest: Manifest): Manifest {
  const metadata = { ...manifest.metadata, ...withoutHelmsOwn(manifest.metadata) };
  const { data } = manifest;
  const read = data === undefined ? {} : { data: filesOf(data as Record<string, string>) };
  return { ...manifest, metadata, ...read, ...podSpec(manifest) };
}

function withoutHelmsOwn(metadata: Json): Json {
  const { labels, annotations } = metadata as Record<string, Json | undefined>;
  return {
    labels: without(labels, (key) => helmsOwn.labels.includes(key)),
    annotations: without(annotations, (key) => helmsOwn.annotations.includes(key)),
  };
}

function podSpec({ spec }: Manifest): object {
  const { template } = (spec ?? {}) as { readonly template?: { readonly metadata: Json } };
  if (template === undefined) return {};
  const annotations = without(template.metadata['annotations'] as Json | undefined, (key) =>
    helmsOwn.podAnnotations.test(key),
  );
  return {
    spec: { ...(spec as Json), template: { ...template, metadata: { ...template.metadata, annotations } } },
  };
}

/** The others; nothing where there are none. */
function without(entries: Json | undefined, isOwn: (key: string) => boolean): Json | undefined {
  const others = Object.entries(entries ?? {}).filter(([key]) => !isOwn(key));
  return others.length === 0 ? undefined : Object.fromEntries(others);
}

function filesOf(data: Readonly<Record<string, string>>): Json {
  return Object.fromEntries(
    Object.entries(data).map(([name, text]) => [name, name.endsWith('.yaml') ? parse(text) : text]),
  );
}
