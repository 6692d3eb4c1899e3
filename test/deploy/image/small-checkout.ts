import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const repository = join(import.meta.dirname, '../../..');

/** A machine on which an image is made. */
export interface Machine {
  /** As `uname -m` names it; the one that we run on where it is left out. */
  readonly name?: string;
  /** What docker does for a call, in bash; its daemon does not answer where it is left out. */
  readonly docker?: string;
  /** As the environment variable CC. */
  readonly compiler?: string;
}

export interface Built {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * All that scripts/build-image reads of a checkout, in a folder of its own. npm and docker are stand-ins: what npm would
 * install and build is a file or two.
 */
export class SmallCheckout {
  readonly #path: (name: string) => string;

  /** @param npm what npm does before anything else, in bash */
  constructor(path: (name: string) => string, npm = '') {
    this.#path = path;
    const root = path('root');
    for (const part of [
      'scripts/build-image',
      'scripts/lib',
      'plugins/cpu/native',
      'deploy/Dockerfile',
      'LICENSE',
    ])
      cpSync(join(repository, part), join(root, part), { recursive: true });
    for (const folder of ['scripts/toolchain', 'src', 'proto']) mkdirSync(join(root, folder));
    for (const file of ['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json'])
      writeFileSync(join(root, file), '{}');
    mkdirSync(path('bin'));
    this.program('node', 'exit 0');
    this.program(
      'npm',
      `${npm}
case $1 in
  ci)
    mkdir -p node_modules/library/prebuilds/android-arm64
    touch node_modules/library/index.js node_modules/library/prebuilds/android-arm64/library.bare
    for node in node_modules/node-linux-{x64,arm64}/bin; do mkdir -p $node && cp ${path('bin/node')} $node; done
    touch node_modules/.package-lock.json
    ;;
  run)
    mkdir -p dist/src/cli dist/plugins/cpu/native
    touch dist/src/cli/main.js dist/plugins/cpu/native/cpuid
    ;;
esac`,
    );
    this.compiler('some-cc');
  }

  program(name: string, body: string): void {
    writeFileSync(this.#path(`bin/${name}`), `#!/usr/bin/bash\n${body}\n`);
    chmodSync(this.#path(`bin/${name}`), 0o755);
  }

  /** A C compiler, called as they are: the file that follows -o has its name in it. */
  compiler(name: string): void {
    this.program(name, `while [[ $1 != -o ]]; do shift; done; echo "by ${name}" >"$2"; chmod +x "$2"`);
  }

  /** scripts/build-image with these arguments. */
  buildImage(args: readonly string[], { name, docker, compiler }: Machine = {}): Built {
    writeFileSync(this.#path('calls'), '');
    const noted = `[[ $1 != version ]] || exit 0\necho "$*" >>${this.#path('calls')}\n${docker ?? ''}`;
    this.program('docker', docker === undefined ? 'exit 1' : noted);
    if (name !== undefined)
      this.program('uname', `case $1 in -m) echo ${name} ;; *) echo Linux ${name} ;; esac`);
    const { status, stdout, stderr } = spawnSync(this.#path('root/scripts/build-image'), args, {
      encoding: 'utf8',
      env: {
        PATH: `${this.#path('bin')}:${process.env['PATH'] ?? ''}`,
        HOME: this.#path('home'),
        ...(compiler === undefined ? {} : { CC: compiler }),
      },
    });
    return { status, stdout, stderr };
  }

  /** What docker was told at the last buildImage, a call a line; with paths from the checkout on. */
  get dockerCalls(): readonly string[] {
    const lines = readFileSync(this.#path('calls'), 'utf8').split('\n');
    return lines.filter((line) => line !== '').map((line) => line.replaceAll(this.#path('root/'), ''));
  }

  /** A file of the image, see {@link inContext}. */
  contextFile(name: string): string {
    return readFileSync(this.#path(`root/.cache/image/${name}`), 'utf8');
  }

  /** Whether there is a file of the image: `app/...` for every architecture, `native/ARCHITECTURE/...` for one. */
  inContext(name: string): boolean {
    return existsSync(this.#path(`root/.cache/image/${name}`));
  }
}
