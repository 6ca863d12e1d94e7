/** Draws a u32. Always passed in, so that a run is repeated by its seed. */
export type Random = () => number;

/** Where the numbers of a run come from: different things draw from different generators. */
export const SEEDS = {
  cluster: 1,
  packets: 2,
  controlPoints: 3,
  allocation: 4,
  flows: 5,
  bootstrap: 6,
  churn: 7,
  memory: 8,
  flowHash: 0x5eed,
} as const;

/**
 * Mulberry32: one word of state, every seed is good.
 * @see Tommy Ettinger, mulberry32.c, public domain
 */
export function seededRandom(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let word = Math.imul(state ^ (state >>> 15), state | 1);
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61);
    return (word ^ (word >>> 14)) >>> 0;
  };
}

/** An integer from 0 to `bound` - 1. */
export function below(random: Random, bound: number): number {
  return Math.floor((random() / 0x100000000) * bound);
}

/** Whether to do what happens once in `n` times. */
export function oneIn(random: Random, n: number): boolean {
  return below(random, n) === 0;
}

/** Shuffles in place (Fisher and Yates). */
export function shuffle<Item>(random: Random, items: Item[]): Item[] {
  for (let last = items.length - 1; last > 0; last--) {
    const other = below(random, last + 1);
    [items[last], items[other]] = [items[other] as Item, items[last] as Item];
  }
  return items;
}

/** Draws numbers below `bound` of which no two are alike. */
export function distinctBelow(random: Random, bound: number): () => number {
  const drawn = new Set<number>();
  return () => {
    for (;;) {
      const number = below(random, bound);
      if (drawn.has(number)) continue;
      drawn.add(number);
      return number;
    }
  };
}
