import type { Difference } from "./compare-sequences.ts";
import { tableRows, textOf, wordsOf } from "./page-facts.ts";
import type { Tree } from "./page-tree.ts";
import { renderMarkdown } from "./render-markdown.ts";

/** A table of a page: the rows that name its columns, and the others, as words. */
type NamedTable = { names: string[]; rows: Set<string> };

/**
 * Whether each chunk that holds rows of a table holds the names of its columns too: one entry for each chunk and table. What
 * names columns is read off the page: rows of header cells at the top, or a first row in bold where no other is.
 */
export function compareColumnNames(page: Tree, chunks: readonly string[]): Difference & { expected: number } {
  const tables = namedTables(page);
  const lost: string[] = [];
  let expected = 0;
  if (tables.length === 0) return { kept: 0, lost, extra: [], expected };
  for (const chunk of chunks) {
    for (const table of tablesOf(renderMarkdown(chunk))) {
      const rows = tableRows(table).map(wordsOfRow);
      const found = tableWith(rows, tables);
      if (!found) continue;
      expected++;
      const shown = new Set(wordsOf(textOf(table)));
      const missing = found.names.filter((name) => name.split(" ").some((word) => !shown.has(word)));
      if (missing.length > 0) lost.push(`${missing.join(", ")} above ${rows.at(-1)?.slice(0, 60)}`);
    }
  }
  return { kept: expected - lost.length, lost, extra: [], expected };
}

/** The table that most of the rows are of. */
function tableWith(rows: readonly string[], tables: readonly NamedTable[]): NamedTable | undefined {
  const counts = tables.map((table) => rows.filter((row) => table.rows.has(row)).length);
  const most = Math.max(...counts);
  return most === 0 ? undefined : tables[counts.indexOf(most)];
}

function namedTables(page: Tree): NamedTable[] {
  return tablesOf(page).flatMap((table) => {
    const rows = tableRows(table).filter((row) => row.some((cell) => wordsOf(textOf(cell)).length > 0));
    const headers = headerRows(rows);
    const names = rows.slice(0, headers).flatMap((row) => row.map((cell) => wordsOf(textOf(cell)).join(" ")));
    const others = new Set(
      rows
        .slice(headers)
        .map(wordsOfRow)
        .filter((row) => row !== ""),
    );
    return headers === 0 || others.size === 0
      ? []
      : [{ names: names.filter((name) => name !== ""), rows: others }];
  });
}

/** More rows than these are data that somebody wrote in header cells. */
const MAX_HEADER_ROWS = 4;

function headerRows(rows: readonly Tree[][]): number {
  const count = rows.findIndex((row) => row.some((cell) => cell.name !== "th"));
  if (count > 0) return Math.min(count, MAX_HEADER_ROWS);
  if (rows.some((row) => row.some((cell) => cell.name === "th"))) return 0;
  const isBold = rows.map(
    (row) => row.length > 1 && row.every((cell) => wordsOf(textOf(cell)).length > 0 && onlyBold(cell)),
  );
  return isBold[0] && !isBold.slice(1).some(Boolean) ? 1 : 0;
}

function onlyBold(node: Tree): boolean {
  return node.children.every((c) => {
    if (typeof c === "string") return c.trim() === "";
    return /^(?:strong|b)$/.test(c.name) || (c.children.length > 0 && onlyBold(c)) || c.name === "br";
  });
}

function tablesOf(node: Tree): Tree[] {
  const inside = node.children.flatMap((c) => (typeof c === "string" ? [] : tablesOf(c)));
  return node.name === "table" ? [node, ...inside] : inside;
}

function wordsOfRow(row: readonly Tree[]): string {
  return row
    .map((cell) => wordsOf(textOf(cell)).join(" "))
    .join(" ")
    .trim();
}
