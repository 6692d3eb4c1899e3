// What is under test. Loaded after the loader was told what to cut, so nothing else here imports from src.
import { FeaturesealError, verificationStep } from '../../src/error.ts';
import { parsePolicy, type Policy } from '../../src/seal/policy.ts';
import { SealTrust } from '../../src/seal/trust.ts';
import { verifyNodeFeature } from '../../src/seal/verify.ts';
import { verifyX509Svid } from '../../src/spiffe/verify-svid.ts';
import { parseX509Context } from '../../src/spiffe/workload-api/context.ts';
import { chainOf, type PolicyObject } from '../support/seal-cases/scenario.ts';
import type { World } from '../support/seal-cases/world.ts';
import type { Input, MessageInput, SealInput } from './input.ts';
import { honestSvids } from './messages.ts';
import { holeIn } from './oracle.ts';

/** What came of one input. `step` is the one that refused it, 8 for an accepted one, 0 for a message. */
export interface Verdict {
  readonly step: number;
  readonly code: string;
  readonly violation?: string;
}

export class Target {
  readonly #world: World;
  /** Shared by most inputs: what is remembered of one must not help another. */
  readonly #trust = new SealTrust();
  readonly #policies = new WeakMap<PolicyObject, Policy>();

  constructor(world: World) {
    this.#world = world;
  }

  async judge(input: Input, index: number): Promise<Verdict> {
    try {
      return input.kind === 'seal' ? await this.#seal(input, index) : await this.#message(input);
    } catch (thrown) {
      const told = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
      return { step: 0, code: 'crash', violation: `crash: ${told}` };
    }
  }

  async #seal(input: SealInput, index: number): Promise<Verdict> {
    const { scenario, text } = input;
    const { bundles, accepted, nodeCreated } = scenario;
    const now = new Date(scenario.now);
    if (input.refuseChain) {
      const chain = chainOf(scenario);
      const code = await refusal(() => verifyX509Svid({ chain, bundles, now }));
      if (code === undefined)
        return { step: 8, code: 'accepted', violation: 'false accept: as an X.509-SVID' };
    }
    let outcome;
    const code = await refusal(async () => {
      outcome = await verifyNodeFeature(text, {
        bundles,
        policy: this.#policy(scenario.policy),
        now,
        accepted,
        nodeCreated: nodeCreated === undefined ? undefined : new Date(nodeCreated),
        trust: index % 4 === 0 ? undefined : this.#trust,
      });
    });
    if (outcome !== undefined) {
      const hole = holeIn(input, outcome);
      const violation = hole === undefined ? {} : { violation: `false accept: ${hole}` };
      return { step: 8, code: 'accepted', ...violation };
    }
    const step = verificationStep(code as Parameters<typeof verificationStep>[0]);
    if (step === undefined)
      return { step: 0, code: String(code), violation: `crash: refused with ${String(code)}` };
    const violation = input.expectation === 'accept' ? { violation: `false refusal: ${String(code)}` } : {};
    return { step, code: String(code), ...violation };
  }

  async #message({ bytes, expectation }: MessageInput): Promise<Verdict> {
    let context: Awaited<ReturnType<typeof parseX509Context>> | undefined;
    const keys = { crypto: globalThis.crypto, extractableKeys: false };
    const code = await refusal(async () => {
      context = await parseX509Context(bytes, keys);
    });
    if (context === undefined) {
      const violation = expectation === 'accept' ? { violation: `false refusal: ${String(code)}` } : {};
      return { step: 0, code: String(code), ...violation };
    }
    if (expectation === 'refuse')
      return { step: 0, code: 'accepted', violation: 'false accept: of a message' };
    const honest = honestSvids(this.#world);
    // The bundle that judges the path is not the client's to choose; the ID and the key that proves it are.
    const isHonest = context.svids.every(({ spiffeId, chain: [leaf] }) =>
      honest.some((svid) => svid.spiffeId === spiffeId && Buffer.from(leaf!).indexOf(svid.spki) >= 0),
    );
    const violation = isHonest ? {} : { violation: 'false accept: a message with another identity' };
    return { step: 0, code: 'accepted', ...violation };
  }

  #policy(object: PolicyObject): Policy {
    const known = this.#policies.get(object) ?? parsePolicy(object);
    this.#policies.set(object, known);
    return known;
  }
}

/** The code of a refusal, undefined where there was none; anything else that is thrown is thrown on. */
async function refusal(work: () => unknown): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (thrown) {
    if (thrown instanceof FeaturesealError) return thrown.code;
    throw thrown;
  }
}
