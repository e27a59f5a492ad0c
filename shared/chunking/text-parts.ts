import { estimateTokens } from "./estimate-tokens.ts";

export type Range = { from: number; to: number };

/** Text that must stay whole: links, images, code, tags, escapes. Bounded, because text of megabytes is not a link. */
const ATOM =
  /!?\[(?:\\.|[^[\]\\]|!\[(?:\\.|[^[\]\\]){0,1000}\]\([^()\s]*\)){0,4000}\]\((?:[^()\s]|\([^()\s]*\)){0,4000}\)|(?:(?<!`)|(?<=\\`))(`+)(?!`)(?:[^`]|[^`].{0,2000}?[^`])\1(?!`)|<[a-zA-Z/][^<>]*>|\\./g;
/**
 * Ends of sentences in any script: the marks of scripts with ASCII punctuation only before a space (`v1.2`, `e.g.`), those of
 * others anywhere, with closing quotes and brackets.
 */
export const SENTENCE_END =
  /[.!?…]["'”’»)\]*_~]*(?=\s|<br>|$)|(?![.!?…])[\p{Sentence_Terminal}\u0f0d\u0f0e]+["'”’»)\]*_~）」』】》〉]*/gu;

/**
 * Splits a range of one line into parts of about `tokens` at most: after sentences (or what `ends` matches), a longer sentence at
 * spaces, a longer word anywhere; with `ends: null`, a text without sentences. Never splits a link or code of at most
 * `atomTokens`. White space at a split goes to the beginning of the next part. Lazy: a line may have millions of sentences.
 */
export function* textParts(
  markdown: string,
  range: Range,
  { tokens, atomTokens, ends = SENTENCE_END }: { tokens: number; atomTokens: number; ends?: RegExp | null },
): Generator<Range & { tokens: number }> {
  const text = markdown.slice(range.from, range.to);
  const isInSentence = insideAtoms(text, atomTokens);
  const isInWord = insideAtoms(text, atomTokens);
  let start = 0;
  const part = (end: number): (Range & { tokens: number }) | null => {
    const from = start;
    if (end <= from) return null;
    start = end;
    return { from: range.from + from, to: range.from + end, tokens: estimateTokens(text.slice(from, end)) };
  };
  for (const end of sentenceEnds(text, ends)) {
    if (end < text.length && (isInSentence(end) || readsAsBlock(text, end))) continue;
    const sentence = text.slice(start, end);
    if (estimateTokens(sentence) > tokens) {
      for (const place of wordEnds(text, start, end, tokens, isInWord)) {
        const piece = part(place);
        if (piece) yield piece;
      }
    }
    const rest = part(end);
    if (rest) yield rest;
  }
}

function* sentenceEnds(text: string, pattern: RegExp | null): Generator<number> {
  for (const match of pattern ? text.matchAll(pattern) : []) {
    const end = match.index + match[0].length;
    if (end < text.length) yield end;
  }
  yield text.length;
}

/** Positions, each about `limit` tokens after the previous one, at spaces where possible. */
function* wordEnds(
  text: string,
  from: number,
  to: number,
  limit: number,
  isInside: (place: number) => boolean,
): Generator<number> {
  let start = from;
  let lastSpace = from;
  let tokens = 0;
  let tokensAtSpace = 0;
  for (let index = from; index < to - 1; index++) {
    const code = text.charCodeAt(index);
    if (code === 0x20 && !isInside(index) && !readsAsBlock(text, index)) {
      lastSpace = index;
      tokensAtSpace = tokens;
    }
    tokens += leastTokens(code);
    if (tokens < limit) continue;
    const splitsPair = (text.charCodeAt(index + 1) & 0xfc00) === 0xdc00;
    if (lastSpace > start) {
      start = lastSpace;
      tokens -= tokensAtSpace;
    } else if (
      !splitsPair &&
      !isInside(index + 1) &&
      (tokens >= 2 * limit || !readsAsBlock(text, index + 1))
    ) {
      start = index + 1;
      tokens = 0;
    } else continue;
    yield start;
  }
}

/** Bounded, because it is checked for every position of a line of megabytes; real underlines are not longer. */
const BLOCK_MARK = /\s{0,200}(?:[-+*]|#{1,6}|\d{1,9}[.)]|>|={1,200}|-{1,200}|~{3,200})(?:\s|$)/y;

/** Whether the text after a split here would wrongly begin like a heading, an item or a quote. */
function readsAsBlock(text: string, place: number): boolean {
  BLOCK_MARK.lastIndex = place;
  return BLOCK_MARK.test(text);
}

/** Tokens of a character in long runs of its kind: about the least for letters, the most for other scripts. */
function leastTokens(code: number): number {
  if (code >= 0x80) return 1.5;
  return code === 0x20 || (code | 0x20) >= 0x61 ? 0.3 : 0.5;
}

/** Reports whether a position is within an atom; called in ascending order. */
function insideAtoms(text: string, atomTokens: number): (place: number) => boolean {
  const atoms = text.matchAll(ATOM);
  const next = (): { from: number; to: number } | null => {
    for (let found = atoms.next(); !found.done; found = atoms.next()) {
      const [atom] = found.value;
      if (atom.length > atomTokens && estimateTokens(atom) > atomTokens) continue;
      return { from: found.value.index, to: found.value.index + atom.length };
    }
    return null;
  };
  let atom = next();
  return (place) => {
    while (atom && atom.to <= place) atom = next();
    return atom !== null && atom.from < place;
  };
}
