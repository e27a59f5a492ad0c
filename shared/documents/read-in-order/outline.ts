import { estimateTokens } from "#shared/chunking/estimate-tokens.ts";
import type { Piece } from "./pieces.ts";
import type { Section } from "./sections.ts";

/** A section as a reader chooses it; `tokens` (estimated) with its subsections. */
export type OutlineEntry = { heading: string; level: number; tokens: number };

/** Titles are cut to this. */
const MOST_CHARACTERS = 120;
/** Of an entry around its heading: its level, its size, and the marks between them. */
const ENTRY_TOKENS = 20;

/**
 * The sections with their sizes, in about `budget` tokens: where there are too many, without the deepest levels, then without the
 * last; `omitted` counts them.
 */
export function outlineOf(
  pieces: readonly Piece[],
  sections: readonly Section[],
  budget: number,
): { entries: OutlineEntry[]; omitted: number } {
  const tokensBefore = [0];
  for (const { text } of pieces) tokensBefore.push((tokensBefore.at(-1) ?? 0) + estimateTokens(text));
  const all = sections.map(({ heading, level, from, to }) => ({
    heading: shortened(heading),
    level,
    tokens: (tokensBefore[to] ?? 0) - (tokensBefore[from] ?? 0),
  }));
  let entries = all;
  for (let level = 6; level > 1 && costOf(entries) > budget; level -= 1) {
    entries = entries.filter((entry) => entry.level < level);
  }
  // Levels may begin anywhere: a page of h3 alone keeps the first of them.
  if (entries.length === 0) entries = all;
  while (entries.length > 0 && costOf(entries) > budget) {
    entries = entries.slice(0, Math.floor((entries.length * budget) / costOf(entries)));
  }
  return { entries, omitted: all.length - entries.length };
}

function costOf(entries: readonly OutlineEntry[]): number {
  return entries.reduce((sum, { heading }) => sum + estimateTokens(heading) + ENTRY_TOKENS, 0);
}

function shortened(heading: string): string {
  return heading.length > MOST_CHARACTERS ? `${heading.slice(0, MOST_CHARACTERS).toWellFormed()}…` : heading;
}
