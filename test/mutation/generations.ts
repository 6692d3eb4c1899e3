// Loads the program and its tests any number of times into one process: each generation is a set of modules of its own.
import { readFileSync } from 'node:fs';
import { registerHooks, stripTypeScriptTypes } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

const jestGlobals = new URL('globals.ts', import.meta.url).href;

/** Modules under `folder` are loaded anew for each generation, those of packages once. */
export class Generations {
  readonly #folder: string;
  readonly #stripped = new Map<string, string>();
  readonly #imports = new Map<string, Set<string>>();

  constructor(folder: string) {
    this.#folder = pathToFileURL(`${folder}/`).href;
    registerHooks({
      resolve: (specifier, context, nextResolve) => {
        if (specifier === '@jest/globals') return { url: jestGlobals, shortCircuit: true };
        const resolved = nextResolve(specifier, context);
        const { parentURL = '' } = context;
        if (!this.#isOwn(resolved.url) || !this.#isOwn(parentURL)) return resolved;
        this.#note(parentURL, resolved.url);
        return { ...resolved, url: resolved.url + new URL(parentURL).search };
      },
      load: (url, context, nextLoad) => {
        if (!this.#isOwn(url) || !url.includes('.ts?')) return nextLoad(url, context);
        return { format: 'module', source: this.#textOf(fileURLToPath(url)), shortCircuit: true };
      },
    });
  }

  /** Loads a file and all that it imports in modules of this generation. */
  async load(file: string, generation: number): Promise<void> {
    await import(`${this.#folder}${file}?generation=${generation}`);
  }

  /** Whether `file` loads `source`, by whatever way; known once it was loaded. */
  reaches(file: string, source: string): boolean {
    const seen = new Set([this.#folder + file]);
    for (const url of seen) for (const next of this.#imports.get(url) ?? []) seen.add(next);
    return seen.has(pathToFileURL(source).href);
  }

  #isOwn(url: string): boolean {
    return url.startsWith(this.#folder) && !url.includes('/node_modules/');
  }

  #note(parentUrl: string, url: string): void {
    const parent = parentUrl.replace(/\?.*$/, '');
    this.#imports.set(parent, (this.#imports.get(parent) ?? new Set()).add(url.replace(/\?.*$/, '')));
  }

  #textOf(path: string): string {
    const known = this.#stripped.get(path);
    if (known !== undefined) return known;
    const text = stripTypeScriptTypes(readFileSync(path, 'utf8'));
    this.#stripped.set(path, text);
    return text;
  }
}
