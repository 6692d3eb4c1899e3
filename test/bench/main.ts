// npm run bench: discovery, signing and verification, each beside its floor, in one run. Ratios count, not times.
import {
  createHash,
  createPrivateKey,
  sign as rawSign,
  verify as rawVerify,
  X509Certificate,
} from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Bench } from 'tinybench';
import { discoverAll } from '../../src/plugin/discover.ts';
import { loadBuiltinPlugins } from '../../src/plugin/load.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { readEnvelope, signingInput } from '../../src/seal/envelope.ts';
import { signNodeFeature } from '../../src/seal/sign.ts';
import { SealTrust } from '../../src/seal/trust.ts';
import { verifyNodeFeature } from '../../src/seal/verify.ts';
import { parseFrame } from '../../src/feature/parse.ts';
import { canonicalBytes } from '../../src/feature/payload.ts';
import { createAuthority, nodeFeatureOf, policy } from './subjects.ts';
import { filesReadBy } from './traced-files.ts';

const kilobytes = 100;
const authority = await createAuthority();
const svid = await authority.issue({
  spiffeId: 'spiffe://example.org/worker/bench/node-a',
  ttlMs: 3_600_000,
});
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
let unseen = text;
const warm = new SealTrust();
await verifyNodeFeature(text, { ...options, trust: warm });

const plugins = await loadBuiltinPlugins();
const discover = (): Promise<unknown> =>
  discoverAll({
    plugins,
    hostRoot: '/',
    signal: new AbortController().signal,
    log: silentLog,
    clock: systemClock,
    deadlineMs: 60_000,
  });
const files = await filesReadBy(discover);

const bench = new Bench({ time: 1500, warmupTime: 300 });
bench
  .add('discovery: floor, reading the same files', () => {
    for (const file of files) tryRead(file);
  })
  .add('discovery: all sources', discover)
  .add('signing: floor, raw signature', () => rawSign('sha256', data, privateKey))
  .add('signing: signNodeFeature', () => signNodeFeature(object, { svid, cluster: 'bench', now }))
  .add(
    'verification: floor, JSON.parse + SHA-256 + raw verify',
    () => {
      JSON.parse(unseen);
      createHash('sha256').update(payload).digest();
      rawVerify('sha256', data, floorKey, envelope.signature);
    },
    { beforeEach: sealAnother },
  )
  .add('verification: raw verify alone', () => rawVerify('sha256', data, floorKey, envelope.signature))
  .add('verification: cold chain', () => verifyNodeFeature(text, options))
  .add('verification: warm chain', () => verifyNodeFeature(unseen, { ...options, trust: warm }), {
    beforeEach: sealAnother,
  })
  .add('verification: cached', () => verifyNodeFeature(text, { ...options, trust: warm }));
await bench.run();

/** A text that nobody has parsed and a signature that nobody has seen; made outside of the measurement. */
async function sealAnother(): Promise<void> {
  unseen = JSON.stringify(await signNodeFeature(object, { svid, cluster: 'bench', now }));
}

function tryRead(file: string): void {
  try {
    readFileSync(file);
  } catch {
    // As a plugin finds it: some files of a host are not to be read.
  }
}

const medians = new Map(
  bench.tasks.map(({ name, result }) => [name, 'latency' in result ? result.latency.p50 : NaN]),
);
process.stdout.write(
  `object of ${String(text.length)} characters; median of each, and its ratio to the floor before it\n\n`,
);
let floor = NaN;
for (const [name, ms] of medians) {
  if (name.includes('floor')) floor = ms;
  process.stdout.write(
    `${name.padEnd(60)} ${ms.toFixed(3).padStart(10)} ms  ${(ms / floor).toFixed(2).padStart(7)}\n`,
  );
}
