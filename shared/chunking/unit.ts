import type { Outline } from "#shared/markdown/page-content.ts";

/** The smallest part that a chunk may begin or end with. */
export type Unit = {
  from: number;
  to: number;
  tokens: number;
  /** What a chunk that begins with this unit needs above it: the header of its table, the opening of its fence. */
  before: string;
  /** What a chunk that ends with this unit needs below it: the end of its fence. */
  after: string;
  /** Titles inside the block that the unit is part of. */
  titles: readonly string[];
};

/** The settings for splitting a document into units. */
export type Cutting = { markdown: string; targetTokens: number; outline: Outline };

/**
 * A row of a table, a line of code or a link may be this many times the target before it is split: readers want them whole, but
 * embedding models refuse or silently truncate longer texts (most of them at 8,000 tokens).
 */
export const LARGEST_UNIT = 4;

/** Items, each with the next one. */
export function* withNext<T>(items: Iterable<T>): Generator<[T, T | undefined]> {
  let previous: { item: T } | null = null;
  for (const item of items) {
    if (previous) yield [previous.item, item];
    previous = { item };
  }
  if (previous) yield [previous.item, undefined];
}
