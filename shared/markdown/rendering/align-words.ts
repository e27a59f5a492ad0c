/** Limit of comparison steps; an endlessly repetitive text is left unaligned instead of compared forever. */
const MAX_STEPS = 2_000_000;

/**
 * Maps each word of `words` to its index in `others`, or -1: words that occur once in both and in the same order are fixed
 * points (patience diff); equal words next to them follow, and so on between them.
 */
export function alignWords(words: readonly string[], others: readonly string[]): Int32Array {
  const aligned = new Int32Array(words.length).fill(-1);
  let steps = 0;
  const ranges = [{ from: 0, to: words.length, otherFrom: 0, otherTo: others.length }];
  for (let range = ranges.pop(); range && steps < MAX_STEPS; range = ranges.pop()) {
    let { from, to, otherFrom, otherTo } = range;
    steps += to - from + otherTo - otherFrom;
    while (from < to && otherFrom < otherTo && words[from] === others[otherFrom])
      aligned[from++] = otherFrom++;
    while (from < to && otherFrom < otherTo && words[to - 1] === others[otherTo - 1])
      aligned[--to] = --otherTo;
    if (from === to || otherFrom === otherTo) continue;
    const fixed = fixedPoints(words, others, { from, to, otherFrom, otherTo });
    if (fixed.length === 0) continue;
    for (const [place, other] of fixed) {
      ranges.push({ from, to: place, otherFrom, otherTo: other });
      aligned[place] = other;
      from = place + 1;
      otherFrom = other + 1;
    }
    ranges.push({ from, to, otherFrom, otherTo });
  }
  return aligned;
}

type Range = { from: number; to: number; otherFrom: number; otherTo: number };

/** Words that occur once in both ranges: the longest sequence with the same order in both. */
function fixedPoints(words: readonly string[], others: readonly string[], range: Range): [number, number][] {
  const places = once(words, range.from, range.to);
  const otherPlaces = once(others, range.otherFrom, range.otherTo);
  const pairs: [number, number][] = [];
  for (const [word, place] of places) {
    const other = otherPlaces.get(word);
    if (place >= 0 && other !== undefined && other >= 0) pairs.push([place, other]);
  }
  return longestIncreasing(pairs);
}

/** The position of each word that occurs once; -1 for those that occur more often. */
function once(words: readonly string[], from: number, to: number): Map<string, number> {
  const places = new Map<string, number>();
  for (let place = from; place < to; place++) {
    const word = words[place] ?? "";
    places.set(word, places.has(word) ? -1 : place);
  }
  return places;
}

/** The longest subsequence of pairs (ascending by the first) that also ascends by the second. */
function longestIncreasing(pairs: readonly [number, number][]): [number, number][] {
  const ends: number[] = [];
  const before = new Int32Array(pairs.length).fill(-1);
  for (const [index, [, other]] of pairs.entries()) {
    let low = 0;
    let high = ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((pairs[ends[middle] ?? 0]?.[1] ?? 0) < other) low = middle + 1;
      else high = middle;
    }
    before[index] = low > 0 ? (ends[low - 1] ?? -1) : -1;
    ends[low] = index;
  }
  const found: [number, number][] = [];
  for (let index = ends.at(-1) ?? -1; index !== -1; index = before[index] ?? -1) {
    const pair = pairs[index];
    if (pair) found.push(pair);
  }
  return found.reverse();
}
