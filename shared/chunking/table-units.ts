import type { Leaf } from "./block-tree.ts";
import { estimateTokens } from "./estimate-tokens.ts";
import { leafLines, type Line, quotePrefix } from "./lines.ts";
import { rowParts } from "./row-parts.ts";
import { type Cutting, LARGEST_UNIT, type Unit, withNext } from "./unit.ts";

const DELIMITER_ROW = /^\s*\|(?:\s*:?-+:?\s*\|)+\s*$/;
/** The delimiters of a thousand columns take 6,000. */
const MAX_DELIMITER_ROW = 20_000;

/**
 * Rows of a table. A row that begins a chunk has above it the rows that name its columns and the title of its section; a row too
 * long for embedding models is split.
 */
export function* tableUnits(leaf: Leaf, cutting: Cutting): Generator<Unit> {
  const { markdown, targetTokens, outline } = cutting;
  const prefix = quotePrefix(leaf.container);
  const headerRows = new Set(outline.headerRows);
  const sectionRows = new Set(outline.sectionRows);
  /** Rows that the next chunk repeats; empty if they would leave no room for others. */
  const repeated = (rows: readonly Line[]): string => {
    const text = rows.map((row) => `${prefix}${row.text}\n`).join("");
    return estimateTokens(text) > targetTokens ? "" : text;
  };
  const header: Line[] = [];
  let headerAbove = "";
  let sectionAbove = "";
  /** Rows that have no meaning without the one below them. */
  let waiting: Line[] = [];
  for (const [line, next] of withNext(leafLines(markdown, leaf))) {
    const isFirst = line.from === leaf.from;
    const namesColumns = isFirst
      ? isDelimiterRow(next?.text)
      : header.length === 1 || headerRows.has(line.to);
    if (namesColumns && waiting.length === header.length) header.push(line);
    else if (sectionRows.has(line.to)) sectionAbove = repeated([line]);
    if (header.at(-1) === line || (sectionRows.has(line.to) && next)) {
      headerAbove = repeated(header);
      waiting.push(line);
      if (next) continue;
    }
    const first = waiting[0] ?? line;
    const isBelowHeader = first === header[0];
    const unit: Unit = {
      from: first.from,
      to: line.to,
      tokens: estimateTokens(markdown.slice(first.from, line.to + 1)),
      before: isBelowHeader ? "" : headerAbove + (waiting.length > 0 ? "" : sectionAbove),
      after: "",
      titles: [],
    };
    waiting = [];
    const room = targetTokens * LARGEST_UNIT - estimateTokens(headerAbove + sectionAbove);
    if (unit.tokens <= room || line === header.at(-1)) yield unit;
    else yield* rowParts(unit, line, { above: headerAbove + sectionAbove, prefix }, cutting);
  }
}

function isDelimiterRow(text: string | undefined): boolean {
  return text !== undefined && text.length <= MAX_DELIMITER_ROW && DELIMITER_ROW.test(text);
}
