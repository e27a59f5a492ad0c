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
        const parts = [line.slice(0, at), `${level} ${heading}`, line.slice(at + heading.length)];
        return parts
          .map((part) => part.trim())
          .filter((part) => part !== "" && part !== "****")
          .join("\n\n");
      })
      .join("\n");
  }, markdown);
}

/** Takes apart tables that lay out the page, and rows that hold two rows. */
export function unfoldTables(markdown: string, boldLines: readonly string[]): string {
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
    const [head = "", rule = "", ...body] = rows;
    const unfolded = body.flatMap((row, index) =>
      index === 0 ? headedRow(cellsOf(row), cellsOf(body[1] ?? "")) : stackedRows(cellsOf(row)),
    );
    return `${[head, rule, ...unfolded.map((row) => `| ${row.join(" | ")} |`)].join("\n")}\n`;
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

const NUMBER = /^[-–+(]?[$€£]?\d[\d.,]*%?\)?$/;

/** Fewer cells than this may look alike by chance. */
const FEWEST_CELLS = 3;

/**
 * A row whose cells of numbers hold the same count of them is as many rows of the table, one below the other; a cell with one
 * word is in each of them.
 */
function stackedRows(cells: readonly string[]): string[][] {
  const words = cells.map((cell) => cell.split(/\s+/));
  const numbers = words.filter((parts) => parts.length > 1 && parts.every((part) => NUMBER.test(part)));
  const count = numbers[0]?.length ?? 0;
  const even = words.every((parts) => parts.length === 1 || parts.length === count);
  if (numbers.length < FEWEST_CELLS || !even) return [[...cells]];
  return Array.from({ length: count }, (_, line) =>
    words.map((parts) => (parts.length === 1 ? (parts[0] ?? "") : (parts[line] ?? ""))),
  );
}

/** The first row, if its cells are "Label 12" where those of the next row are "15": the labels and the first row are two rows. */
function headedRow(cells: readonly string[], next: readonly string[]): string[][] {
  const split = cells.map((cell) => /^(\D.*?)\s+(\S+)$/.exec(cell));
  const labelled = split.map((found, column) => {
    return found !== null && NUMBER.test(found[2] ?? "") && NUMBER.test(next[column] ?? "");
  });
  if (labelled.filter(Boolean).length < FEWEST_CELLS || cells.some((cell) => NUMBER.test(cell))) {
    return stackedRows(cells);
  }
  const part = (group: 1 | 2) =>
    cells.map((cell, column) => (labelled[column] ? (split[column]?.[group] ?? "") : cell));
  return [part(1), part(2)];
}
