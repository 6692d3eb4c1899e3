import { pkcs8Of } from '../support/certificate-factory.ts';
import type { Random } from '../support/random.ts';
import { honestChain, type ChainKind } from '../support/seal-cases/honest.ts';
import { partner, trustDomain, type World } from '../support/seal-cases/world.ts';
import { mutateBytes } from './bytes.ts';
import type { MessageInput } from './input.ts';
import { message, type Field } from './protobuf.ts';

/** Fields of X509SVID. */
interface Svid {
  readonly spiffeId: string;
  /** Of the leaf. */
  readonly spki: Uint8Array;
  readonly chain: Uint8Array;
  readonly key: Uint8Array;
  readonly bundle: Uint8Array;
  readonly hint: string;
}

const ids = ['a', 'b'].map((name) => `spiffe://${trustDomain}/featureseal/worker/demo/${name}`);

/** What the honest server gives; the fuzzer's oracle compares with it. */
export function honestSvids(world: World): readonly Svid[] {
  return world.once('message identities', () =>
    (['root alone', 'intermediate', 'P-384', 'RSA'] as const).flatMap((kind: ChainKind) =>
      ids.map((spiffeId): Svid => {
        const { chain, keys } = honestChain(world, spiffeId, kind);
        const bundle = Buffer.concat([world.oldRoot.der, world.root.der]);
        return {
          spiffeId,
          spki: keys.spki,
          chain: Buffer.concat(chain),
          key: pkcs8Of(keys),
          bundle,
          hint: '',
        };
      }),
    ),
  );
}

type Change = (svids: readonly Svid[], random: Random, world: World) => readonly Svid[];

const first =
  (change: (svid: Svid, random: Random, world: World) => Svid): Change =>
  ([svid, ...others], random, world) => [change(svid!, random, world), ...others];

/** Messages that a client must take for malformed, whole. */
const broken: readonly (readonly [string, Change])[] = [
  ['no SVID', () => []],
  ['65 SVIDs', (svids) => Array.from({ length: 65 }, () => svids[0]!)],
  ['no ID', first((svid) => ({ ...svid, spiffeId: '' }))],
  ['no chain', first((svid) => ({ ...svid, chain: new Uint8Array() }))],
  ['no key', first((svid) => ({ ...svid, key: new Uint8Array() }))],
  ['no bundle', first((svid) => ({ ...svid, bundle: new Uint8Array() }))],
  ['the ID of another', first((svid) => ({ ...svid, spiffeId: `${svid.spiffeId}x` }))],
  ['the key of another', first((svid, _, world) => ({ ...svid, key: pkcs8Of(world.keys('stranger')) }))],
  [
    'a key of another kind',
    first((svid, _, world) => ({ ...svid, key: pkcs8Of(world.keys('stranger', 'Ed25519')) })),
  ],
  [
    'bytes after the chain',
    first((svid) => ({ ...svid, chain: Buffer.concat([svid.chain, Buffer.from([0])]) })),
  ],
  [
    'nine certificates',
    first((svid) => ({ ...svid, chain: Buffer.concat(Array.from({ length: 9 }, () => svid.chain)) })),
  ],
  ['a CA in the place of the leaf', first((svid, _, world) => ({ ...svid, chain: world.root.der }))],
  ['a hint of 1 KiB and more', first((svid) => ({ ...svid, hint: 'h'.repeat(1025) }))],
  [
    'two bundles of one trust domain',
    (svids, _, world) => [...svids, { ...svids[0]!, bundle: Buffer.from(world.root.der) }],
  ],
];

const encode = (svids: readonly Svid[], federated: readonly Field[]): Buffer =>
  message([
    ...svids.map(({ spiffeId, chain, key, bundle, hint }): Field => [
      1,
      [[1, spiffeId], [2, chain], [3, key], [4, bundle], ...(hint === '' ? [] : ([[5, hint]] as const))],
    ]),
    ...federated,
  ]);

/** An answer of FetchX509SVID. */
export function makeMessageInput(world: World, random: Random): MessageInput {
  const honest = honestSvids(world);
  const svids = Array.from({ length: 1 + random.int(2) }, () => random.pick(honest));
  const federated: readonly Field[] = random.chance(0.5)
    ? []
    : [
        [
          3,
          [
            [1, `spiffe://${partner}`],
            [2, world.partnerRoot.der],
          ],
        ],
      ];
  const bytes = encode(svids, federated);
  if (random.chance(0.1)) return { kind: 'message', what: 'nothing', expectation: 'accept', bytes };
  if (random.chance(0.4)) {
    const [what, change] = random.pick(broken);
    const expectation = 'refuse';
    return { kind: 'message', what, expectation, bytes: encode(change(svids, random, world), federated) };
  }
  const mutated = random.chance(0.7)
    ? mutateBytes(bytes, random)
    : mutateBytes(mutateBytes(bytes, random), random);
  return { kind: 'message', what: 'bytes', expectation: 'same identities', bytes: mutated };
}
