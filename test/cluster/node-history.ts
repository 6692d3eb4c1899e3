import type { ApiClient, KubeObject } from './api-client.ts';

/** Every version of one Node since the history began: what was there for a moment only is seen too. */
export class NodeHistory {
  readonly versions: KubeObject[] = [];
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  readonly #listeners = new Set<() => void>();

  constructor(admin: ApiClient, name: string) {
    this.#running = this.#follow(admin, name);
  }

  /** Waits until this version is part of it. */
  async reaches(resourceVersion: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const look = (): void => {
      if (this.versions.some(({ metadata }) => metadata.resourceVersion === resourceVersion))
        resolve(undefined);
    };
    this.#listeners.add(look);
    look();
    await promise;
    this.#listeners.delete(look);
  }

  /** Labels of every version. */
  get labels(): readonly Readonly<Record<string, string>>[] {
    return this.versions.map(({ metadata }) => metadata.labels ?? {});
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #follow(admin: ApiClient, name: string): Promise<void> {
    const { signal } = this.#stop;
    try {
      for await (const { type, object } of admin.watch(
        '/api/v1/nodes',
        { fieldSelector: `metadata.name=${name}` },
        signal,
      )) {
        if (type === 'BOOKMARK') continue;
        this.versions.push(object);
        for (const tell of [...this.#listeners]) tell();
      }
    } catch (thrown) {
      if (!signal.aborted) throw thrown;
    }
  }
}
