import type { Line } from "./lines.ts";
import { estimateTokens } from "./estimate-tokens.ts";
import { plainTitle } from "./plain-title.ts";
import { SENTENCE_END, textParts } from "./text-parts.ts";
import { type Cutting, type Unit, withNext } from "./unit.ts";

const CELL_END = /(?<!\\)\|/g;
const CELL_OR_SENTENCE_END = new RegExp(`(?<!\\\\)\\||<br>|${SENTENCE_END.source}`, "gu");
const HEADING_IN_CELL = /<h[1-6]>(.*?)<\/h[1-6]>/g;

/** The first cell of a row is repeated up to this share of a chunk; of a longer one its beginning. */
const ROW_NAME_SHARE = 1 / 8;
const MAX_ROW_NAME = 120;

/**
 * Cuts a row that is too large, at cells, line breaks and sentences. Each part reads as a row below the same header: with the
 * row's first cell, which names it, and nothing in the other cells that came before. `titles`: those inside the cell.
 */
export function* rowParts(
  unit: Unit,
  row: Line,
  { above, prefix }: { above: string; prefix: string },
  { markdown, targetTokens, outline }: Cutting,
): Generator<Unit> {
  const titled = outline.parts.filter(({ from, to }) => from >= row.textFrom && to <= row.to);
  const titleEnds = new Set(titled.map(({ titleEnd }) => titleEnd + "<br>".length));
  const parts = textParts(
    markdown,
    { from: row.textFrom, to: row.to },
    { tokens: targetTokens, atomTokens: targetTokens, ends: CELL_OR_SENTENCE_END },
  );
  const name = rowName(row.text, targetTokens);
  let cells = -1;
  let heading = "";
  let from = row.textFrom;
  let tokens = 0;
  let before = unit.before;
  let titles: string[] = [];
  for (const [part, next] of withNext(withoutEmptyCells(parts, markdown, targetTokens))) {
    tokens += part.tokens;
    // The title of a part stays with what is below it.
    if (next && titleEnds.has(part.to)) continue;
    const text = markdown.slice(from, part.to);
    const isInCell = next !== undefined && !text.trimEnd().endsWith("|");
    yield {
      from: from === row.textFrom ? unit.from : from,
      to: next ? part.to : unit.to,
      tokens,
      before,
      after: isInCell ? " |" : "",
      titles,
    };
    const cellEnds = text.match(CELL_END)?.length ?? 0;
    cells += cellEnds;
    const inLastCell = cellEnds === 0 ? text : text.slice(text.lastIndexOf("|"));
    heading = [...inLastCell.matchAll(HEADING_IN_CELL)].at(-1)?.[1] ?? (cellEnds === 0 ? heading : "");
    from = part.to;
    tokens = 0;
    // Without the header above it, no cell needs to stand in its column.
    const empty = above === "" ? "" : "  |".repeat(Math.max(0, cells - 1));
    before = `${above}${prefix}|${cells > 0 ? `${name} |${empty}` : ""} `;
    titles = titled
      .filter((part) => part.from < from && from < part.to)
      .map((part) => titleOf(part, markdown));
    if (heading !== "") titles.push(plainTitle(heading));
  }
}

function titleOf({ from, titleEnd }: { from: number; titleEnd: number }, markdown: string): string {
  return plainTitle(markdown.slice(from, titleEnd));
}

/** The first cell of a row, with a space before it; shortened where it is long. */
function rowName(row: string, targetTokens: number): string {
  const cells = row.slice(row.indexOf("|") + 1);
  const end = cells.search(CELL_END);
  const cell = cells.slice(0, end === -1 ? undefined : end).trim();
  if (cell === "") return " ";
  if (estimateTokens(cell) <= targetTokens * ROW_NAME_SHARE) return ` ${cell}`;
  return ` ${plainTitle(cell, MAX_ROW_NAME).replace(/[\\|*_`[\]<]/g, "\\$&")}`;
}

type Part = { from: number; to: number; tokens: number };

/** Parts of a row; cells with nothing in them belong to the part before. */
function* withoutEmptyCells(parts: Iterable<Part>, markdown: string, most: number): Generator<Part> {
  const waiting: Part[] = [];
  for (const part of parts) {
    const last = waiting.at(-1);
    if (last && last.tokens + part.tokens <= most && /^[\s|]*$/.test(markdown.slice(part.from, part.to))) {
      waiting[0] = { ...last, to: part.to, tokens: last.tokens + part.tokens };
      continue;
    }
    yield* waiting.splice(0, 1, part);
  }
  yield* waiting;
}
