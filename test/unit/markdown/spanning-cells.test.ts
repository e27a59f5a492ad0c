import { expect, it } from "vitest";
import { readPage } from "#shared/markdown/read-page.ts";
import { unresolvedReferences as resolver } from "#test/support/unresolved-references.ts";

const rowsOf = (value: string): string[] => {
  const page = readPage({ format: "storage", value }).toMarkdown(resolver);
  expect(page.textLost).toBeNull();
  return page.markdown.split("\n");
};
/** Rows of cells as `A:2`, which spans two rows. */
const rows = (name: string, ...written: string[]): string =>
  written
    .map((row) => {
      const cells = row.split(" ").filter((cell) => cell !== "");
      const html = cells.map((cell) => {
        const [text, span = "1"] = cell.split(":");
        return `<${name} rowspan="${span}">${text}</${name}>`;
      });
      return `<tr>${html.join("")}</tr>`;
    })
    .join("");

it("a cell that spans rows is in its column of each, behind cells that are missing", () => {
  expect(
    rowsOf(`<table>${rows("th", "X Y Z")}${rows("td", "A B C:3", "D", "E F", "G H I")}</table>`),
  ).toEqual([
    "| X | Y | Z |",
    "| --- | --- | --- |",
    "| A | B | C |",
    "| D |  | C |",
    "| E | F | C |",
    "| G | H | I |",
  ]);
});

it("cells that span rows end with theirs, however many of them are behind missing cells", () => {
  expect(rowsOf(`<table>${rows("td", "A B:2 C:4", "D", "", "E", "F G H")}</table>`)).toEqual([
    "|  |  |  |",
    "| --- | --- | --- |",
    "| A | B | C |",
    "| D | B | C |",
    "|  |  | C |",
    "| E |  | C |",
    "| F | G | H |",
  ]);
});

it("header rows with missing cells stay header rows", () => {
  const table = `<table><tbody>${rows("th", "A B C:2", "D")}${rows("td", "1 2 3")}</tbody></table>`;
  expect(rowsOf(table).slice(2)).toEqual(["| **D** |  | **C** |", "| 1 | 2 | 3 |"]);
});

it.each([
  ["head", `<thead>${rows("th", "A:2 B")}</thead><tbody>${rows("td", "1 2")}</tbody>`],
  [
    "body",
    `<tbody>${rows("th", "A B")}</tbody><tbody>${rows("td", "0:3 0")}</tbody><tbody>${rows("td", "1 2")}</tbody>`,
  ],
  [
    "body before the foot",
    `<tfoot>${rows("td", "1 2")}</tfoot><tbody>${rows("th", "A B")}${rows("td", "0:9 0")}</tbody>`,
  ],
  [
    "body without its own element",
    `${rows("th", "A B")}${rows("td", "0:9 0")}<tfoot>${rows("td", "1 2")}</tfoot>`,
  ],
])("a cell spans no further than the %s that it is in", (_section, parts) => {
  const lines = rowsOf(`<table>${parts}</table>`);
  expect(lines[0]).toBe("| A | B |");
  expect(lines.at(-1)).toBe("| 1 | 2 |");
});
