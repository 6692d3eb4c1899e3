import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const descriptor = z.object({ digest: z.string().regex(/^sha256:[0-9a-f]{64}$/) });
const index = z.object({
  manifests: z.array(
    descriptor.extend({ platform: z.object({ os: z.string(), architecture: z.string() }).optional() }),
  ),
});
const manifest = z.object({ config: descriptor, layers: z.array(descriptor) });
const configuration = z.object({
  os: z.string(),
  architecture: z.string(),
  config: z.object({ User: z.string(), Entrypoint: z.array(z.string()), WorkingDir: z.string() }),
});

/** One image of an archive, its files unpacked. */
export interface Image extends z.infer<typeof configuration> {
  /** As the index names it, for who has to choose. */
  readonly platform: { readonly os: string; readonly architecture: string } | undefined;
  /** The folder with the files. */
  readonly root: string;
}

/**
 * The images of an OCI archive (OCI image specification, image-layout.md and image-index.md): its index names one index,
 * which names an image for each platform.
 * @param folder where it is unpacked
 */
export function imagesOf(archive: string, folder: string): readonly Image[] {
  unpack(archive, folder);
  const blob = (digest: string): string => join(folder, 'blobs', digest.replace(':', '/'));
  const read = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));
  const { manifests } = index.parse(read(join(folder, 'index.json')));
  const named = manifests.flatMap(({ digest }) => index.parse(read(blob(digest))).manifests);
  return named.map(({ digest, platform }) => {
    const { config, layers } = manifest.parse(read(blob(digest)));
    const root = join(folder, 'root', digest);
    for (const layer of layers) unpack(blob(layer.digest), root);
    return { ...configuration.parse(read(blob(config.digest))), platform, root };
  });
}

function unpack(archive: string, folder: string): void {
  mkdirSync(folder, { recursive: true });
  execFileSync('tar', ['xf', archive, '-C', folder]);
}

/** The processor that a program is for, as its ELF header numbers it (ELF-64 object file format, e_machine). */
export function machineOf(program: string): number {
  return readFileSync(program).readUInt16LE(18);
}
