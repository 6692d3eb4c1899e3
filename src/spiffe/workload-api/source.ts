import { asFeaturesealError } from '../../error.ts';
import type { X509Bundles, X509Svid } from '../types.ts';
import type { WorkloadApiClient } from './client.ts';
import { malformed } from './messages.ts';
import { pickSvid, type SvidPick } from './pick.ts';
import { Subscription, whenReady } from './subscription.ts';

export interface X509SourceOptions {
  readonly client: WorkloadApiClient;
  /** Needed where the Workload API gives several SVIDs. */
  readonly pick?: SvidPick;
}

interface Waiting {
  /** Gives up waiting for the first value. */
  readonly signal?: AbortSignal;
}

/**
 * One identity that rotates by itself: `current()` is the newest SVID at any time, and undefined only while there is
 * none to use (not given yet, taken back, or configuration does not single one out; `lastError()` says which).
 */
export class X509Source extends Subscription<X509Svid> {
  /** Starts at once and waits for nothing; {@link create} also waits. */
  constructor({ client, pick = {} }: X509SourceOptions) {
    super((onUpdate, onError, signal) =>
      client.watchX509Svids(
        (svids) => {
          // Taken back: why, the Workload API says itself.
          if (svids.length === 0) return onUpdate(undefined);
          try {
            onUpdate(pickSvid(svids, pick));
          } catch (thrown) {
            onUpdate(undefined);
            onError(asFeaturesealError(thrown, 'internal', 'picking an SVID failed'));
          }
        },
        signal,
        onError,
      ),
    );
  }

  /** A source that has its first SVID; rejects as `ready` does, and leaves nothing running then. */
  static create({ signal, ...options }: X509SourceOptions & Waiting): Promise<X509Source> {
    return whenReady(new X509Source(options), signal);
  }
}

/** The trust bundles, always the newest; `current()` is undefined while there are none to use. */
export class X509BundleSource extends Subscription<X509Bundles> {
  constructor({ client }: Pick<X509SourceOptions, 'client'>) {
    super((onUpdate, onError, signal) => {
      const take = (bundles: X509Bundles) => {
        if (bundles.size > 0) return onUpdate(bundles);
        // Without any trust domain nothing can be verified: that is not ready, and no verdict on any node.
        onUpdate(undefined);
        onError(malformed('it names no trust domain; no bundle is used any more'));
      };
      return client.watchX509Bundles(take, signal, onError);
    });
  }

  static create({ client, signal }: Pick<X509SourceOptions, 'client'> & Waiting): Promise<X509BundleSource> {
    return whenReady(new X509BundleSource({ client }), signal);
  }
}
