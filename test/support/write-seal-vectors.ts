// Writes docs/seal-vectors/*.json and the example of docs/seal.md anew: npm run vectors. Keys and ECDSA signatures are
// random, so every run writes other bytes; the files are fixed, and tests read the files.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { verificationStep } from '../../src/error.ts';
import { reasonCodes, type ReasonCode } from '../../src/error-codes.ts';
import { randomFrom } from './random.ts';
import { acceptedScenarios, exampleName } from './seal-cases/accepted.ts';
import { plainScenario } from './seal-cases/honest.ts';
import { defects } from './seal-cases/index.ts';
import { render, type Defect, type Scenario } from './seal-cases/scenario.ts';
import { World } from './seal-cases/world.ts';
import { digestOf, headerText, payloadText } from './seal-maker.ts';

const docs = join(import.meta.dirname, '../../docs');
const titles = ['object', 'envelope', 'leaf', 'path', 'signature', 'policy', 'freshness'];
const random = randomFrom(1, 0);

/** One vector; bundles and policy are named, and stand once in the file. */
class VectorFile {
  readonly #description: string;
  readonly #bundles = new Map<string, string>();
  readonly #policies = new Map<string, string>();
  readonly #vectors: object[] = [];

  constructor(description: string) {
    this.#description = description;
  }

  add(name: string, { bundles, policy, now, accepted, nodeCreated, ...rest }: Scenario, code?: string): void {
    const base64 = [...bundles].map(([domain, roots]) => [
      domain,
      roots.map((der) => Buffer.from(der).toString('base64')),
    ]);
    this.#vectors.push({
      name,
      verdict: code === undefined ? 'accept' : 'refuse',
      code,
      bundles: nameOf(this.#bundles, JSON.stringify(Object.fromEntries(base64))),
      policy: nameOf(this.#policies, JSON.stringify(policy)),
      now: new Date(now).toISOString(),
      accepted,
      nodeCreated: nodeCreated === undefined ? undefined : new Date(nodeCreated).toISOString(),
      nodeFeature: render({ bundles, policy, now, ...rest }),
    });
  }

  write(file: string): void {
    const parsed = (map: ReadonlyMap<string, string>): object =>
      Object.fromEntries([...map].map(([text, name]) => [name, JSON.parse(text) as unknown]));
    const content = {
      description: this.#description,
      bundles: parsed(this.#bundles),
      policies: parsed(this.#policies),
      vectors: this.#vectors,
    };
    writeFileSync(join(docs, 'seal-vectors', file), `${JSON.stringify(content, null, 1)}\n`);
  }
}

function nameOf(known: Map<string, string>, text: string): string {
  const name = known.get(text) ?? (known.size === 0 ? 'usual' : `other ${known.size}`);
  known.set(text, name);
  return name;
}

/** The first honest scenario that the defect has something to break in. */
function broken(defect: Defect, world: World): Scenario {
  for (const kind of ['root alone', 'RSA'] as const) {
    for (const signer of [0, 2, 3]) {
      const scenario = defect.apply(plainScenario(world, kind, 'node-a', signer), { world, random });
      if (scenario !== undefined) return scenario;
    }
  }
  throw new Error(`no scenario for: ${defect.name}`);
}

function writeVectors(world: World): void {
  const accept = new VectorFile('Every one must be accepted.');
  for (const [name, scenario] of acceptedScenarios(world)) accept.add(name, scenario);
  accept.write('accept.json');

  for (const [index, title] of titles.entries()) {
    const step = index + 1;
    const file = new VectorFile(`Every one must be refused, by a check of step ${step} (${title}).`);
    for (const defect of defects) {
      if (defect.isHuge === true || verificationStep(defect.code as ReasonCode) !== step) continue;
      file.add(defect.name, broken(defect, world), defect.code);
    }
    file.write(`refuse-${step}-${title}.json`);
  }
}

/** The blocks of docs/seal.md between ```kind and ```. */
function writeExample(world: World): void {
  const scenario = new Map(acceptedScenarios(world)).get(exampleName)!;
  const text = render(scenario);
  const short = (long: string): string => long.replace(/("x5c":\[")([^"]{24})[^"]*("\])/, '$1$2…$3');
  const object = JSON.stringify(JSON.parse(text), null, 2).replace(
    /("featureseal\.io\/signature": ")([^"]{40})[^"]*("?)/,
    '$1$2…$3',
  );
  const payload = payloadText(scenario.plan);
  const blocks: readonly (readonly [string, string])[] = [
    ['json object', object],
    ['json header', short(headerText(scenario.plan))],
    ['text payload', payload],
    ['text digest', digestOf(payload)],
  ];
  const file = join(docs, 'seal.md');
  const filled = blocks.reduce(
    (page, [info, block]) =>
      page.replace(
        new RegExp(`(\`\`\`${info}\n)[^]*?(\n\`\`\`)`),
        (_, start: string, end: string) => start + block + end,
      ),
    readFileSync(file, 'utf8'),
  );
  writeFileSync(file, filled);
}

const world = new World();
writeVectors(world);
writeExample(world);
process.stdout.write(`${Object.keys(reasonCodes).length} codes, ${defects.length} defects\n`);
