/** A seeded source of chance (mulberry32): the same seed gives the same history on every machine. */
export type Random = {
  /** In [0, 1). */
  next: () => number;
  /** Whole number from 0 to below `bound`. */
  below: (bound: number) => number;
  chance: (probability: number) => boolean;
  pick: <T>(items: readonly T[]) => T | undefined;
  /** A generator of its own, so that drawing more in one place does not shift another. */
  fork: () => Random;
};

export function makeRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (bound: number) => Math.floor(next() * bound);
  return {
    next,
    below,
    chance: (probability) => next() < probability,
    pick: (items) => items[below(items.length)],
    fork: () => makeRandom(below(2 ** 32)),
  };
}
