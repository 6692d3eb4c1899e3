import type { Cut } from './cut.ts';
import { earlyCuts } from './early-cuts.ts';
import { lateCuts } from './late-cuts.ts';

/** Every check that can be told from outside: with it cut, something is accepted that must not be. */
export const cuts: readonly Cut[] = [...earlyCuts, ...lateCuts];
