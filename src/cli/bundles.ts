import { FeaturesealError } from '../error.ts';
import type { Policy } from '../seal/policy.ts';
import { parseBundleFile, parseRoots, type Bundles } from '../spiffe/bundle.ts';
import { parseSpiffeId } from '../spiffe/spiffe-id.ts';
import type { CliContext } from './context.ts';
import { readText } from './files.ts';

/** For flags that may be given several times. */
export function collectFlag(value: string, all: readonly string[] = []): readonly string[] {
  return [...all, value];
}

/** The trust domains that a policy names. */
export function trustDomainsOf({ signers }: Policy): ReadonlySet<string> {
  return new Set(signers.flatMap(({ templates }) => templates.map(({ trustDomain }) => trustDomain)));
}

/**
 * Bundles of `--bundle [TD=]FILE`; a bare file belongs to the one trust domain that the policy names.
 *
 * @throws FeaturesealError usage, file-unreadable
 */
export async function readBundles(
  values: readonly string[],
  policy: Policy,
  context: Pick<CliContext, 'input'>,
): Promise<Bundles> {
  const domains = trustDomainsOf(policy);
  const bundles = new Map<string, readonly Uint8Array[]>();
  for (const value of values) {
    const named = /^([a-z0-9._-]+)=(.+)$/.exec(value);
    const domain = named?.[1] ?? onlyOf(domains, value);
    parseSpiffeId(`spiffe://${domain}`);
    if (bundles.has(domain)) throw usage(`two bundles are given for trust domain ${domain}`);
    bundles.set(domain, await readBundle(named?.[2] ?? value, context));
  }
  return bundles;
}

/** A bundle that cannot be read is wrong use: exit status 1 is kept for the verdict on the object. */
async function readBundle(file: string, context: Pick<CliContext, 'input'>): Promise<readonly Uint8Array[]> {
  const text = await readText(file, context);
  try {
    const authorities = parseBundleFile(text);
    if (authorities.length > 0) parseRoots(authorities);
    return authorities;
  } catch (cause) {
    throw usage(`bundle ${file}: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

function onlyOf(domains: ReadonlySet<string>, file: string): string {
  const [only, ...others] = domains;
  if (only !== undefined && others.length === 0) return only;
  throw usage(
    `the policy names ${String(domains.size)} trust domains; say which one as --bundle TRUST_DOMAIN=${file}`,
  );
}

function usage(message: string): FeaturesealError {
  return new FeaturesealError({ code: 'usage', message });
}
