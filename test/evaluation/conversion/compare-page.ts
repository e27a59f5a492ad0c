import type { BodyFormat } from "#shared/markdown/page-content.ts";
import { compareCounts, compareInOrder, type Difference } from "./compare-sequences.ts";
import { pageFacts, type PageFacts } from "./page-facts.ts";
import { readHtml, readStorage } from "./page-tree.ts";
import { renderMarkdown } from "./render-markdown.ts";
import { shownPage } from "./shown-page.ts";

export type Measure = keyof PageFacts;
export const MEASURES: readonly Measure[] = [
  "words",
  "headings",
  "tables",
  "cells",
  "codeBlocks",
  "links",
  "listItems",
];

export type PageComparison = Record<Measure, Difference & { expected: number }>;

/** Compares what a page shows with what its Markdown shows, each read by its own parser. */
export function comparePage(format: BodyFormat, body: string, markdown: string): PageComparison {
  const expected = pageFacts(shownPage(format === "storage" ? readStorage(body) : readHtml(body)));
  const actual = pageFacts(renderMarkdown(markdown));
  const compare = (measure: Measure): Difference & { expected: number } => {
    const difference = measure === "words" ? compareInOrder : compareCounts;
    return { ...difference(expected[measure], actual[measure]), expected: expected[measure].length };
  };
  return {
    words: compare("words"),
    headings: compare("headings"),
    tables: compare("tables"),
    cells: compare("cells"),
    codeBlocks: {
      ...compareCode(expected.codeBlocks, actual.codeBlocks),
      expected: expected.codeBlocks.length,
    },
    links: compare("links"),
    listItems: compare("listItems"),
  };
}

/** Code must be the same, and its language where the page gives one. */
function compareCode(expected: readonly string[], actual: readonly string[]): Difference {
  const unnamed = new Set(expected.filter((code) => code.startsWith(":")));
  const comparable = (code: string): string => {
    const withoutLanguage = code.slice(code.indexOf(":"));
    return unnamed.has(withoutLanguage) ? withoutLanguage : code;
  };
  return compareCounts(expected.map(comparable), actual.map(comparable));
}

/** A page is lossless with at least 99.9 % of its words kept in order. */
export function isLossless({ words }: PageComparison): boolean {
  return words.lost.length <= words.expected * 0.001;
}
