import type { TextItem } from "@llamaindex/liteparse";
import { linesOf, stackedRows } from "./stacked-rows.ts";

/** Letters of a cell, on average, from which on its table is the layout of the page: columns that are read one after another. */
const LAYOUT_CELL = 200;
const BULLET = /\s*[●•▪■◦‣]\s+/;
/** `5.1 Title`: numbered, and the title begins with a capital letter. */
const NUMBERED_HEADING = /^\d{1,2}(\.\d{1,2}){0,3}\.? \p{Lu}[^.!?]{2,80}$/u;

/**
 * Makes headings of the numbered bold lines that liteparse leaves in the middle of a paragraph: those of a heading in the
 * size of the text.
 */
export function splitHeadings(markdown: string, boldLines: readonly string[]): string {
  const headings = boldLines.filter((line) => NUMBERED_HEADING.test(line));
  return headings.reduce((text, heading) => {
    const level = "#".repeat(
      Math.min(6, 1 + (heading.split(" ")[0] ?? "").split(".").filter(Boolean).length),
    );
    return text
      .split("\n")
      .map((line) => {
        const at = line.indexOf(heading);
        if (at === -1 || /^[#|>`]|^ {4}/.test(line)) return line;
        const before = line.slice(0, at);
        // Within bold text: what is before and after is bold by itself.
        const bold = before.split("**").length % 2 === 0 ? "**" : "";
        const after = line.slice(at + heading.length);
        return [`${before.trim()}${bold}`, `${level} ${heading}`, `${bold}${after.trim()}`]
          .map((part) => part.replace(/^\*{4}\s*|(?<!\s)\s*\*{4}$/g, ""))
          .filter((part) => part !== "")
          .join("\n\n");
      })
      .join("\n");
  }, markdown);
}

/** Takes apart tables that lay out the page, and rows that hold several rows. */
export function unfoldTables(
  markdown: string,
  boldLines: readonly string[],
  textItems: readonly TextItem[],
): string {
  const lines = linesOf(textItems);
  return markdown.replace(/(?:^\|.*\|[ \t]*$\n?)+/gm, (table) => {
    const rows = table.trimEnd().split("\n");
    if (!/^\|[-:| ]+\|\s*$/.test(rows[1] ?? "")) return table;
    const cells = rows.filter((_, index) => index !== 1).map(cellsOf);
    const filled = cells.flat().filter((cell) => cell !== "");
    const letters = filled.reduce((sum, cell) => sum + cell.length, 0);
    if (letters > LAYOUT_CELL * filled.length) {
      const columns = (cells[0] ?? []).flatMap((_, column) => cells.map((row) => row[column] ?? ""));
      return `${columns.map((cell) => blocksOf(cell, boldLines)).join("\n\n")}\n`;
    }
    const [head = [], ...body] = cells.flatMap((row, index) => {
      const stacked = stackedRows(row, lines);
      // Years below the words of a head are a part of it.
      return index > 0 || stacked.every(([label]) => label !== "") ? stacked : [row];
    });
    const written = [head, ...body].map((row) => `| ${row.join(" | ")} |`);
    return `${written.toSpliced(1, 0, rows[1] ?? "").join("\n")}\n`;
  });
}

function cellsOf(row: string): string[] {
  return row
    .trim()
    .replace(/^\||\|$/g, "")
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim());
}

/** Paragraph, list and heading of a cell that is a part of the page. */
function blocksOf(cell: string, boldLines: readonly string[]): string {
  const heading = boldLines.find((line) => line.length > 2 && cell.startsWith(line));
  const [text = "", ...items] = (heading ? cell.slice(heading.length) : cell).trim().split(BULLET);
  return [heading ? `## ${heading}` : "", text, items.map((item) => `- ${item}`).join("\n")]
    .filter((block) => block !== "")
    .join("\n\n");
}
