import { sealOf, withMember, withSeal, type Json } from '../support/seal-maker.ts';
import { honestScenario } from '../support/seal-cases/honest.ts';
import { defects } from '../support/seal-cases/index.ts';
import { shortIntermediate } from '../support/seal-cases/clock-defects.ts';
import {
  chainOf,
  render,
  withAfter,
  withChain,
  withPlan,
  type Defect,
  type DefectContext,
  type Scenario,
} from '../support/seal-cases/scenario.ts';
import { leafLife } from '../support/seal-cases/world.ts';
import { mutateBytes, mutateText } from './bytes.ts';
import type { SealInput } from './input.ts';
import { scheduled } from './times.ts';

/** One way to make an input of an honest scenario; undefined where this scenario does not lend itself. */
type Make = (honest: Scenario, context: DefectContext) => Omit<SealInput, 'kind'> | undefined;

const usual = defects.filter(({ isHuge }) => isHuge !== true);
const huge = defects.filter(({ isHuge }) => isHuge === true);

const input = (
  what: string,
  expectation: SealInput['expectation'],
  scenario: Scenario,
  refuseChain = false,
): Omit<SealInput, 'kind'> => ({ what, expectation, scenario, refuseChain, text: render(scenario) });

const untouched: Make = (honest, { world, random }) =>
  random.chance(0.1)
    ? input('an intermediate that is still valid', 'accept', shortIntermediate(honest, world))
    : input('nothing', 'accept', honest);

const oneDefect: Make = (honest, context) => {
  const defect: Defect = context.random.pick(context.random.chance(0.002) ? huge : usual);
  const scenario = defect.apply(honest, context);
  return scenario && input(defect.name, 'refuse', scenario, defect.inChain === true);
};

/** What is wrong twice must not become right. */
const twoDefects: Make = (honest, context) => {
  const [first, second] = [context.random.pick(usual), context.random.pick(usual)];
  // The same again may undo itself: a bit flipped twice.
  if (first === second) return undefined;
  const once = first.apply(honest, context);
  const twice = once && second.apply(once, context);
  return twice && input(`${first.name}; ${second.name}`, 'refuse', twice);
};

/** Characters of the whole text. */
const text: Make = (honest, { random }) => {
  const changes = 1 + random.int(3);
  const mutated = Array.from({ length: changes }).reduce<string>(
    (all) => mutateText(all, random),
    render(honest),
  );
  return { ...input('text', 'same claim', honest), text: mutated };
};

/** Characters of the seal, or octets of its parts, without signing again. */
const seal: Make = (honest, { random }) => {
  const scenario = withAfter(honest, (object) => {
    const whole = sealOf(object);
    if (random.chance(0.3)) return withSeal(object, mutateText(whole, random));
    const parts = whole.split('..');
    const part = random.int(2);
    parts[part] = mutateBytes(Buffer.from(parts[part]!, 'base64url'), random).toString('base64url');
    return withSeal(object, parts.join('..'));
  });
  return input('seal', 'same claim', scenario);
};

/** Octets of the header, signed as they then are. */
const header: Make = (honest, { random }) =>
  input('header, signed again', 'own claim', {
    ...honest,
    headerBytes: (written) =>
      random.chance(0.5)
        ? Buffer.from(mutateText(written, random))
        : mutateBytes(Buffer.from(written), random),
  });

/** A member of the header by something of the same type that others have. */
const member: Make = (honest, { random }) => {
  const values: readonly (readonly [string, readonly Json[]])[] = [
    ['typ', ['JWT', '', 'nodefeature-seal+jws ', null]],
    ['alg', ['ES256', 'ES384', 'PS256', 'RS256', 'EdDSA', 'HS256', 'none', 0]],
    ['x5c', [[], [''], ['AA=='], null, {}]],
    ['iat', [0, -1, 1, 2 ** 53, 1e300, true, '1', null]],
    ['cluster', ['', 'demo\u0000', 'Demo', null, []]],
    ['labels', [[], ['team'], null, 'team', [1]]],
    ['annotations', [[], ['absent'], null, [null]]],
  ];
  const [name, choices] = random.pick(values);
  const changed = withPlan(honest, (plan) => withMember(plan, name, random.pick(choices)));
  return input(`header member ${name}`, 'own claim', changed);
};

/** Octets of a certificate; the header is signed again, so that nothing but the certificate tells. */
const certificateBytes: Make = (honest, { random }) => {
  const chain = [...chainOf(honest)];
  const at = random.int(chain.length);
  chain[at] = mutateBytes(chain[at]!, random);
  const isSame = Buffer.compare(chain[at], chainOf(honest)[at]!) === 0;
  const scenario = withChain(honest, chain);
  // An expired leaf over what the mark holds brings nothing new and needs no path, so its bytes are free.
  if (honest.now > leafLife.notAfter.getTime()) return input('certificate, expired', 'own claim', scenario);
  // A root that is sent along is on no path.
  const isOnPath = chain.length < 3 && !isSame;
  const unmarked = { ...scenario, accepted: undefined, nodeCreated: undefined };
  return input('certificate', isOnPath ? 'refuse' : 'own claim', unmarked, isOnPath);
};

/** The spec's text, sealed as it then is. */
const spec: Make = (honest, { random }) => {
  const written = mutateText(JSON.stringify(honest.plan.object.spec), random);
  try {
    const parsed = JSON.parse(written) as Json;
    const changed = withPlan(honest, (plan) => ({ ...plan, object: { ...plan.object, spec: parsed } }));
    return input('spec, signed again', 'own claim', changed);
  } catch {
    return undefined;
  }
};

/** Times around every edge; an oracle of its own says what must come of them. */
const times: Make = (honest, { random }) => {
  const { scenario, verdict } = scheduled(honest, random);
  return input('times', verdict, scenario);
};

const makes: readonly (readonly [weight: number, make: Make])[] = [
  [10, untouched],
  [46, oneDefect],
  [8, twoDefects],
  [8, text],
  [6, seal],
  [4, header],
  [4, member],
  [5, certificateBytes],
  [4, spec],
  [5, times],
];
const wheel = makes.flatMap(([weight, make]) => Array.from({ length: weight }, () => make));

export function makeSealInput(context: DefectContext): SealInput {
  for (;;) {
    const made = context.random.pick(wheel)(honestScenario(context.world, context.random), context);
    if (made !== undefined) return { kind: 'seal', ...made };
  }
}
