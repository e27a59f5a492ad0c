import type { GridRow } from "./grid-markdown.ts";

const DELIMITERS = [",", ";", "\t", "|"] as const;
/** Rows by which the delimiter is judged. */
const JUDGED_ROWS = 20;

/**
 * The written rows of a CSV file, of its first `mostRows`; `isCut`: more follow. The delimiter is the one that splits the first rows into
 * the most equal columns. A quote that is never closed is text: the file is read without quotes.
 */
export function readCsv(text: string, mostRows: number): { rows: GridRow[]; isCut: boolean } {
  const judged = DELIMITERS.map((delimiter) => ({ delimiter, columns: equalColumns(text, delimiter) }));
  const best = judged.reduce((a, b) => (b.columns > a.columns ? b : a));
  const parsed =
    parseRows(text, best.delimiter, mostRows + 1, true) ??
    parseRows(text, best.delimiter, mostRows + 1, false) ??
    [];
  const rows = parsed
    .slice(0, mostRows)
    .map((fields) => new Map([...fields.entries()].filter(([, field]) => field.trim() !== "")))
    .filter((cells) => cells.size > 0)
    .map((cells, index) => ({ index, cells }));
  return { rows, isCut: parsed.length > mostRows };
}

/** The columns that most of the first rows have; 0 if they differ. */
function equalColumns(text: string, delimiter: string): number {
  const rows =
    parseRows(text, delimiter, JUDGED_ROWS, true) ?? parseRows(text, delimiter, JUDGED_ROWS, false) ?? [];
  const counts = new Map<number, number>();
  for (const { length } of rows) if (length > 1) counts.set(length, (counts.get(length) ?? 0) + 1);
  const [columns, count] = [...counts].reduce<[number, number]>((a, b) => (b[1] > a[1] ? b : a), [0, 0]);
  return count * 2 > rows.length ? columns : 0;
}

/** Null when a quoted field is never closed. */
function parseRows(text: string, delimiter: string, mostRows: number, quotes: boolean): string[][] | null {
  const rows: string[][] = [];
  let fields: string[] = [];
  let position = 0;
  while (position < text.length && rows.length < mostRows) {
    let field: string;
    if (quotes && text[position] === '"') {
      const end = closingQuote(text, position + 1);
      if (end === -1) return null;
      field = text.slice(position + 1, end).replaceAll('""', '"');
      position = end + 1;
    } else field = "";
    const end = endOfField(text, position, delimiter);
    field += text.slice(position, end);
    fields.push(field);
    position = end + 1;
    if (text[end] === delimiter) continue;
    if (text[end] === "\r" && text[end + 1] === "\n") position++;
    rows.push(fields);
    fields = [];
  }
  if (fields.length > 0) rows.push(fields);
  return rows;
}

function closingQuote(text: string, from: number): number {
  let position = from;
  for (;;) {
    const quote = text.indexOf('"', position);
    if (quote === -1 || text[quote + 1] !== '"') return quote;
    position = quote + 2;
  }
}

function endOfField(text: string, from: number, delimiter: string): number {
  let end = from;
  while (end < text.length && text[end] !== delimiter && text[end] !== "\n" && text[end] !== "\r") end++;
  return end;
}
