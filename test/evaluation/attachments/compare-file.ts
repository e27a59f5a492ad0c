import type { ExtractedFile, FilePart } from "#shared/extraction/extracted-file.ts";
import type { ExpectedFile } from "./expected-file.ts";
import { markdownFacts, plain } from "./markdown-facts.ts";

/** How much of what was expected there is, and what is missing in words. */
export type Score = { expected: number; found: number };
export const MEASURES = ["words", "cells", "headings", "list_items", "places", "result"] as const;
export type Measure = (typeof MEASURES)[number];
export type Comparison = Record<Measure, Score> & { missing: string[] };

/** Compares a file's text with what it must give. A cell counts when its row has the cells before it too, in their order. */
export function compareFile(expected: ExpectedFile, actual: ExtractedFile): Comparison {
  const parts = actual.result === "text" ? actual.parts : [];
  const markdown = parts.map((part) => part.markdown).join("\n\n");
  const facts = markdownFacts(markdown);
  const missing: string[] = [];
  const text = facts.text;

  const words = { expected: 0, found: 0 };
  let from = 0;
  for (const string of expected.must_contain) {
    const wanted = plain(string);
    const count = wanted.split(" ").length;
    words.expected += count;
    const at = text.indexOf(wanted, expected.order ? from : 0);
    if (at === -1) {
      words.found += longestRun(wanted.split(" "), expected.order ? text.slice(from) : text);
      missing.push(`text: ${string}`);
    } else {
      words.found += count;
      from = at + wanted.length;
    }
  }
  for (const forms of expected.any_of) {
    words.expected += 1;
    if (forms.some((form) => text.includes(plain(form)))) words.found += 1;
    else missing.push(`one of: ${forms.join(", ")}`);
  }

  const cells = { expected: 0, found: 0 };
  for (const row of expected.must_be_table_cells) {
    cells.expected += row.length;
    const most = Math.max(0, ...facts.rows.map((actualRow) => cellsInOrder(row, actualRow)));
    cells.found += most;
    if (most < row.length) missing.push(`row: ${row.join(" | ")}`);
  }
  const headings = inOrder(expected.headings, facts.headings, "heading", missing);
  const list_items = inOrder(expected.list_items, facts.listItems, "list item", missing);
  const places = comparePlaces(expected, parts, missing);
  const result = compareResult(expected, actual, text.length, markdown, missing);
  return { words, cells, headings, list_items, places, result, missing };
}

/** Words of the longest run of a string's words that stands in the text. */
function longestRun(words: readonly string[], text: string): number {
  let longest = 0;
  for (let from = 0; from < words.length; from++) {
    for (let to = words.length; to - from > longest; to--) {
      if (text.includes(words.slice(from, to).join(" "))) longest = to - from;
    }
  }
  return longest;
}

function cellsInOrder(expected: readonly string[], actual: readonly string[]): number {
  let at = 0;
  let found = 0;
  for (const cell of expected) {
    const index = actual.findIndex((value, position) => position >= at && sameCell(plain(cell), value));
    if (index === -1) continue;
    found += 1;
    at = index + 1;
  }
  return found;
}

/** A number may be shown as formatted: 6,082 for 6082. */
function sameCell(expected: string, actual: string): boolean {
  if (expected === actual) return true;
  const number = (text: string) =>
    text
      .replace(/[,\s]/g, "")
      .replace(/−/g, "-")
      .replace(/^\((.*)\)$/, "-$1");
  return /^-?\d/.test(expected) && number(expected) === number(actual);
}

function inOrder(
  expected: readonly string[],
  actual: readonly string[],
  kind: string,
  missing: string[],
): Score {
  const bare = (text: string) => plain(text).replace(/^(\d+\.?)+\s+/, "");
  let at = 0;
  let found = 0;
  for (const item of expected) {
    const index = actual.findIndex((value, position) => position >= at && bare(value) === bare(item));
    if (index === -1) missing.push(`${kind}: ${item}`);
    else {
      found += 1;
      at = index + 1;
    }
  }
  return { expected: expected.length, found };
}

function comparePlaces(expected: ExpectedFile, parts: readonly FilePart[], missing: string[]): Score {
  const checks: [string, boolean][] = [];
  const numbers = parts.flatMap(({ place }) => (place && place.kind !== "sheet" ? [place.number] : []));
  const count = expected.pages ?? expected.slides;
  // A page without text has no part: half of the pages is a file of which most was read.
  if (count !== undefined && parts.length > 0) {
    const ascending = numbers.every((number, index) => number > (numbers[index - 1] ?? 0) && number <= count);
    checks.push([`${count} pages or slides`, ascending && numbers.length >= count / 2]);
  }
  if (expected.sheets) {
    const names = parts.flatMap(({ place }) => (place?.kind === "sheet" ? [place.name] : []));
    const visible = names.filter((name) => expected.sheets?.includes(name));
    checks.push([`sheets ${expected.sheets.join(", ")}`, visible.join("\n") === expected.sheets.join("\n")]);
  }
  for (const [page, text] of Object.entries(expected.on_page)) {
    const part = parts.find(({ place }) => place?.kind === "page" && place.number === Number(page));
    const found = markdownFacts(part?.markdown ?? "").text.includes(plain(text));
    checks.push([`on page ${page}: ${text}`, found]);
  }
  return tally(checks, missing);
}

const RESULTS: Record<string, readonly string[]> = {
  failed: ["extraction_failed", "encrypted", "unsupported_type", "too_large"],
  unsupported: ["unsupported_type"],
};

function compareResult(
  expected: ExpectedFile,
  actual: ExtractedFile,
  characters: number,
  markdown: string,
  missing: string[],
): Score {
  const allowed = [expected.result ?? "text"].flat();
  // An image is of a type that is not read without OCR: as right as "nothing to read".
  const results = allowed.flatMap(
    (result) =>
      RESULTS[result] ?? [result, ...(/\.(png|jpg)$/.test(expected.file) ? ["unsupported_type"] : [])],
  );
  const message = actual.result === "text" ? "" : ` (${actual.message})`;
  const checks: [string, boolean][] = [
    [`result ${allowed.join(" or ")}, not ${actual.result}${message}`, results.includes(actual.result)],
    ...expected.must_not_contain.map((text): [string, boolean] => [
      `must not contain: ${text}`,
      !plain(markdown).includes(plain(text)),
    ]),
  ];
  const most = expected.max_characters;
  if (most !== undefined) checks.push([`at most ${most} characters, not ${characters}`, characters <= most]);
  return tally(checks, missing);
}

function tally(checks: readonly [string, boolean][], missing: string[]): Score {
  missing.push(...checks.filter(([, holds]) => !holds).map(([what]) => what));
  return { expected: checks.length, found: checks.filter(([, holds]) => holds).length };
}
