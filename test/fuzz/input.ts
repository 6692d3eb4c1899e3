import type { Scenario } from '../support/seal-cases/scenario.ts';

/** What the oracle holds an outcome to. */
export type Expectation =
  /** Nothing is wrong: refusing it takes labels from an honest node. */
  | 'accept'
  /** A rule is broken by construction. */
  | 'refuse'
  /** Bytes changed somewhere: accepted only where it still is the claim of the honest object. */
  | 'same claim'
  /** Signed by the right key after the change: accepted only as what it says, within the rules. */
  | 'own claim';

/** One object for the verifier. */
export interface SealInput {
  readonly kind: 'seal';
  /** What was done to an honest one. */
  readonly what: string;
  readonly expectation: Expectation;
  readonly text: string;
  readonly scenario: Scenario;
  /** The certificates by themselves must be refused too. */
  readonly refuseChain: boolean;
}

/** One message of a Workload API. */
export interface MessageInput {
  readonly kind: 'message';
  readonly what: string;
  readonly expectation: 'accept' | 'refuse' | 'same identities';
  readonly bytes: Buffer;
}

export type Input = SealInput | MessageInput;
