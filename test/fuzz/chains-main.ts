// npm run fuzz:chains -- --count N [--seed S] [--from N]; FEATURESEAL_INTEROP_BIN names the folder of the Go program.
import { parseArgs } from 'node:util';
import { interopBin, Peer } from '../interop/peer.ts';
import { compareWithGo, type Disagreement } from './differential.ts';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '2000' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 32)) },
    from: { type: 'string', default: '0' },
  },
});
const [count, seed, first] = [values.count, values.seed, values.from].map(Number) as [number, number, number];
const say = (text: string): void => void process.stdout.write(`${text}\n`);

function shown({ index, mode, ours, theirs, input }: Disagreement): string {
  return `  ${index} (${mode}): ours ${ours || 'accepts'}, Go ${theirs || 'accepts'}; ${input.defects.join(', ')}`;
}

if (interopBin === undefined) {
  process.stderr.write('FEATURESEAL_INTEROP_BIN is not set: build test/interop/peer with its build.sh\n');
  process.exit(2);
}
say(`seed ${seed}`);
const peer = new Peer('x509');
const started = performance.now();
const result = await compareWithGo(peer, { seed, first, count });
await peer.close();
say(
  `${result.count} chains in ${((performance.now() - started) / 1000).toFixed(1)} s, each as a path and as an SVID`,
);
say(`both accept ${result.bothAccept}, both refuse ${result.bothRefuse}`);
say('stricter than Go:');
for (const [rule, times] of [...result.stricter].sort(([, a], [, b]) => b - a)) say(`  ${times} ${rule}`);
for (const [what, all] of [
  ['milder than Go', result.milder],
  ['unexplained', result.unexplained],
] as const) {
  say(`${what}: ${all.length}`);
  for (const each of all.slice(0, 20)) say(shown(each));
}
process.exitCode = result.milder.length + result.unexplained.length === 0 ? 0 : 1;
