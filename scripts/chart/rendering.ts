import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';

const root = join(import.meta.dirname, '../..');

/** The overlays that the chart stands for, and their parts in deploy/overlays, each applied by itself. */
const overlays = {
  default: ['default'],
  development: ['development'],
  spire: ['spire', 'spire/crd'],
} as const;
export type Overlay = keyof typeof overlays;

/** What `kubectl kustomize` prints for a part, in a copy of deploy/. */
export type Kustomize = (part: string, deploy: string) => string;

/** The settings of the overlays (their settings.yaml), as Helm knows them. */
export const settings: Readonly<Record<string, string>> = {
  cluster: '.Values.cluster',
  namespace: '.Release.Namespace',
  spireClass: 'include "featureseal.spireClass" .',
  trustDomain: '.Values.trustDomain',
};

/** What stands in a rendering where the setting of this name goes. */
export function markOf(setting: string): string {
  return `__${setting}__`;
}

export const releaseNamespace = markOf('namespace');

/**
 * The objects of each overlay as kustomize writes them, with marks for the settings, and generated ConfigMaps by their
 * names without the digest: Helm restarts pods by a checksum of what they mount.
 */
export function renderMarked(kustomize: Kustomize): ReadonlyMap<Overlay, string> {
  const copy = mkdtempSync(join(tmpdir(), 'featureseal-chart-'));
  try {
    for (const part of ['deploy', 'csi', 'spire-config'])
      cpSync(join(root, part), join(copy, part), { recursive: true });
    const deploy = join(copy, 'deploy');
    const renderings = Object.entries(overlays).map(([overlay, parts]) => {
      markSettings(join(deploy, 'overlays', overlay, 'settings.yaml'));
      const texts = parts.map((part) => kustomize(part, deploy));
      return [overlay as Overlay, withoutDigests(texts.join('---\n'))] as const;
    });
    return new Map(renderings);
  } finally {
    rmSync(copy, { recursive: true });
  }
}

function markSettings(file: string): void {
  const object = parse(readFileSync(file, 'utf8')) as { data: Record<string, string> };
  const names = Object.keys(object.data);
  const unknown = names.find((name) => settings[name] === undefined);
  if (unknown !== undefined)
    throw new Error(`${file}: say in ${import.meta.filename} which value ${unknown} is`);
  const data = Object.fromEntries(names.map((name) => [name, markOf(name)]));
  writeFileSync(file, stringify({ ...object, data }));
}

/** kustomize's digests have ten characters of an alphabet that spells no words. */
function withoutDigests(text: string): string {
  return text.replaceAll(/^( *(?:- )?name: .+-config)-[2456789bcdfghkmt]{10}$/gm, '$1');
}
