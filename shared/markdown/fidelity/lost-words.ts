import { WordReader } from "./words.ts";
import { textOfMarkdown } from "./markdown-text.ts";

/**
 * Words that the page shows more often than the Markdown does, in the page's order. Both are read in parallel, and only the
 * words of which one is ahead are remembered: where they agree, as they nearly always do, that takes no memory.
 */
export function lostWords(shown: string, markdown: string): string[] {
  /** By word: how much more often the page has shown it so far than the Markdown. */
  const ahead = new Map<string, number>();
  const count = (word: string, step: number): void => {
    const next = (ahead.get(word) ?? 0) + step;
    if (next === 0) ahead.delete(word);
    else ahead.set(word, next);
  };
  const kept = new WordReader(textOfMarkdown(markdown));
  const page = new WordReader([shown]);
  page.skipCommon(kept);
  for (let word = page.next(), other = kept.next(); word !== "" || other !== "";) {
    if (word !== other) {
      // One of the two has words that the other lacks (such as numbers of items): after them both continue alike.
      for (let more = behind(word, kept); more > 0; more--) {
        if (other !== "") count(other, -1);
        other = kept.next();
      }
      for (let more = word === other ? 0 : behind(other, page); more > 0; more--) {
        if (word !== "") count(word, 1);
        word = page.next();
      }
    }
    if (word !== other) {
      if (word !== "") count(word, 1);
      if (other !== "") count(other, -1);
    }
    page.skipCommon(kept);
    word = page.next();
    other = kept.next();
  }
  for (const [word, more] of ahead) if (more < 0) ahead.delete(word);
  if (ahead.size > 0 && isOnlySplit(shown, markdown)) return [];
  const lost: string[] = [];
  const again = new WordReader([shown]);
  while (ahead.size > 0) {
    const word = again.next();
    if (!ahead.has(word)) continue;
    lost.push(word);
    count(word, -1);
  }
  return lost;
}

const LOOKED_AHEAD = 3;

/** The distance in words to a later occurrence of a word; 0 if not soon. */
function behind(word: string, reader: WordReader): number {
  if (word === "") return 0;
  for (let distance = 0; distance < LOOKED_AHEAD; distance++) {
    if (reader.peek(distance) === word) return distance + 1;
  }
  return 0;
}

/** Beginnings of one word that are remembered; a word of hostile length does not need more. */
const MAX_BEGINNINGS = 64;

/**
 * Whether all words are there in order, but some of them split, with other words between the parts: where blocks
 * or boxes touch the text around them, as in `a<div>b</div>`, only a style sheet tells whether a word ends there. A part that
 * fits may not belong to the word (`a`, then `aa`, where the page has `aa`), so every beginning that was found stays open
 * until the word is complete.
 */
function isOnlySplit(shown: string, markdown: string): boolean {
  const page = new WordReader([shown]);
  const kept = new WordReader(textOfMarkdown(markdown));
  for (let word = page.next(); word !== ""; word = page.next()) {
    const beginnings = new Set([0]);
    while (!beginnings.has(word.length)) {
      const part = kept.next();
      if (part === "") return false;
      const longer: number[] = [];
      for (const position of beginnings) {
        if (word.startsWith(part, position)) longer.push(position + part.length);
      }
      for (const position of longer) beginnings.add(position);
      for (const position of beginnings) {
        if (beginnings.size <= MAX_BEGINNINGS) break;
        if (position > 0 && position < word.length) beginnings.delete(position);
      }
    }
  }
  return true;
}
