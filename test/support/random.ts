/** Random choices that a seed repeats. */
export interface Random {
  /** From 0 to `below` - 1. */
  int(below: number): number;
  chance(probability: number): boolean;
  pick<T>(items: readonly T[]): T;
}

/** sfc32 (Chris Doty-Humphrey's Small Fast Counting generator), its own stream for each (seed, index). */
export function randomFrom(seed: number, index: number): Random {
  let a = seed >>> 0;
  let b = index >>> 0;
  let c = (Math.floor(index / 2 ** 32) ^ 0x9e3779b9) >>> 0;
  let counter = 1;
  const next = (): number => {
    const sum = (a + b + counter) >>> 0;
    counter = (counter + 1) >>> 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) >>> 0;
    c = (((c << 21) | (c >>> 11)) + sum) >>> 0;
    return sum;
  };
  for (let round = 0; round < 12; round += 1) next();
  const random: Random = {
    int: (below) => next() % below,
    chance: (probability) => next() < probability * 2 ** 32,
    pick: (items) => items[random.int(items.length)]!,
  };
  return random;
}
