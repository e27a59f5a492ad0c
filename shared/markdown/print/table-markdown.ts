import { joinLines } from "./inline-markdown.ts";
import { MARKS } from "./marks.ts";
import type { PlainElement } from "./plain-tree.ts";

/** Limits on repeating spanning cells: a `rowspan` of 65,534 would multiply the page. */
const MAX_REPEATED_TEXT = 200_000;
const MAX_REPEATED_CELLS = 100_000;
/** Rows are filled up to the width of the table (GFM does not require it) as long as that adds at most this many cells. */
const MAX_FILLED_CELLS = 500_000;

type Cell = { markdown: string; isHeader: boolean };
/** `written`: how many cells the row has in the page, spanning cells counted once. */
type Row = { cells: Cell[]; written: number; inHead: boolean };

/**
 * A table in GFM. Cells that span rows or columns are repeated in each, so that every row is complete. A first row of
 * header cells is the header; a table without one gets an empty header, because GFM requires one. Further header rows
 * and rows that are titles of those below are marked.
 */
export function tableMarkdown(table: PlainElement): string {
  const grid = tableGrid(table);
  const width = grid.reduce((widest, { cells }) => Math.max(widest, cells.length), 0);
  if (width === 0) return "";
  const filled = width * grid.length <= MAX_FILLED_CELLS ? width : 0;
  const headers = headerCount(grid);
  const header = headers > 0 ? (grid[0]?.cells ?? []) : [];
  const lines = [rowLine(header, width, false), `|${" --- |".repeat(width)}`];
  for (const [index, row] of grid.entries()) {
    if (headers > 0 && index === 0) continue;
    const mark = index < headers ? MARKS.headerRow : isSection(row, width) ? MARKS.sectionRow : "";
    lines.push(rowLine(row.cells, filled, true) + mark);
  }
  return lines.join("\n");
}

/** More header rows than this at the top of a table are data in header cells. */
const MAX_HEADER_ROWS = 4;

/** How many rows at the top name the columns: those that are marked as header, or consist of header cells. */
function headerCount(grid: readonly Row[]): number {
  const found = grid.findIndex(({ inHead, cells }) => !inHead && !cells.every(({ isHeader }) => isHeader));
  const count = found === -1 ? grid.length : found;
  return count === grid.length || count > MAX_HEADER_ROWS ? Math.min(count, 1) : count;
}

/** One header cell, or one in bold, across the whole table. */
function isSection({ cells, written }: Row, width: number): boolean {
  const [cell] = cells;
  if (!cell || written > 1 || width === 1 || cells.length < width || cells.some((other) => other !== cell)) {
    return false;
  }
  return cell.isHeader || BOLD_CELL.test(cell.markdown);
}

const BOLD_CELL = /^\*\*[^*]+\*\*$/;

function rowLine(row: readonly Cell[], width: number, boldHeaders: boolean): string {
  let line = "|";
  for (let column = 0; column < Math.max(width, row.length); column++) {
    const cell = row[column];
    const text = cell ? (boldHeaders && cell.isHeader ? boldCell(cell.markdown) : cell.markdown) : "";
    line += text === "" ? "  |" : ` ${text} |`;
  }
  return line;
}

/** A header cell of a row, in bold: GFM has header cells in the first row only. */
function boldCell(markdown: string): string {
  if (markdown === "" || /\*\*|<|\n|^!?\[|`/.test(markdown)) return markdown;
  return `**${markdown}**`;
}

const EMPTY: Cell = { markdown: "", isHeader: false };
/** Where a row has no cell before one that spans it. A header row is one with or without. */
const MISSING: Cell = { markdown: "", isHeader: true };

function tableGrid(table: PlainElement): Row[] {
  const grid: Row[] = [];
  /** By column, the last cell that spans rows, and the first row that it does not. */
  const spanning: ({ cell: Cell; until: number } | undefined)[] = [];
  let text = 0;
  let cells = 0;
  const repeat = (cell: Cell): Cell => {
    cells++;
    text += cell.markdown.length;
    return text > MAX_REPEATED_TEXT ? EMPTY : cell;
  };
  for (const [index, row] of table.childNodes.filter((node) => node.nodeType === 1).entries()) {
    const line: Cell[] = [];
    const spansRow = (column: number): Cell | null => {
      const span = spanning[column];
      return span && span.until > index ? span.cell : null;
    };
    const takeSpanning = (): void => {
      for (let cell = spansRow(line.length); cell; cell = spansRow(line.length)) {
        if (cells > MAX_REPEATED_CELLS) return;
        line.push(repeat(cell));
      }
    };
    for (const node of row.childNodes) {
      if (node.nodeType === 3) continue;
      takeSpanning();
      const cell: Cell = { markdown: node.markdown, isHeader: node.nodeName === "TH" };
      const { colspan = 1, rowspan = 1 } = node.attributes;
      for (let part = 0; part < colspan; part++) {
        if (part > 0 && cells > MAX_REPEATED_CELLS) break;
        if (rowspan > 1) spanning[line.length] = { cell, until: index + rowspan };
        line.push(part > 0 ? repeat(cell) : cell);
      }
    }
    // Those at the end that span no more, so that only columns with a cell behind them are filled.
    while (spanning.length > 0 && !spansRow(spanning.length - 1)) spanning.pop();
    for (let column = line.length; column < spanning.length; column++) {
      if (cells > MAX_REPEATED_CELLS) break;
      line.push(repeat(spansRow(column) ?? MISSING));
    }
    if (line.every(({ markdown }) => markdown === "")) continue;
    const written = row.childNodes.filter((node) => node.nodeType !== 3).length;
    grid.push({ cells: line, written, inHead: row.nodeName === "X-HEAD-ROW" });
  }
  return grid;
}

/** A table inside a cell of a table, as inline HTML. */
export function nestedTable(table: PlainElement): string {
  let html = "<table>";
  for (const row of table.childNodes) {
    if (row.nodeType === 3) continue;
    html += "<tr>";
    for (const cell of row.childNodes) {
      if (cell.nodeType === 3) continue;
      const name = cell.nodeName.toLowerCase();
      const { colspan = 1, rowspan = 1 } = cell.attributes;
      const spans = `${colspan > 1 ? ` colspan="${colspan}"` : ""}${rowspan > 1 ? ` rowspan="${rowspan}"` : ""}`;
      html += `<${name}${spans}>${cell.markdown}</${name}>`;
    }
    html += "</tr>";
  }
  return `${html}</table>`;
}

/** The content of a cell on one line: paragraphs and line breaks become `<br>`, lists and code inline HTML. */
export function cellMarkdown(content: string, isNested: boolean): string {
  const line = joinLines(content, "<br>")
    .replace(/(?<!<br>)(?:<br>)+(?=<\/?(?:ul|ol|li|pre|table|tr|td|th|blockquote|h[1-6]|hr)\b)/g, "")
    .replace(/(<\/?(?:ul|ol|li|pre|table|tr|td|th|blockquote|h[1-6]|hr)>)(?:<br>)+/g, "$1");
  return isNested ? line : line.replace(/\|/g, "\\|");
}
