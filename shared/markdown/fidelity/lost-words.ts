import { WordReader } from "./words.ts";
import { decodeHTMLStrict } from "entities";

/**
 * Words that the page shows more often than the Markdown does, in the page's order. Both are read side by side, and only the
 * words of which one is ahead are remembered: where they agree, as they nearly always do, that takes no memory.
 */
export function lostWords(shown: string, markdown: string): string[] {
  /** By word: how much more often the page showed it so far than the Markdown. */
  const ahead = new Map<string, number>();
  const count = (word: string, step: number): void => {
    const next = (ahead.get(word) ?? 0) + step;
    if (next === 0) ahead.delete(word);
    else ahead.set(word, next);
  };
  const kept = new WordReader(textOfMarkdown(markdown));
  const page = new WordReader([shown]);
  for (let word = page.next(), other = kept.next(); word !== "" || other !== "";) {
    if (word !== other) {
      if (word !== "") count(word, 1);
      if (other !== "") count(other, -1);
    }
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

/** Beginnings of one word that are remembered; a word of hostile length has no more real ones. */
const MAX_BEGINNINGS = 64;

/**
 * Whether all words are there in their order, but some of them in parts, which other words may stand between: where blocks
 * or boxes touch the text around them, as in `a<div>b</div>`, only a style sheet tells whether a word ends there. A part that
 * fits may yet be no part of the word (`a`, then `aa`, where the page says `aa`), so every beginning that was met stays open
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

/**
 * Everything that a renderer would not show as text: escapes, code delimiters, addresses of links, images, HTML tags and
 * entities, emphasis. In this order, because the first that matches at a place decides.
 */
const SYNTAX =
  /\\([!-/:-@[-`{-~])|(`+)([^`]|[^`][^\n]*?[^`])\2(?!`)|!\[(?:\\.|[^\]\\\n]){0,4000}\]\([^\s)]*\)|\]\((?:[^()\s]|\([^()\s]*\)){0,70000}\)|<(https?:[^>\s]*)>|<\/?(?:sup|sub|code)>|<[a-zA-Z/!?][^<>\n]*>|&(?:#\d+|\w+);|[[\]]|\*+|~~/g;

/** The mark of a fence, behind the marks of the quotes and list items that it stands in. */
const FENCE = /^[\s>]*(?:(?:[-*+]|\d+[.)])(?= )[\s>]*)*(`{3,})(?=[^`]*$)/;

/** A longer line is read in pieces; what a piece cut off is misread is at worst a word said to be lost that is not. */
const PIECE_LENGTH = 100_000;
const MAY_HOLD_SYNTAX = /[\\`![\]<&*~]/;

const MAX_FENCE_LINE = 5000;

/** The text that rendered Markdown shows, roughly, line by line: enough to count words in, in linear time. */
function* textOfMarkdown(markdown: string): Generator<string> {
  let fence = "";
  for (let start = 0; start < markdown.length;) {
    const feed = markdown.indexOf("\n", start);
    const line = markdown.slice(start, feed === -1 ? markdown.length : feed);
    start = feed === -1 ? markdown.length : feed + 1;
    const run = line.length <= MAX_FENCE_LINE && line.includes("```") ? FENCE.exec(line)?.[1] : undefined;
    if (fence === "" && run !== undefined) fence = run;
    else if (
      fence !== "" &&
      run !== undefined &&
      run.length >= fence.length &&
      line.trimEnd().endsWith(run)
    ) {
      fence = "";
    } else if (fence !== "" || !MAY_HOLD_SYNTAX.test(line)) yield line;
    else for (const piece of pieces(line)) yield textOfProse(piece);
  }
}

/** A line in pieces that end at spaces, or else at punctuation; never within a word. */
function* pieces(line: string): Generator<string> {
  let start = 0;
  for (let limit = PIECE_LENGTH; limit < line.length; limit += PIECE_LENGTH) {
    const space = line.lastIndexOf(" ", limit);
    let end = space > start ? space : limit;
    while (end > limit - PIECE_LENGTH && mayBeWord(line.charCodeAt(end))) end--;
    if (end <= start || mayBeWord(line.charCodeAt(end))) continue;
    yield line.slice(start, end);
    start = end;
  }
  yield line.slice(start);
}

function mayBeWord(code: number): boolean {
  return code >= 0x80 || (code >= 0x30 && code <= 0x39) || ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a);
}

function textOfProse(prose: string): string {
  const parts: string[] = [];
  /** Places in `parts` of brackets that may turn out to open a link; a link is part of the word that it stands in. */
  const brackets: number[] = [];
  let position = 0;
  for (const match of prose.matchAll(SYNTAX)) {
    const [mark, escaped, , code, address] = match;
    parts.push(prose.slice(position, match.index));
    position = match.index + mark.length;
    if (escaped !== undefined) parts.push(escaped);
    else if (code !== undefined) parts.push(/^ .*[^ ].* $/.test(code) ? code.slice(1, -1) : code);
    else if (address !== undefined) parts.push(address);
    else if (mark === "[") brackets.push(parts.push(" ") - 1);
    else if (mark.startsWith("]")) {
      const opening = brackets.pop();
      if (mark !== "]" && opening !== undefined) parts[opening] = "";
      else parts.push(" ");
    } else if (mark.startsWith("&")) parts.push(decodeHTMLStrict(mark));
    else if (mark.startsWith("!") || (mark.startsWith("<") && !/^<\/?(?:su[bp]|code)>$/.test(mark)))
      parts.push(" ");
  }
  parts.push(prose.slice(position));
  return parts.join("");
}
