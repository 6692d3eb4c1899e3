// A copy of all that kustomize reads, for the rendering of an overlay that somebody has changed.
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';

const root = join(import.meta.dirname, '../..');

export type SettingsData = Readonly<Record<string, string>>;

/** Copies the manifests below `folder`, side by side as they know each other. @returns the copy of deploy/ */
export function copyManifests(folder: string): string {
  for (const part of ['deploy', 'csi', 'spire-config'])
    cpSync(join(root, part), join(folder, part), { recursive: true });
  return join(folder, 'deploy');
}

/** Changes an overlay's settings.yaml in a copy of deploy/, the one place where a user changes them. */
export function changeSettings(
  deploy: string,
  overlay: string,
  change: (data: SettingsData) => SettingsData,
): void {
  const file = join(deploy, 'overlays', overlay, 'settings.yaml');
  const object = parse(readFileSync(file, 'utf8')) as { readonly data: SettingsData };
  writeFileSync(file, stringify({ ...object, data: change(object.data) }));
}
