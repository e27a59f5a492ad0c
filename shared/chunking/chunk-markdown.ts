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
    const indent = isFenced ? readPrefix(before).spaces : indentAt(markdown, lineStart, from);
    const content = dedented(before + markdown.slice(from, to) + after, indent);
    return content === "" ? [] : [{ content, headingPath }];
  });
}

/** What a line begins with: spaces, then perhaps the mark of a quote, spaces in that, and so on. */
type Prefix = {
  /** Spaces before the first mark of a quote, after it, after the second, ...; the last ones stand before the text. */
  spaces: number[];
  /** `>`, with the one space that belongs to it. */
  quotes: string[];
  text: string;
};

function readPrefix(line: string): Prefix {
  const spaces: number[] = [];
  const quotes: string[] = [];
  let position = 0;
  for (;;) {
    const start = position;
    while (line[position] === " ") position++;
    spaces.push(position - start);
    if (line[position] !== ">") break;
    const quote = line[position + 1] === " " ? "> " : ">";
    quotes.push(quote);
    position += quote.length;
  }
  return { spaces, quotes, text: line.slice(position) };
}

/**
 * A chunk that begins inside lists, without their indentation: four spaces would make code of what follows. `indent`: the
 * spaces that belong to them, outside of all quotes, inside the first, ... Quotes stay.
 */
function dedented(markdown: string, indent: readonly number[]): string {
  const text = markdown.replace(EMPTY_LINES, "").trimEnd();
  let indentation = indent;
  const [first = "", ...others] = text.split("\n");
  const start = readPrefix(first);
  const lines = [start.quotes.join("") + start.text];
  if (indentation.every((spaces) => spaces === 0)) return [...lines, ...others].join("\n");
  for (const line of others) {
    const { spaces, quotes, text: shown } = readPrefix(line);
    const less = spaces.findIndex((here, depth) => here < (indentation[depth] ?? 0));
    if (less !== -1 && shown !== "") {
      indentation = [...indentation.slice(0, less), spaces[less] ?? 0];
      // Below text, an item is one only if it begins a list with 1.
      if (readPrefix(lines.at(-1) ?? "").text !== "") lines.push(quotes.slice(0, less).join("").trimEnd());
    }
    const kept = spaces.map((here, depth) => " ".repeat(Math.max(0, here - (indentation[depth] ?? 0))));
    lines.push(kept.map((here, depth) => here + (quotes[depth] ?? "")).join("") + shown);
  }
  return lines.join("\n");
}

const EMPTY_LINES = /^(?:[ \t>]*\n)+/;

/** Spaces that the lines after a place begin with, if they belong to the same item of a list: as `dedented` takes them. */
function indentAt(markdown: string, lineStart: number, place: number): number[] {
  const line = markdown.slice(lineStart, lineStart + MAX_INDENT);
  // Where a line is cut, those below it stand at the text of its item, not at the mark.
  const isCut = line.slice(0, place - lineStart).trim() !== "";
  const marks = /(?:[-*+]|\d{1,9}[.)])(?= )/g;
  return readPrefix(
    isCut ? line.replace(marks, (mark) => " ".repeat(mark.length)) : line.replace(EMPTY_LINES, ""),
  ).spaces;
}
