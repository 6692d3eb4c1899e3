import { FeaturesealError } from '../../src/error.ts';
import { verifyCertificatePath } from '../../src/spiffe/path.ts';
import { verifyX509Svid } from '../../src/spiffe/verify-svid.ts';
import type { Peer } from '../interop/peer.ts';
import { randomFrom } from '../support/random.ts';
import { defects, domain } from './chain-defects.ts';
import { makeChain, type ChainInput } from './chains.ts';
import { KeyPool } from './key-pool.ts';

/** What all verifiers said of one chain; empty is accepted. */
export interface Disagreement {
  readonly index: number;
  readonly mode: 'path' | 'svid';
  readonly ours: string;
  readonly theirs: string;
  readonly input: ChainInput;
}

export interface DifferentialResult {
  readonly count: number;
  readonly bothAccept: number;
  readonly bothRefuse: number;
  /** How often a stricter rule of ours refused what Go accepts. */
  readonly stricter: ReadonlyMap<string, number>;
  /** We accept, they refuse: a hole. */
  readonly milder: readonly Disagreement[];
  /** They accept, we refuse, and no rule explains it. */
  readonly unexplained: readonly Disagreement[];
}

const base64 = (der: Uint8Array): string => Buffer.from(der).toString('base64');
const batch = 64;

/** Rules of ours that have nothing to do with a defect. */
const always: Readonly<Record<string, string>> = {
  'path-too-much-work': 'at most 16 signature checks',
};

async function codeOf(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
    return '';
  } catch (thrown) {
    if (thrown instanceof FeaturesealError) return thrown.code;
    throw thrown;
  }
}

/** Of several paths the code is that of the one that got furthest: a decoy's, where ours refused the right one early. */
const ofDecoys: ReadonlySet<string> = new Set(['certificate-signature', 'path-not-found']);

function explanation({ ours, input }: Disagreement): string | undefined {
  const rules = input.defects.map((name) => defects.find((each) => each.name === name)?.stricter ?? {});
  const rule = [always, ...rules].map((stricter) => stricter[ours]).find((each) => each !== undefined);
  if (rule !== undefined || !input.hasDecoys || !ofDecoys.has(ours)) return rule;
  return rules.some((stricter) => Object.keys(stricter).length > 0)
    ? 'a stricter rule on the right path; the code is that of a decoy'
    : undefined;
}

/** Asks ours and Go about the same chains: crypto/x509 about paths, go-spiffe about SVIDs. */
export async function compareWithGo(
  peer: Peer,
  { seed, first, count }: { readonly seed: number; readonly first: number; readonly count: number },
): Promise<DifferentialResult> {
  const keys = new KeyPool();
  const stricter = new Map<string, number>();
  const milder: Disagreement[] = [];
  const unexplained: Disagreement[] = [];
  let [bothAccept, bothRefuse] = [0, 0];

  const judge = (disagreement: Disagreement): void => {
    const { ours, theirs, mode } = disagreement;
    if (ours === '' && theirs === '') bothAccept += 1;
    else if (ours !== '' && theirs !== '') bothRefuse += 1;
    else if (ours === '') milder.push(disagreement);
    else {
      const rule = explanation(disagreement);
      if (rule === undefined) unexplained.push(disagreement);
      else stricter.set(`${mode}: ${ours}: ${rule}`, (stricter.get(`${mode}: ${ours}: ${rule}`) ?? 0) + 1);
    }
  };
  const ask = async (index: number): Promise<void> => {
    const input = makeChain(randomFrom(seed, index), keys);
    const { chain, roots, now } = input;
    const question = { chain: chain.map(base64), roots: roots.map(base64), trustDomain: domain, now };
    const [theirs, path, svid] = await Promise.all([
      peer.ask<{ readonly path: string; readonly svid: string }>(question),
      codeOf(() => verifyCertificatePath({ chain, roots, now })),
      codeOf(() => verifyX509Svid({ chain, bundles: new Map([[domain, roots]]), now })),
    ]);
    judge({ index, mode: 'path', ours: path, theirs: theirs.path, input });
    judge({ index, mode: 'svid', ours: svid, theirs: theirs.svid, input });
  };
  for (let from = first; from < first + count; from += batch) {
    const indexes = Array.from(
      { length: Math.min(batch, first + count - from) },
      (_, offset) => from + offset,
    );
    await Promise.all(indexes.map(ask));
  }
  return { count, bothAccept, bothRefuse, stricter, milder, unexplained };
}
