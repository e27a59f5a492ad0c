import { estimateTokens } from "#shared/chunking/estimate-tokens.ts";

/** What the estimate of chunk sizes falls short by at most on ordinary prose, tables and code. */
const MARGIN = 1.1;

/**
 * What vocabularies have few entries for, and that estimate counts as ordinary words: tokens per character of it beyond those
 * counted. Measured against o200k.
 */
const RARE: readonly { pattern: RegExp; perCharacter: number; where?: (match: string) => boolean }[] = [
  // Compounds of German, Finnish, Turkish; names in code.
  { pattern: /(?<=[A-Za-z]{6})[a-z]+/g, perCharacter: 0.12 },
  { pattern: /(?<![a-z])[A-Z]{4,}(?![a-z])/g, perCharacter: 0.22 },
  // No word of a language.
  { pattern: /[bcdfghjklmnpqrstvwxz]{4,}/gi, perCharacter: 0.3 },
  // Keys and hashes in base64.
  {
    pattern: /[A-Za-z0-9+/_=-]{24,}/g,
    perCharacter: 0.25,
    where: (match) => /\d/.test(match) && /[A-Z]/.test(match),
  },
  { pattern: /[!-/:-@[-`{-~]{3,}/g, perCharacter: 0.3 },
];

/**
 * Tokens that a text takes of a model's context, without a tokenizer and its vocabulary: never a tenth less than o200k counts, words of
 * no language aside.
 */
export function budgetTokens(text: string): number {
  const rare = RARE.reduce((sum, { pattern, perCharacter, where = () => true }) => {
    const matches = text.match(pattern)?.filter(where) ?? [];
    return sum + perCharacter * matches.reduce((length, match) => length + match.length, 0);
  }, 0);
  return Math.ceil(estimateTokens(text) * MARGIN + rare);
}

const CUT = " …";

/**
 * The beginning of a text that takes at most so many tokens, up to the end of a line, else of a word; what is cut ends with an ellipsis.
 * Empty when not even a word fits.
 */
export function cutToBudget(text: string, tokens: number): string {
  if (budgetTokens(text) <= tokens) return text;
  let fits = 0;
  let tooMany = text.length;
  while (tooMany - fits > 1) {
    const middle = (fits + tooMany) >> 1;
    if (budgetTokens(text.slice(0, middle) + CUT) <= tokens) fits = middle;
    else tooMany = middle;
  }
  const kept = text.slice(0, fits);
  const line = kept.lastIndexOf("\n");
  const word = kept.search(/\s\S*$/);
  // A line may be long, and some scripts have no spaces: half of what fits is not given up for an end.
  const end = line > fits / 2 ? line : word > fits / 2 ? word : fits;
  const cut = kept.slice(0, end).trimEnd();
  return cut === "" ? "" : cut.toWellFormed() + CUT;
}

/**
 * How many tokens each of these needs may take so that all fit: those above an equal share get the same, and what others leave of theirs.
 */
export function shareBudget(needs: readonly number[], tokens: number): number[] {
  let left = tokens;
  const shares = needs.map(() => 0);
  const byNeed = needs.map((need, index) => ({ need, index })).toSorted((a, b) => a.need - b.need);
  for (const [place, { need, index }] of byNeed.entries()) {
    const share = Math.min(need, Math.floor(left / (needs.length - place)));
    shares[index] = share;
    left -= share;
  }
  return shares;
}

/** The first of these that take at most so many tokens together. */
export function firstWithin<Item>(
  items: readonly Item[],
  tokens: number,
  tokensOf: (item: Item) => number,
): Item[] {
  let left = tokens;
  const end = items.findIndex((item) => {
    left -= tokensOf(item);
    return left < 0;
  });
  return end === -1 ? [...items] : items.slice(0, end);
}
