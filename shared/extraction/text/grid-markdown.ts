import { MOST_CHARACTERS } from "#shared/extraction/extracted-file.ts";
import { escapeMarkdown } from "#shared/markdown/print/escape-markdown.ts";

/** A row with its index and its written cells by column; what is empty is left out. */
export type GridRow = { index: number; cells: ReadonlyMap<number, string> };
/** A merged area, both corners included. */
export type MergedCells = { top: number; left: number; bottom: number; right: number };

/** Merged cells hold names of rows and columns; a long text is not repeated. */
const LONGEST_REPEATED = 500;
const MOST_REPEATED = 50_000;
const MOST_HEADER_ROWS = 3;

/**
 * A sheet as Markdown: tables that empty rows separate, each without its empty columns; the first row of a table is its header.
 * Rows of one cell above a table, and tables of one cell, are paragraphs. A merged cell is repeated in its area.
 */
export function gridMarkdown(rows: readonly GridRow[], merged: readonly MergedCells[] = []): string {
  const blocks: string[] = [];
  let length = 0;
  for (const block of withHeaders(blocksOf(rows))) {
    const markdown = blockMarkdown(block, merged);
    blocks.push(markdown);
    length += markdown.length;
    if (length > MOST_CHARACTERS) break;
  }
  return blocks.join("\n\n");
}

function blocksOf(rows: readonly GridRow[]): GridRow[][] {
  const blocks: GridRow[][] = [];
  let next = -1;
  for (const row of rows) {
    if (row.cells.size === 0) continue;
    if (row.index === next) blocks.at(-1)?.push(row);
    else blocks.push([row]);
    next = row.index + 1;
  }
  return blocks;
}

/** Column names that one empty row separates from their numbers are the header of the table below, in one row. */
function withHeaders(blocks: readonly GridRow[][]): GridRow[][] {
  const joined: GridRow[][] = [];
  for (const block of blocks) {
    const above = joined.at(-1);
    if (above && namesColumnsOf(above, block)) joined[joined.length - 1] = [oneRow(above), ...block];
    else joined.push(block);
  }
  return joined;
}

/** Of characters: what is longer is data. */
const LONGEST_NUMBER = 100;
const NUMBER = /^[-−(]?[\d.,\s]*\d[\d.,\s]*%?\)?$/;

function isNumber(text: string): boolean {
  return text.length <= LONGEST_NUMBER && NUMBER.test(text);
}

function namesColumnsOf(above: readonly GridRow[], below: readonly GridRow[]): boolean {
  const [first] = below;
  if (!first || above.length > MOST_HEADER_ROWS || first.index - (above.at(-1)?.index ?? 0) !== 2)
    return false;
  const named = above.flatMap(({ cells }) => [...cells.values()]);
  const numbers = [...first.cells.values()].filter(isNumber);
  return (
    above.some(({ cells }) => cells.size > 1) &&
    !named.some(isNumber) &&
    numbers.length * 2 >= first.cells.size
  );
}

/** Several rows of column names as the row just above the table. */
function oneRow(rows: readonly GridRow[]): GridRow {
  const cells = new Map<number, string>();
  for (const row of rows) {
    for (const [column, text] of row.cells)
      cells.set(column, [cells.get(column) ?? "", text].join(" ").trim());
  }
  return { index: (rows.at(-1)?.index ?? 0) + 1, cells };
}

function blockMarkdown(rows: readonly GridRow[], merged: readonly MergedCells[]): string {
  const first = rows.findIndex(({ cells }) => cells.size > 1);
  const titles = rows.slice(0, first === -1 && rows.length === 1 ? 1 : Math.max(first, 0));
  const body = rows.slice(titles.length);
  const paragraphs = titles.flatMap(({ cells }) => [...cells.values()].map(paragraph));
  return [...paragraphs, ...(body.length > 0 ? [tableMarkdown(body, merged)] : [])].join("\n\n");
}

function tableMarkdown(rows: readonly GridRow[], merged: readonly MergedCells[]): string {
  const columns = [...new Set(rows.flatMap(({ cells }) => [...cells.keys()]))].sort((a, b) => a - b);
  const repeated = repeatedCells(rows, columns, merged);
  const lines: string[] = [];
  let length = 0;
  for (const { index, cells } of rows) {
    const texts = columns.map((column) => cells.get(column) ?? repeated.get(index)?.get(column) ?? "");
    const line = `| ${texts.map(cell).join(" | ")} |`;
    lines.push(line);
    if (lines.length === 1) lines.push(`|${" --- |".repeat(columns.length)}`);
    length += line.length;
    if (length > MOST_CHARACTERS) break;
  }
  return lines.join("\n");
}

/** The texts of merged cells in the other cells of their area, by row and column. */
function repeatedCells(
  rows: readonly GridRow[],
  columns: readonly number[],
  merged: readonly MergedCells[],
): ReadonlyMap<number, ReadonlyMap<number, string>> {
  const [first, last] = [rows[0]?.index ?? 0, rows.at(-1)?.index ?? -1];
  const repeated = new Map<number, Map<number, string>>();
  let left = MOST_REPEATED;
  for (const { top, left: start, bottom, right } of merged) {
    const text = top < first || top > last ? undefined : rows[top - first]?.cells.get(start);
    if (text === undefined || text.length > LONGEST_REPEATED) continue;
    const across = columns.filter((column) => column >= start && column <= right);
    for (let row = top; row <= Math.min(bottom, last) && left > 0; row++) {
      const cells = repeated.get(row) ?? new Map<number, string>();
      for (const column of across) cells.set(column, text);
      repeated.set(row, cells);
      left -= across.length;
    }
  }
  return repeated;
}

function cell(text: string): string {
  return escapeLines(text, true).join("<br>").replaceAll("|", "\\|");
}

function paragraph(text: string): string {
  return escapeLines(text, false).join("  \n");
}

function escapeLines(text: string, inCell: boolean): string[] {
  return text
    .replaceAll(/[\u0000-\u0009\u000b\u000c\u000e-\u001f]/g, " ")
    .split(/\r\n?|\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .map((line) => escapeMarkdown(line, { startsLine: true, endsLine: true, inLink: false, inCell }));
}
