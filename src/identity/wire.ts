import type { Crypto } from '../crypto.ts';
import type { X509Bundles, X509Svid } from '../spiffe/types.ts';

/** What a Workload API says to one workload. */
export interface WorkloadState {
  /** None: FetchX509SVID answers PermissionDenied. Their keys must be exportable. */
  readonly svids: readonly X509Svid[];
  /** Undefined: FetchX509Bundles answers PermissionDenied. */
  readonly bundles: X509Bundles | undefined;
}

/** The fields of X509SVIDResponse; undefined where there is no identity to give. */
export async function svidResponse({ svids }: WorkloadState, crypto: Crypto): Promise<object | undefined> {
  if (svids.length === 0) return undefined;
  const messages = svids.map(async ({ spiffeId, chain, key, bundle, hint }) => ({
    spiffe_id: spiffeId,
    x509_svid: Buffer.concat(chain),
    x509_svid_key: Buffer.from(await crypto.subtle.exportKey('pkcs8', key)),
    bundle: Buffer.concat(bundle),
    hint,
  }));
  return { svids: await Promise.all(messages) };
}

/** The fields of X509BundlesResponse; undefined where there are no bundles to give. */
export function bundlesResponse({ bundles }: WorkloadState): object | undefined {
  if (bundles === undefined) return undefined;
  const entries = [...bundles].map(([name, roots]) => [`spiffe://${name}`, Buffer.concat(roots)] as const);
  return { bundles: Object.fromEntries(entries) };
}
