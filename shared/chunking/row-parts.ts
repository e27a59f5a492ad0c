import type { Outline, TitledPart } from "#shared/markdown/page-content.ts";
import type { Line } from "./lines.ts";
import { estimateTokens } from "./estimate-tokens.ts";
import { plainTitle } from "./plain-title.ts";
import { RowPlace } from "./row-place.ts";
import { SENTENCE_END, textParts } from "./text-parts.ts";
import { type Cutting, type Unit, withNext } from "./unit.ts";

const CELL_END = /(?<!\\)\|/g;
const CELL_OR_SENTENCE_END = new RegExp(
  `(?<!\\\\)\\||<br>|</li>|(?:${SENTENCE_END.source})(?:</li>|<br>)?`,
  "gu",
);

/** The first cell of a row is repeated up to this share of a chunk; a longer one is truncated. */
const ROW_NAME_SHARE = 1 / 8;
const MAX_ROW_NAME = 120;

/**
 * Splits a row that is too large at cells, items of lists, line breaks and sentences. Each part is a row below the same header,
 * with the row's first cell, which names it, and with the other earlier cells empty. `titles`: the titles around the part inside
 * its cell.
 */
export function* rowParts(
  unit: Unit,
  row: Line,
  { above, prefix }: { above: string; prefix: string },
  { markdown, targetTokens, outline }: Cutting,
): Generator<Unit> {
  const place = new RowPlace(row.text, partsIn(row, outline));
  const parts = textParts(
    markdown,
    { from: row.textFrom, to: row.to },
    { tokens: targetTokens, atomTokens: targetTokens, ends: CELL_OR_SENTENCE_END },
  );
  const names = rowNames(row.text, targetTokens);
  let from = row.textFrom;
  let tokens = 0;
  let before = unit.before;
  let titles: string[] = [];
  for (const [part, next] of withNext(withoutEmptyCells(parts, markdown, targetTokens))) {
    tokens += part.tokens;
    place.moveTo(part.to - row.textFrom);
    // A title stays with what is below it, and the row's first bar with what is in its first cell.
    const isBare = from === row.textFrom && NOTHING.test(markdown.slice(from, part.to));
    if (next && tokens < targetTokens && (place.isAtTitle || isBare)) continue;
    const isInCell = next !== undefined && !markdown.slice(from, part.to).trimEnd().endsWith("|");
    yield {
      from: from === row.textFrom ? unit.from : from,
      to: next ? part.to : unit.to,
      tokens,
      before,
      after: isInCell ? " |" : "",
      titles,
    };
    from = part.to;
    tokens = 0;
    const named = names.slice(0, Math.max(0, place.cells));
    // Without a header above it, no cell needs to be in its column.
    const empty = above === "" ? "" : "  |".repeat(Math.max(0, place.cells - named.length));
    before = `${above}${prefix}|${named.map((name) => ` ${name} |`).join("")}${empty} ${place.opening}`;
    ({ titles } = place);
  }
}

/** The titled parts in a row, by offsets in its text. */
function* partsIn({ textFrom, to }: Line, { parts }: Outline): Generator<TitledPart> {
  let low = 0;
  for (let high = parts.length; low < high;) {
    const middle = (low + high) >> 1;
    if ((parts[middle]?.from ?? 0) < textFrom) low = middle + 1;
    else high = middle;
  }
  for (let part = parts[low]; part && part.from < to; part = parts[++low])
    if (part.titleEnd > part.from && part.to <= to)
      yield { from: part.from - textFrom, titleEnd: part.titleEnd - textFrom, to: part.to - textFrom };
}

/** At most this many cells name a row. */
const MAX_NAMES = 3;

/** The cells that name a row: the first with a letter, and the numbers before it; shortened where they are long. */
function rowNames(row: string, targetTokens: number): string[] {
  const names: string[] = [];
  let start = row.indexOf("|") + 1;
  while (names.length < MAX_NAMES && !names.some((name) => /\p{L}/u.test(name))) {
    CELL_END.lastIndex = start;
    const end = CELL_END.exec(row)?.index ?? row.length;
    names.push(shortName(row.slice(start, end).trim(), targetTokens));
    if (end === row.length) break;
    start = end + 1;
  }
  return names.some((name) => /\p{L}/u.test(name)) ? names : names.slice(0, 1);
}

function shortName(cell: string, targetTokens: number): string {
  if (estimateTokens(cell) <= targetTokens * ROW_NAME_SHARE) return cell;
  return plainTitle(cell, MAX_ROW_NAME).replace(/[\\|*_`[\]<]/g, "\\$&");
}

const NOTHING = /^(?:[\s|]|<\/(?:[uo]l|li)>)*$/;

type Part = { from: number; to: number; tokens: number };

/**
 * Parts of a row; empty cells and ends of lists belong to the previous part, which may exceed `most` tokens by them: alone below
 * a header they would be a chunk that says nothing. A row of a million empty cells is split nevertheless.
 */
function* withoutEmptyCells(parts: Iterable<Part>, markdown: string, most: number): Generator<Part> {
  const waiting: Part[] = [];
  for (const part of parts) {
    const last = waiting.at(-1);
    if (last && last.tokens + part.tokens <= most * 2 && NOTHING.test(markdown.slice(part.from, part.to))) {
      waiting[0] = { ...last, to: part.to, tokens: last.tokens + part.tokens };
      continue;
    }
    yield* waiting.splice(0, 1, part);
  }
  yield* waiting;
}
