import type { BodyFormat } from "#shared/markdown/page-content.ts";
import { compareCounts, compareInOrder, type Difference } from "./compare-sequences.ts";
import { pageFacts, type PageFacts } from "./page-facts.ts";
import { readHtml, readStorage, type Tree } from "./page-tree.ts";
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
  "struck",
  "titles",
  "statuses",
  "decisions",
  "numbers",
];

export type PageComparison = Record<Measure, Difference & { expected: number }>;

/** Compares what a page shows with what its Markdown shows, each read by its own parser. */
export function comparePage(format: BodyFormat, body: string, markdown: string): PageComparison {
  return compareFacts(pageFacts(readShownPage(format, body), "page"), pageFacts(renderMarkdown(markdown)));
}

/** What a page shows, as the evaluation reads it. */
export function readShownPage(format: BodyFormat, body: string): Tree {
  return shownPage(format === "storage" ? readStorage(body) : readHtml(body));
}

export function compareFacts(expected: PageFacts, actual: PageFacts): PageComparison {
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
    struck: compare("struck"),
    titles: compare("titles"),
    statuses: { ...compareCounts(expected.statuses, actual.words), expected: expected.statuses.length },
    decisions: compare("decisions"),
    numbers: compare("numbers"),
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
