import type { BundleSource, X509Bundles } from '../port/svid-source.ts';

/**
 * The bundles to judge by; undefined where there are none, or none with an authority in it. That is no verdict on any
 * signer: the master is not ready then, accepts nothing and withdraws nothing.
 */
export function usableBundles(source: BundleSource | undefined): X509Bundles | undefined {
  // A lost stream, too: a root that was revoked meanwhile would go unnoticed.
  const bundles = source?.lastError() === undefined ? source?.current() : undefined;
  return [...(bundles?.values() ?? [])].some((authorities) => authorities.length > 0) ? bundles : undefined;
}
