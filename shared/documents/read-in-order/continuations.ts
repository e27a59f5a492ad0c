import { type Block, blockTree, type Leaf } from "#shared/chunking/block-tree.ts";
import { DEFAULT_TARGET_TOKENS } from "#shared/chunking/chunk-markdown.ts";
import { estimateTokens } from "#shared/chunking/estimate-tokens.ts";

/** The block at the beginning of a text that continues the last block of the text before it. */
export type Continuation = {
  kind: "table" | "code";
  /** Where the block's own lines begin, after the table's header or the opening of the fence. */
  from: number;
  /** Where the block ends. */
  to: number;
  /** Whether the chunker removed indentation from its lines: they are in an item of a list. */
  isDedented: boolean;
};

/** A chunk as far as it matters for what continues it. */
export type ReadChunk = {
  content: string;
  headingPath: readonly string[];
  leaves: readonly Leaf[];
  continues: Continuation | null;
};

/** Reads a chunk; `before`: the one whose last block it may continue. */
export function readChunk(
  { content, headingPath }: Pick<ReadChunk, "content" | "headingPath">,
  before: ReadChunk | null,
  targetTokens = DEFAULT_TARGET_TOKENS,
): ReadChunk {
  const chunk = { content, headingPath, leaves: leavesOf(blockTree(content)), continues: null };
  return { ...chunk, continues: before && continuationOf(before, chunk, targetTokens) };
}

/**
 * Whether a chunk continues the table or the code that the chunk before it ends with; null if not. The chunker begins a chunk with a
 * block that it splits, repeats the block's header, and fills chunks as far as they go: a block that would have fitted is one of its own.
 */
function continuationOf(before: ReadChunk, chunk: ReadChunk, targetTokens: number): Continuation | null {
  const last = before.leaves.at(-1);
  const first = chunk.leaves[0];
  if (!last || !first || last.kind !== first.kind || !before.leaves.slice(0, -1).every(isTitle)) return null;
  // In the quotes of the block above, but never an item of its own.
  if (!/^[ >]*$/.test(chunk.content.slice(first.from, first.textFrom))) return null;
  const boundary = { before, last, chunk, first, targetTokens };
  const end = { to: first.to, isDedented: isDedented(boundary) };
  if (first.kind === "table") {
    const from = ownRows(boundary);
    return from === null ? null : { kind: "table", from, ...end };
  }
  const from = first.kind === "code" ? ownLines(boundary) : null;
  return from === null ? null : { kind: "code", from, ...end };
}

/** The last block of a chunk and the first of the next, of one kind. */
type Boundary = { before: ReadChunk; last: Leaf; chunk: ReadChunk; first: Leaf; targetTokens: number };

/** What the chunker keeps with the block below it: headings, and text of one line. */
function isTitle({ kind }: Leaf): boolean {
  return kind === "heading" || kind === "alert" || kind === "prose";
}

/** Where the rows begin that a table has of its own; null if it continues none. */
function ownRows({ before, last, chunk, first, targetTokens }: Boundary): number | null {
  const above = rowsOf(before.content, last);
  const [header, delimiter, row] = rowsOf(chunk.content, first);
  // A header too large to be repeated: rows alone are no table.
  if (!DELIMITER.test(delimiter?.text ?? "")) return first.from;
  if (!row || header?.text !== above[0]?.text || delimiter?.text !== above[1]?.text) return null;
  if (isFilled(before, row.text, targetTokens) || isSameRow(above.at(-1)?.text, row.text)) return row.from;
  // A row that was split inside a cell ends its chunk: the next has fewer titles above it.
  return isBelow(before.headingPath, chunk.headingPath) ? row.from : null;
}

/** Where the lines begin that a block of code has of its own; null if it continues none. */
function ownLines({ before, last, chunk, first, targetTokens }: Boundary): number | null {
  if (first.fence?.opening !== last.fence?.opening) return null;
  const from = chunk.content.indexOf("\n", first.from) + 1;
  if (from === 0 || from > first.to) return null;
  const [line = ""] = chunk.content.slice(from, first.to).split("\n", 1);
  return isFilled(before, line, targetTokens) ? from : null;
}

const DELIMITER = /^\|(?:\s*:?-+:?\s*\|)+\s*$/;

type Row = { from: number; text: string };

/** The rows of a table, without the marks of quotes and items before them. */
function rowsOf(content: string, { from, to }: Leaf): Row[] {
  let position = from;
  return content
    .slice(from, to)
    .split("\n")
    .map((line) => {
      const row = { from: position, text: line.slice(Math.max(0, line.indexOf("|"))) };
      position += line.length + 1;
      return row;
    });
}

/** Whether both are parts of one row: each part repeats the cell that names the row. */
function isSameRow(above: string | undefined, row: string): boolean {
  const name = nameOf(row);
  return name !== "" && name === nameOf(above ?? "");
}

function nameOf(row: string): string {
  return row.split(/(?<!\\)\|/, 2)[1]?.trim() ?? "";
}

function isBelow(path: readonly string[], other: readonly string[]): boolean {
  return path.length > other.length && other.every((title, index) => path[index] === title);
}

/** Whether the line below had no room in the chunk. The chunker counts line by line, indentation included, each rounded up. */
function isFilled({ content, continues }: ReadChunk, next: string, targetTokens: number): boolean {
  const indentation = continues?.isDedented ? "  " : "";
  const tokens = `${content}\n${next}`
    .split("\n")
    .reduce((sum, line) => sum + estimateTokens(`${indentation}${line}\n`), 0);
  return tokens > targetTokens;
}

function isDedented({ before, last, chunk, first }: Boundary): boolean {
  if (before.continues?.isDedented) return true;
  const [lastLine = ""] = before.content.slice(0, last.to).split("\n").slice(-1);
  return indentOf(lastLine) > indentOf(chunk.content.slice(first.from, first.to));
}

function indentOf(text: string): number {
  return text.length - text.trimStart().length;
}

function leavesOf(blocks: readonly Block[]): Leaf[] {
  return blocks.flatMap((block) => {
    if (block.kind === "quote") return leavesOf(block.children);
    return block.kind === "list" ? block.children.flatMap(({ children }) => leavesOf(children)) : [block];
  });
}
