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
  return cuts.flatMap(({ from, to, before, after, headingPath }) => {
    const indent =
      before.includes("```") || before.includes("~~~") ? indentOf(before) : indentAt(markdown, from);
    const content = dedented(before + markdown.slice(from, to) + after, indent);
    return content === "" ? [] : [{ content, headingPath }];
  });
}

/** A chunk that begins inside a list, without the indentation of it: four spaces would make code of what follows. */
function dedented(markdown: string, indent: number): string {
  const text = markdown.replace(/^(?:[ \t]*\n)+/, "").trimEnd();
  let indentation = indent;
  const [first = "", ...others] = text.trimStart().split("\n");
  const [firstQuotes = ""] = QUOTES.exec(first) ?? [];
  const lines = [firstQuotes + first.slice(firstQuotes.length).trimStart()];
  if (indentation === 0) return [...lines, ...others].join("\n");
  for (const line of others) {
    const here = indentOf(line);
    if (here < indentation && line.trim() !== "") {
      indentation = here;
      // Below text, an item is one only if it begins a list with 1.
      if (lines.at(-1) !== "") lines.push("");
    }
    const [quotes = ""] = QUOTES.exec(line) ?? [];
    lines.push(quotes + line.slice(quotes.length + Math.min(indentation, here)));
  }
  return lines.join("\n");
}

const QUOTES = /^(?:> ?)*/;

/** Spaces that the lines after a place begin with, if they belong to the same item of a list. */
function indentAt(markdown: string, place: number): number {
  const start = markdown.lastIndexOf("\n", place - 1) + 1;
  const line = markdown.slice(start, start + MAX_INDENT);
  // Where a line is cut, those below it stand at the text of its item, not at the mark.
  const isCut = markdown.slice(start, place).trim() !== "";
  return isCut
    ? indentOf(line.replace(/(?:[-*+]|\d{1,9}[.)])(?= )/g, (mark) => " ".repeat(mark.length)))
    : indentOf(line);
}

function indentOf(text: string): number {
  const [quotes = ""] = QUOTES.exec(text) ?? [];
  return /^ */.exec(text.slice(quotes.length))?.[0].length ?? 0;
}
