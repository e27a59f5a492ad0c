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

/** What the units of a document are cut with. */
export type Cutting = { markdown: string; targetTokens: number; outline: Outline };

/**
 * A row of a table, a line of code or a link may be this many times the target before even it is cut: readers want them
 * whole, but embedding models refuse or silently cut off what is longer than they take (8,000 tokens, most of them).
 */
export const LARGEST_UNIT = 4;

/** Items, each with the one that follows. */
export function* withNext<T>(items: Iterable<T>): Generator<[T, T | undefined]> {
  let previous: { item: T } | null = null;
  for (const item of items) {
    if (previous) yield [previous.item, item];
    previous = { item };
  }
  if (previous) yield [previous.item, undefined];
}
