import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';

/** An API object as a file under deploy/ holds it. */
export interface ShippedObject {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly [member: string]: unknown;
}

const base = join(import.meta.dirname, '../../deploy/base');

/** The objects of one file of deploy/base, or of all files in a folder of it. */
export async function shippedObjects(path: string): Promise<readonly ShippedObject[]> {
  const names = path.endsWith('.yaml')
    ? [path]
    : (await readdir(join(base, path))).map((file) => join(path, file));
  const files = names.filter((name) => name.endsWith('.yaml') && !name.endsWith('kustomization.yaml'));
  const texts = await Promise.all(files.map((file) => readFile(join(base, file), 'utf8')));
  return texts.flatMap((text) => parseAllDocuments(text).map((document) => document.toJS() as ShippedObject));
}
