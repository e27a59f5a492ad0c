import { MOST_CHARACTERS } from "#shared/extraction/extracted-file.ts";
import { escapeMarkdown } from "#shared/markdown/print/escape-markdown.ts";

/** A row with its index and its written cells by column; what is empty is left out. */
export type GridRow = { index: number; cells: ReadonlyMap<number, string> };
/** A merged area, both corners included. */
export type MergedCells = { top: number; left: number; bottom: number; right: number };

/**
 * A sheet as Markdown: tables that empty rows separate, each without its empty columns; the first row of a table is its header.
 * Rows of one cell above a table, and tables of one cell, are paragraphs. A merged cell is repeated in its area.
 */
export function gridMarkdown(rows: readonly GridRow[], merged: readonly MergedCells[] = []): string {
  const blocks: string[] = [];
  let length = 0;
  for (const block of blocksOf(rows)) {
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

function blockMarkdown(rows: readonly GridRow[], merged: readonly MergedCells[]): string {
  const first = rows.findIndex(({ cells }) => cells.size > 1);
  const titles = rows.slice(0, first === -1 && rows.length === 1 ? 1 : Math.max(first, 0));
  const body = rows.slice(titles.length);
  const paragraphs = titles.flatMap(({ cells }) => [...cells.values()].map(paragraph));
  return [...paragraphs, ...(body.length > 0 ? [tableMarkdown(body, merged)] : [])].join("\n\n");
}

function tableMarkdown(rows: readonly GridRow[], merged: readonly MergedCells[]): string {
  const columns = [...new Set(rows.flatMap(({ cells }) => [...cells.keys()]))].sort((a, b) => a - b);
  const top = rows[0]?.index ?? 0;
  const bottom = rows.at(-1)?.index ?? 0;
  const areas = merged.filter((area) => area.top <= bottom && area.bottom >= top);
  const byIndex = new Map(rows.map((row) => [row.index, row.cells]));
  const repeated = (row: number, column: number): string => {
    const area = areas.find(
      ({ top, left, bottom, right }) => row >= top && row <= bottom && column >= left && column <= right,
    );
    return (area && byIndex.get(area.top)?.get(area.left)) ?? "";
  };
  const lines: string[] = [];
  let length = 0;
  for (const { index, cells } of rows) {
    const line = `| ${columns.map((column) => cell(cells.get(column) ?? repeated(index, column))).join(" | ")} |`;
    lines.push(line);
    if (lines.length === 1) lines.push(`|${" --- |".repeat(columns.length)}`);
    length += line.length;
    if (length > MOST_CHARACTERS) break;
  }
  return lines.join("\n");
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
