import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { ApiClient, KubeObject } from './api-client.ts';

const folder = join(import.meta.dirname, '../../deploy/base/crd');
const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

interface Crd extends KubeObject {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** Installs the CustomResourceDefinitions that this project ships, and waits until they are served. */
export async function installCrds(admin: ApiClient): Promise<void> {
  const names = await Promise.all(
    (await shippedCrds()).map(async (crd) => (await admin.create(path, crd)).metadata.name),
  );
  for (const name of names) await admin.until<Crd>(path, name, isEstablished);
}

async function shippedCrds(): Promise<readonly unknown[]> {
  const files = (await readdir(folder)).filter(
    (file) => file.endsWith('.yaml') && file !== 'kustomization.yaml',
  );
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  return texts.flatMap((text) => parseAllDocuments(text).map((document) => document.toJS() as unknown));
}

function isEstablished({ status }: Crd): boolean {
  return status?.conditions?.some(({ type, status }) => type === 'Established' && status === 'True') ?? false;
}
