/** What a thread is started with. Batches of 64 from `first`, one every `stride` inputs. */
export interface ThreadData {
  readonly seed: number;
  readonly first: number;
  readonly end: number;
  readonly stride: number;
  readonly cut: string | undefined;
  readonly progress: SharedArrayBuffer;
}

export interface Tally {
  /** Sealed objects by the step that refused them: 1 to 7, 8 for accepted ones, 0 for those that broke the verifier. */
  readonly endedAt: number[];
  acceptedMessages: number;
  refusedMessages: number;
}

export interface Violation {
  readonly index: number;
  /** What was done to the input. */
  readonly what: string;
  readonly violation: string;
  /** All that is needed to judge it again. */
  readonly evidence: object;
}

export interface ThreadMessage {
  readonly tally: Tally;
  readonly violations: readonly Violation[];
}

export function emptyTally(): Tally {
  return { endedAt: Array.from({ length: 9 }, () => 0), acceptedMessages: 0, refusedMessages: 0 };
}

export function addTally(sum: Tally, { endedAt, acceptedMessages, refusedMessages }: Tally): void {
  for (const [step, count] of endedAt.entries()) sum.endedAt[step]! += count;
  sum.acceptedMessages += acceptedMessages;
  sum.refusedMessages += refusedMessages;
}

export function objectsIn({ endedAt }: Tally): number {
  return endedAt.reduce((sum, count) => sum + count, 0);
}

export function inputsIn(tally: Tally): number {
  return objectsIn(tally) + tally.acceptedMessages + tally.refusedMessages;
}

/** How many inputs got as far as this step. */
export function reached({ endedAt }: Tally, step: number): number {
  return endedAt.slice(step).reduce((sum, count) => sum + count, 0);
}
