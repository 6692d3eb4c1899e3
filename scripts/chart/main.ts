// Writes the objects of the Helm chart from the overlays: npm run chart
import { execFileSync } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { madeFiles, madeFolders } from './files.ts';

const chart = join(import.meta.dirname, '../../deploy/helm/featureseal');
const files = madeFiles((part, deploy) =>
  execFileSync('kubectl', ['kustomize', join(deploy, 'overlays', part)], { encoding: 'utf8' }),
);
for (const folder of madeFolders) await rm(join(chart, folder), { recursive: true, force: true });
for (const [path, text] of files) {
  const file = join(chart, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}
