import { expect, it } from "vitest";
import type { ExtractedFile } from "#shared/extraction/extracted-file.ts";
import { compareFile, type Measure } from "#test/evaluation/attachments/compare-file.ts";
import { expectedFile } from "#test/evaluation/attachments/expected-file.ts";

/** Pages of one file's text. */
function pages(...markdowns: readonly string[]): ExtractedFile {
  const parts = markdowns.map((markdown, index) => ({
    place: { kind: "page" as const, number: index + 1 },
    markdown,
  }));
  return { result: "text", extractor: "test", parts, warnings: [] };
}

function compared(expected: object, actual: ExtractedFile) {
  return compareFile(expectedFile.parse({ file: "pdf/a.pdf", ...expected }), actual);
}

const TABLE = "| Port | Ships |\n|---|---|\n| Alba | 6,082 |\n| Brem | (7) |";
const FAILED: ExtractedFile = { result: "encrypted", extractor: "test", message: "locked" };

it.each<[string, object, ExtractedFile, Measure, number, number]>([
  ["words that are there", { must_contain: ["one two", "three"] }, pages("one *two* three"), "words", 3, 3],
  ["words in another order", { must_contain: ["three", "one two"] }, pages("one two three"), "words", 1, 3],
  [
    "words whose order does not matter",
    { must_contain: ["three", "one two"], order: false },
    pages("one two three"),
    "words",
    3,
    3,
  ],
  [
    "the longest run of a broken string",
    { must_contain: ["a b c d e"] },
    pages("a b x c d e"),
    "words",
    3,
    5,
  ],
  ["a word hyphenated at a line's end", { must_contain: ["harbour"] }, pages("har-\nbour"), "words", 1, 1],
  [
    "one form of several",
    {
      any_of: [
        ["ten", "10"],
        ["six", "6"],
      ],
    },
    pages("10 ships"),
    "words",
    1,
    2,
  ],
  [
    "a row's cells",
    {
      must_be_table_cells: [
        ["Alba", "6082"],
        ["Brem", "-7"],
      ],
    },
    pages(TABLE),
    "cells",
    4,
    4,
  ],
  ["cells in another order", { must_be_table_cells: [["6082", "Alba"]] }, pages(TABLE), "cells", 1, 2],
  ["cells of two rows", { must_be_table_cells: [["Alba", "(7)"]] }, pages(TABLE), "cells", 1, 2],
  ["a cell that holds more", { must_be_table_cells: [["Alb"]] }, pages(TABLE), "cells", 0, 1],
  [
    "cells outside any table",
    { must_be_table_cells: [["Alba", "6,082"]] },
    pages("Alba 6,082"),
    "cells",
    0,
    2,
  ],
  [
    "a heading with a number of its own",
    { headings: ["Rules", "Ships"] },
    pages("## 2.1 Rules\n\nShips"),
    "headings",
    1,
    2,
  ],
  ["items of a list", { list_items: ["one", "two"] }, pages("- one\n\ntwo"), "list_items", 1, 2],
  ["text on another page", { on_page: { 1: "one", 2: "one" } }, pages("one", "two"), "places", 1, 2],
  ["more pages than the file has", { pages: 1 }, pages("one", "two"), "places", 0, 1],
  ["fewer than half of the pages", { pages: 5 }, pages("one", "two"), "places", 0, 1],
  ["pages of which some have no text", { pages: 3 }, pages("one", "two"), "places", 1, 1],
  ["another result", {}, FAILED, "result", 0, 1],
  ["one of the results that are allowed", { result: ["no_text", "failed"] }, FAILED, "result", 1, 1],
  ["text that must not be there", { must_not_contain: ["one", "six"] }, pages("one"), "result", 2, 3],
  ["more characters than allowed", { max_characters: 2 }, pages("one"), "result", 1, 2],
])(
  "the comparison of a file with what it must give counts %s",
  (_, expected, actual, measure, found, all) => {
    const { missing, ...scores } = compared(expected, actual);
    expect(scores[measure]).toEqual({ found, expected: all });
    expect(missing.length > 0).toBe(found < all);
  },
);

it("sheets of a workbook are compared by name and order", () => {
  const sheets = (...names: readonly string[]): ExtractedFile => ({
    result: "text",
    extractor: "test",
    parts: names.map((name) => ({ place: { kind: "sheet", name }, markdown: name })),
    warnings: [],
  });
  const expected = { sheets: ["Plan", "Actual"] };
  expect(compared(expected, sheets("Plan", "Actual")).places.found).toBe(1);
  expect(compared(expected, sheets("Actual", "Plan")).missing).toEqual(["sheets Plan, Actual"]);
});

it("what is missing is named", () => {
  const expected = { must_contain: ["six"], headings: ["Rules"], must_be_table_cells: [["a", "b"]] };
  expect(compared(expected, pages("one")).missing).toEqual(["text: six", "row: a | b", "heading: Rules"]);
});
