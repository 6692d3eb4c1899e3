import { randomFrom } from '../support/random.ts';
import type { World } from '../support/seal-cases/world.ts';
import type { Input } from './input.ts';
import { makeMessageInput } from './messages.ts';
import { makeSealInput } from './seals.ts';

/** The input of this seed and number: the same decisions each time, over the world's own keys. */
export function makeInput(world: World, seed: number, index: number): Input {
  const random = randomFrom(seed, index);
  return random.chance(0.08) ? makeMessageInput(world, random) : makeSealInput({ world, random });
}
