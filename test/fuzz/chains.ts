import {
  authorityPlan,
  certificate,
  dns,
  leafPlan,
  uri,
  type Authority,
  type CertificatePlan,
  type KeyPair,
  type KeyType,
} from '../support/certificate-factory.ts';
import * as w from '../support/der-writer.ts';
import type { Random } from '../support/random.ts';

import { at, day, defects, domain, now, type Place } from './chain-defects.ts';
import type { KeyPool } from './key-pool.ts';

/** One question to all verifiers. */
export interface ChainInput {
  /** DER, leaf first, the rest in any order. */
  readonly chain: readonly Uint8Array[];
  readonly roots: readonly Uint8Array[];
  readonly now: Date;
  /** Names of the defects that were put in. */
  readonly defects: readonly string[];
  /** Authorities of the right name and another key stand beside the right ones. */
  readonly hasDecoys: boolean;
}

const types: readonly KeyType[] = ['P-256', 'P-256', 'P-256', 'P-384', 'P-521', 'RSA-2048'];

interface Made {
  readonly authority: Authority;
  readonly der: Uint8Array;
}

/** A chain of up to three intermediates, decoys beside them, and up to two defects. */
export function makeChain(random: Random, keys: KeyPool): ChainInput {
  const depth = random.int(4);
  const count = random.pick([0, 1, 1, 1, 2]);
  const chosen = Array.from({ length: count }, () => ({
    defect: random.pick(defects),
    at: random.int(depth + 2),
  }));
  const names: string[] = [];
  const context = { random, keys };

  /** `level` 0 is the root, `depth` + 1 the leaf. */
  const make = (level: number, issuer: Authority | undefined): Made => {
    const place: Place = level === 0 ? 'root' : level > depth ? 'leaf' : 'intermediate';
    const own = chosen
      .filter(({ defect, at: where }) => where === level && defect.places.includes(place))
      .map(({ defect }) => defect);
    names.push(...own.map(({ name }) => name));
    const type =
      own.find(({ key }) => key !== undefined)?.key ??
      (place === 'leaf' ? random.pick(types.slice(0, 4)) : random.pick(types));
    const pair = keys.get(type, level);
    const name = w.commonName(place === 'root' ? 'Root' : `Authority ${random.chance(0.2) ? 1 : level}`);
    const plan = honestPlan({ place, pair, name, issuer: issuer ?? { name, keys: pair }, random });
    const planned = own.reduce((current, { plan: spoil }) => spoil?.(current, context) ?? current, plan);
    const spoilt = own.find(({ der }) => der !== undefined)?.der;
    const der = spoilt === undefined ? certificate(planned) : spoilt(planned, context);
    return { authority: { name: planned.subject, keys: pair }, der };
  };

  const made: Made[] = [];
  for (let level = 0; level <= depth + 1; level += 1) made.push(make(level, made.at(-1)?.authority));
  const [root, ...below] = made;
  const leaf = below.pop()!;
  const decoys = decoysFor({ made, random, keys });
  const pool = shuffled([...below.map(({ der }) => der), ...decoys.pool], random);
  return {
    chain: [leaf.der, ...pool],
    roots: shuffled([root!.der, ...decoys.roots], random),
    now: random.chance(0.9) ? now : new Date(now.getTime() + (random.int(5) - 2) * day),
    defects: names,
    hasDecoys: decoys.pool.length + decoys.roots.length > 0,
  };
}

function honestPlan(given: {
  readonly place: Place;
  readonly pair: KeyPair;
  readonly name: Uint8Array;
  readonly issuer: Authority;
  readonly random: Random;
}): CertificatePlan {
  const { place, pair, name, issuer, random } = given;
  const life = { notBefore: at(-1), notAfter: at(place === 'root' ? 300 : 1) };
  if (place !== 'leaf') {
    const names = random.chance(0.5) ? [uri(`spiffe://${domain}`)] : [];
    return authorityPlan({ keys: pair, issuer, name, ...life, names });
  }
  const names = [
    uri(`spiffe://${domain}/workload`),
    ...(random.chance(0.5) ? [dns('workload.internal')] : []),
  ];
  return leafPlan({ keys: pair, issuer, ...life, names });
}

/** Certificates of the right names and wrong keys, copies, and ones that lead nowhere. */
function decoysFor(given: {
  readonly made: readonly Made[];
  readonly random: Random;
  readonly keys: KeyPool;
}): {
  readonly pool: readonly Uint8Array[];
  readonly roots: readonly Uint8Array[];
} {
  const { made, random, keys } = given;
  const decoy = (): Uint8Array => {
    const { authority } = random.pick(made);
    const pair = keys.get('P-256', 5 + random.int(3));
    const own = { name: authority.name, keys: pair };
    return certificate(authorityPlan({ ...own, issuer: own, notBefore: at(-1), notAfter: at(1) }));
  };
  const roots = random.chance(0.3) ? Array.from({ length: 1 + random.int(3) }, decoy) : [];
  const pool = random.chance(0.3) ? Array.from({ length: 1 + random.int(2) }, decoy) : [];
  // The root sent along, or a copy of the leaf.
  if (random.chance(0.2)) pool.push(random.pick(made).der);
  return { pool, roots };
}

function shuffled<T>(items: readonly T[], random: Random): readonly T[] {
  const copy = [...items];
  for (let last = copy.length - 1; last > 0; last -= 1) {
    const other = random.int(last + 1);
    [copy[last], copy[other]] = [copy[other]!, copy[last]!];
  }
  return copy;
}
