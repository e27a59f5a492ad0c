import { estimateTokens } from "./estimate-tokens.ts";
import { type Block, closesFence, type Fence, type Line, lines, openedFence } from "./markdown-blocks.ts";
import { type Range, textParts } from "./text-parts.ts";

/** The smallest parts that a chunk may begin or end with. */
export type Unit = {
  from: number;
  to: number;
  tokens: number;
  /** What a chunk that begins with this unit needs above it: the header of its table, the opening of its fence. */
  before: string;
  /** What a chunk that ends with this unit needs below it: the end of its fence. */
  after: string;
};

/**
 * A row of a table, a line of code or a link may be this many times the target before even it is cut: readers want them
 * whole, but embedding models refuse or silently cut off what is longer than they take (8,000 tokens, most of them).
 */
export const LARGEST_UNIT = 4;
/** A header is repeated when it takes no more than this share of a chunk: a wider one would leave no room for rows. */
const HEADER_SHARE = 1 / 2;

/** Indentation, marks of quotes and of the list items that the row is the first line of. */
const ROW_PREFIX = /^[\s>]*(?:(?:[-*+]|\d{1,9}[.)])[\s>]+)*(?=\|)/;
const DELIMITER_ROW = /^[\s>]*\|(?:\s*:?-+:?\s*\|)+\s*$/;
/** The delimiters of a thousand columns take 6,000. */
const MAX_DELIMITER_ROW = 20_000;
const CELL_END = /(?<!\\)\|/g;
const CELL_OR_SENTENCE_END = /(?<!\\)\||<br>|[.!?…](?=\s)/g;

/** A unit that may still grow: by the end of its fence, by the first row below a header. */
type Held = { unit: Unit; rows: number; cut: Range };
type Context = { markdown: string; target: number; fence: Fence | null; header: string };

/**
 * Cuts a block where it may be cut: between lines, rows of a table, lines of code, sentences that longer lines consist of.
 * Lazy, because a block may be a table of a million rows.
 */
export function* blockUnits(markdown: string, block: Block, targetTokens: number): Generator<Unit> {
  const context: Context = { markdown, target: targetTokens, fence: null, header: "" };
  let inTable = false;
  let held: Held | null = null;
  for (const [line, next] of withNext(lines(markdown, block.from, block.to))) {
    const { text } = line;
    if (context.fence) {
      if (held && closesFence(context.fence, text)) {
        held.unit = { ...held.unit, to: line.to, tokens: held.unit.tokens + 1, after: "" };
        yield* inSize(held, context);
        held = null;
        context.fence = null;
        continue;
      }
      // The opening of a fence is one unit with the first line of code.
      if (held && held.rows === 1) {
        grow(held, line, markdown);
        continue;
      }
      if (held) yield* inSize(held, context);
      held = holding(unit(markdown, line, `${context.fence.opening}\n`, `\n${context.fence.closing}`), 2);
      continue;
    }
    const opened = openedFence(text);
    const isRow = opened === null && ROW_PREFIX.test(text);
    if (isRow && held && held.rows > 0 && held.rows < 3) {
      // Header, delimiter row and first row are one unit: none says anything without the next.
      grow(held, line, markdown);
      if (held.rows === 2) context.header = repeatable(markdown, held.unit, targetTokens);
      continue;
    }
    if (held) yield* inSize(held, context);
    held = null;
    if (!isRow) {
      inTable = false;
      context.header = "";
    }
    if (opened) {
      context.fence = opened;
      held = holding(unit(markdown, line, "", `\n${opened.closing}`), 1);
    } else if (isRow) {
      const isHeader: boolean = !inTable && next !== undefined && isDelimiterRow(next.text);
      inTable ||= isHeader;
      held = holding(unit(markdown, line, context.header, ""), isHeader ? 1 : 0);
    } else if (text.trim() !== "") {
      yield* proseUnits(line, context);
    }
  }
  if (held) yield* inSize(held, context);
}

function holding(held: Unit, rows: number): Held {
  return { unit: held, rows, cut: held };
}

function grow(held: Held, line: Line, markdown: string): void {
  const tokens = estimateTokens(markdown.slice(line.from, line.to + 1));
  held.unit = { ...held.unit, to: line.to, tokens: held.unit.tokens + tokens };
  held.rows++;
  held.cut = line;
}

function unit(markdown: string, range: Range, before: string, after: string): Unit {
  const tokens = estimateTokens(markdown.slice(range.from, range.to + 1));
  return { from: range.from, to: range.to, before, after, tokens };
}

/** The header of a table as each of its chunks repeats it, indented as its rows are; empty when it is too large for that. */
function repeatable(markdown: string, header: Unit, targetTokens: number): string {
  if (header.tokens > targetTokens * HEADER_SHARE) return "";
  const rows = markdown.slice(header.from, header.to).split("\n");
  return rows.map((row) => `${prefixBelow(row)}${row.replace(ROW_PREFIX, "")}\n`).join("");
}

/** What the rows below a row begin with: its indentation and quotes, and spaces where it has the marks of list items. */
function prefixBelow(row: string): string {
  const [prefix = ""] = ROW_PREFIX.exec(row) ?? [];
  return prefix.replace(/[^\s>]/g, " ");
}

function isDelimiterRow(text: string): boolean {
  return text.length <= MAX_DELIMITER_ROW && DELIMITER_ROW.test(text);
}

/** The unit; a row or line of code that no embedding model takes as a whole, in parts that each can be read as one. */
function* inSize(held: Held, { markdown, target, fence, header }: Context): Generator<Unit> {
  const whole = held.unit;
  if (whole.tokens <= target * LARGEST_UNIT) {
    yield whole;
    return;
  }
  // A row that is to be cut is cut alone; so is a header that is too large to be repeated.
  const isRow = fence === null;
  let cells = -1;
  const parts = textParts(markdown, held.cut, {
    tokens: target,
    atomTokens: isRow ? target : 0,
    ends: isRow ? CELL_OR_SENTENCE_END : null,
  });
  let before = whole.before;
  for (const [part, next] of withNext(parts)) {
    const text = markdown.slice(part.from, part.to);
    let after = whole.after;
    if (next)
      after = fence ? `\n${fence.closing}` : header === "" || text.trimEnd().endsWith("|") ? "" : " |";
    yield {
      from: before === whole.before && part.from === held.cut.from ? whole.from : part.from,
      to: next ? part.to : whole.to,
      tokens: part.tokens,
      before,
      after,
    };
    if (isRow) cells += text.match(CELL_END)?.length ?? 0;
    // The cells that came before are left empty, so that the others stay under their headers.
    if (fence) before = `${fence.opening}\n`;
    else before = header === "" ? "" : `${header}${prefixBelow(header)}|${"  |".repeat(Math.max(0, cells))}`;
  }
}

/** A line of prose: whole when it fits, else its sentences; a sentence that does not fit, its words. */
function* proseUnits(line: Line, { markdown, target }: Context): Generator<Unit> {
  const whole = unit(markdown, line, "", "");
  if (whole.tokens <= target) yield whole;
  else {
    for (const part of textParts(markdown, line, { tokens: target, atomTokens: target * LARGEST_UNIT })) {
      yield { ...part, before: "", after: "" };
    }
  }
}

function* withNext<T>(items: Iterable<T>): Generator<[T, T | undefined]> {
  let previous: { item: T } | null = null;
  for (const item of items) {
    if (previous) yield [previous.item, item];
    previous = { item };
  }
  if (previous) yield [previous.item, undefined];
}
