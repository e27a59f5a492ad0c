import type { Chunk } from "./chunk.ts";
import { cutMarkdown } from "./cut-markdown.ts";

const DEFAULT_TARGET_TOKENS = 512;
/** A line's quotes, indentation and mark of a list are looked for in this many characters. */
const MAX_INDENT = 1000;

/**
 * Cuts Markdown into chunks of about `targetTokens` (estimated) at most: by heading, then block, then sentence. Never inside
 * a fence, a table row or a link: a table continued repeats its header, code continued is fenced again, and what cannot be
 * cut is a chunk larger than asked for. Deterministic; never throws.
 */
export function chunkMarkdown(markdown: string, options: { targetTokens?: number } = {}): Chunk[] {
  const cuts = cutMarkdown(markdown, options.targetTokens ?? DEFAULT_TARGET_TOKENS);
  /** Where the line of a chunk's first character begins: looked for from the chunk before on, for a line may be megabytes. */
  let lineStart = 0;
  let position = 0;
  return cuts.flatMap(({ from, to, before, after, headingPath }) => {
    const feed = markdown.slice(position, from).lastIndexOf("\n");
    if (feed !== -1) lineStart = position + feed + 1;
    position = from;
    const isFenced = before.includes("```") || before.includes("~~~");
    const indent = isFenced ? indentOf(before) : indentAt(markdown, lineStart, from);
    const content = dedented(before + markdown.slice(from, to) + after, indent);
    return content === "" ? [] : [{ content, headingPath }];
  });
}

/** A chunk that begins inside a list, without the indentation of it: four spaces would make code of what follows. */
function dedented(markdown: string, indent: number): string {
  const text = markdown.replace(EMPTY_LINES, "").trimEnd();
  let indentation = indent;
  const [first = "", ...others] = text.trimStart().split("\n");
  const [firstQuotes = ""] = QUOTES.exec(first) ?? [];
  const lines = [firstQuotes + first.slice(firstQuotes.length).trimStart()];
  if (indentation === 0) return [...lines, ...others].join("\n");
  for (const line of others) {
    const here = indentOf(line);
    if (here < indentation && !/^[ >]*$/.test(line)) {
      indentation = here;
      // Below text, an item is one only if it begins a list with 1.
      if (!/^[ >]*$/.test(lines.at(-1) ?? "")) lines.push(QUOTES.exec(line)?.[0].trimEnd() ?? "");
    }
    const [quotes = ""] = QUOTES.exec(line) ?? [];
    lines.push(quotes + line.slice(quotes.length + Math.min(indentation, here)));
  }
  return lines.join("\n");
}

const EMPTY_LINES = /^(?:[ \t>]*\n)+/;
const QUOTES = /^(?:> ?)*/;

/** Spaces that the lines after a place begin with, if they belong to the same item of a list. */
function indentAt(markdown: string, lineStart: number, place: number): number {
  const line = markdown.slice(lineStart, lineStart + MAX_INDENT);
  // Where a line is cut, those below it stand at the text of its item, not at the mark.
  const isCut = line.slice(0, place - lineStart).trim() !== "";
  const marks = /(?:[-*+]|\d{1,9}[.)])(?= )/g;
  return indentOf(
    isCut ? line.replace(marks, (mark) => " ".repeat(mark.length)) : line.replace(EMPTY_LINES, ""),
  );
}

function indentOf(text: string): number {
  const [quotes = ""] = QUOTES.exec(text) ?? [];
  return /^ */.exec(text.slice(quotes.length))?.[0].length ?? 0;
}
