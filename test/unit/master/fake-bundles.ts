import type { FeaturesealError } from '../../../src/error.ts';
import type { BundleSource, X509Bundles } from '../../../src/port/svid-source.ts';

/** Bundles in the test's hands. */
export class FakeBundles implements BundleSource {
  /** As of a stream that was lost. */
  error: FeaturesealError | undefined;
  #current: X509Bundles | undefined;
  readonly #listeners = new Set<() => void>();

  constructor(current: X509Bundles | undefined) {
    this.#current = current;
  }

  current(): X509Bundles | undefined {
    return this.#current;
  }

  lastError(): FeaturesealError | undefined {
    return this.error;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  give(bundles: X509Bundles | undefined): void {
    this.#current = bundles;
    for (const listener of this.#listeners) listener();
  }
}
