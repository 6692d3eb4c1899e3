import { Authority, type AuthorityOptions } from '../../src/identity/authority.ts';
import { svidResponse, bundlesResponse } from '../../src/identity/wire.ts';
import type { X509Bundles, X509Svid } from '../../src/spiffe/types.ts';
import { workloadApiService } from '../../src/spiffe/workload-api/service.ts';
import { ManualClock } from './manual-clock.ts';

export const hourMs = 3_600_000;

export function testAuthority(options: Partial<AuthorityOptions> = {}): Promise<Authority> {
  const clock = new ManualClock();
  return Authority.create({
    trustDomain: 'example.org',
    clock,
    crypto: globalThis.crypto,
    caTtlMs: 24 * hourMs,
    ...options,
  });
}

/** The message of FetchX509SVID, as a server sends it. */
export async function svidBytes(svids: readonly X509Svid[]): Promise<Buffer> {
  return encodeSvids(await svidFields(svids));
}

/** The same before it is encoded, for spoiling. */
export async function svidFields(svids: readonly X509Svid[]): Promise<object> {
  return (await svidResponse({ svids, bundles: undefined }, globalThis.crypto)) ?? { svids: [] };
}

export function encodeSvids(fields: object): Buffer {
  return workloadApiService().fetchX509Svid.responseSerialize(fields);
}

/** The message of FetchX509Bundles. */
export function bundleBytes(bundles: X509Bundles): Buffer {
  return encodeBundles(bundlesResponse({ svids: [], bundles }) ?? {});
}

export function encodeBundles(fields: object): Buffer {
  return workloadApiService().fetchX509Bundles.responseSerialize(fields);
}
