import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { changeSettings, copyManifests, type SettingsData } from './manifests-copy.ts';

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
    const deploy = copyManifests(copy);
    const renderings = Object.entries(overlays).map(([overlay, parts]) => {
      changeSettings(deploy, overlay, (data) => markedSettings(overlay, data));
      const texts = parts.map((part) => kustomize(part, deploy));
      return [overlay as Overlay, withoutDigests(texts.join('---\n'))] as const;
    });
    return new Map(renderings);
  } finally {
    rmSync(copy, { recursive: true });
  }
}

function markedSettings(overlay: string, data: SettingsData): SettingsData {
  const names = Object.keys(data);
  const unknown = names.find((name) => settings[name] === undefined);
  if (unknown !== undefined)
    throw new Error(`overlay ${overlay}: say in ${import.meta.filename} which value ${unknown} is`);
  return Object.fromEntries(names.map((name) => [name, markOf(name)]));
}

/** kustomize's digests have ten characters of an alphabet that spells no words. */
function withoutDigests(text: string): string {
  return text.replaceAll(/^( *(?:- )?name: .+-config)-[2456789bcdfghkmt]{10}$/gm, '$1');
}
