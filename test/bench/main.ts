// npm run bench: discovery, signing, verification and the worker's process, each beside its floor, in one run and by turns.
// Ratios count, not times.
import {
  createHash,
  createPrivateKey,
  sign as rawSign,
  verify as rawVerify,
  X509Certificate,
} from 'node:crypto';
import { readEnvelope, signingInput } from '../../src/seal/envelope.ts';
import { signNodeFeature } from '../../src/seal/sign.ts';
import { SealTrust } from '../../src/seal/trust.ts';
import { verifyNodeFeature } from '../../src/seal/verify.ts';
import { parseFrame } from '../../src/feature/parse.ts';
import { canonicalBytes } from '../../src/feature/payload.ts';
import { discoverySubjects } from './discovery.ts';
import { medians, type Subject } from './interleaved.ts';
import { createAuthority, nodeFeatureOf, policy } from './subjects.ts';
import { measureWorker } from './worker.ts';

const kilobytes = 100;
const rounds = 400;
const authority = await createAuthority();
const request = { spiffeId: 'spiffe://example.org/worker/bench/node-a', ttlMs: 3_600_000 };
const svid = await authority.issue(request);
const bundles = authority.bundles();
const now = new Date();
const object = nodeFeatureOf(kilobytes);
const sealed = await signNodeFeature(object, { svid, cluster: 'bench', now });
const text = JSON.stringify(sealed);

// The floor of a verification: parse, hash and one signature check of the very same bytes.
const envelope = readEnvelope(parseFrame(sealed));
const payload = canonicalBytes(sealed, envelope.header.covered);
const data = signingInput(envelope.protected, payload);
const publicKey = new X509Certificate(svid.chain[0] ?? new Uint8Array()).publicKey;
const floorKey = { key: publicKey, dsaEncoding: 'ieee-p1363' } as const;
const privateKey = createPrivateKey({
  key: Buffer.from(await globalThis.crypto.subtle.exportKey('pkcs8', svid.key)),
  format: 'der',
  type: 'pkcs8',
});

const options = { bundles, policy, now };
const verify = (from: string, trust: SealTrust): Promise<unknown> =>
  verifyNodeFeature(from, { ...options, trust });
const warm = new SealTrust();
await verify(text, warm);

/** Of another chain under the same root: a verifier that judged it knows the bundle, and nothing of the chain measured. */
const neighbour = await signNodeFeature(nodeFeatureOf(1), {
  svid: await authority.issue(request),
  cluster: 'bench',
  now,
});
let cold = warm;
let unseen = text;

const names = {
  raw: 'verification: raw verify alone',
  warm: 'verification: warm chain',
  cold: 'verification: cold chain of leaf and intermediate',
};
const groups: readonly (readonly Subject[])[] = [
  await discoverySubjects(),
  [
    { name: 'signing: floor, raw signature', run: () => rawSign('sha256', data, privateKey) },
    {
      name: 'signing: signNodeFeature',
      run: () => signNodeFeature(object, { svid, cluster: 'bench', now }),
    },
  ],
  [
    {
      name: 'verification: floor, JSON.parse + SHA-256 + raw verify',
      prepare: sealAnother,
      run: () => {
        JSON.parse(unseen);
        createHash('sha256').update(payload).digest();
        rawVerify('sha256', data, floorKey, envelope.signature);
      },
    },
    {
      name: names.raw,
      run: () => rawVerify('sha256', data, floorKey, envelope.signature),
    },
    { name: names.warm, prepare: sealAnother, run: () => verify(unseen, warm) },
    { name: 'verification: warm chain, seen before', run: () => verify(text, warm) },
    {
      name: names.cold,
      prepare: async () => {
        await sealAnother();
        cold = new SealTrust();
        await verify(JSON.stringify(neighbour), cold);
      },
      run: () => verify(unseen, cold),
    },
  ],
];

/** A text that nobody has parsed and a signature that nobody has seen; made outside of the measurement. */
async function sealAnother(): Promise<void> {
  unseen = JSON.stringify(await signNodeFeature(object, { svid, cluster: 'bench', now }));
}

process.stdout.write(
  `object of ${String(text.length)} characters; median of ${String(rounds)} rounds, and its ratio to the floor of its group\n\n`,
);
const all = new Map<string, number>();
for (const group of groups) {
  const times = await medians(group, rounds);
  const floor = times.get(group[0]?.name ?? '') ?? NaN;
  for (const [name, ms] of times) {
    all.set(name, ms);
    process.stdout.write(
      `${name.padEnd(60)} ${ms.toFixed(3).padStart(10)} ms  ${(ms / floor).toFixed(2).padStart(7)}\n`,
    );
  }
}
const [raw = NaN, warmMs = NaN, coldMs = NaN] = [names.raw, names.warm, names.cold].map((name) =>
  all.get(name),
);
process.stdout.write(
  `\na cold chain costs ${((coldMs - warmMs) / raw).toFixed(2)} raw verifications more than a warm one\n`,
);
process.stdout.write(`\n${await measureWorker()}`);
