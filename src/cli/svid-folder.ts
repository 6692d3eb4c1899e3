import { mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Crypto } from '../crypto.ts';
import { asFeaturesealError } from '../error.ts';
import type { X509Bundles, X509Svid } from '../spiffe/types.ts';
import { pemBlocks } from '../spiffe/pem.ts';

export interface Credentials {
  /** Its key must be exportable. */
  readonly svid: X509Svid;
  readonly bundles: X509Bundles;
}

/** The name that the current version always has; a reader who resolves it once reads one version. */
const current = '..data';
const versionPrefix = '..svid-';
const secret = 0o600;
const open = 0o644;

/**
 * Writes a folder as the SPIFFE Filesystem Delivery standard describes it, plus chain and key apart for servers that
 * want two files. All names are links through one link, so that they change together, by one rename.
 */
export async function writeSvidFolder(
  folder: string,
  credentials: Credentials,
  crypto: Crypto,
): Promise<void> {
  try {
    const files = await contents(credentials, crypto);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const version = await mkdtemp(join(folder, versionPrefix));
    for (const { name, mode, text } of files)
      await writeFile(join(version, name), text, { mode, flush: true });
    await link(basename(version), join(folder, current));
    for (const { name } of files) await link(join(current, name), join(folder, name));
    await prune(folder, version, new Set(files.map(({ name }) => name)));
  } catch (thrown) {
    throw asFeaturesealError(thrown, 'file-unwritable', `the SVID cannot be written to ${folder}`);
  }
}

interface File {
  readonly name: string;
  readonly mode: number;
  readonly text: string;
}

async function contents({ svid, bundles }: Credentials, crypto: Crypto): Promise<readonly File[]> {
  const chain = pemBlocks('CERTIFICATE', svid.chain);
  const key = pemBlocks('PRIVATE KEY', [new Uint8Array(await crypto.subtle.exportKey('pkcs8', svid.key))]);
  const trust = [...bundles].map(([name, roots]) => ({
    name: `${name}${trustSuffix}`,
    mode: open,
    text: pemBlocks('CERTIFICATE', roots),
  }));
  return [
    { name: 'credential-bundle.private-key.pem', mode: secret, text: key + chain },
    { name: 'svid.pem', mode: open, text: chain },
    { name: 'svid-key.pem', mode: secret, text: key },
    ...trust,
  ];
}

const trustSuffix = '.spiffe-trust-bundle.pem';

/** Makes or replaces a symbolic link at once: rename is atomic, removing and making is not. */
async function link(target: string, path: string): Promise<void> {
  const temporary = `${path}.new`;
  await rm(temporary, { force: true });
  await symlink(target, temporary);
  await rename(temporary, path);
}

/** Takes away older versions, also what a killed process left, and bundles of trust domains that are trusted no more. */
async function prune(folder: string, version: string, names: ReadonlySet<string>): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const isOldVersion = name.startsWith(versionPrefix) && path !== version;
    if (isOldVersion || (name.endsWith(trustSuffix) && !names.has(name))) {
      await rm(path, { recursive: true, force: true });
    }
  }
}
