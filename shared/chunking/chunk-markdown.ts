import type { Outline } from "#shared/markdown/page-content.ts";
import type { Chunk } from "./chunk.ts";
import { type Cut, cutMarkdown } from "./cut-markdown.ts";
import type { Container } from "./lines.ts";

/** Of the chunks that are stored. */
export const DEFAULT_TARGET_TOKENS = 512;
const NO_OUTLINE: Outline = { parts: [], headerRows: [], sectionRows: [] };

/**
 * Splits Markdown into chunks of about `targetTokens` (estimated) at most: by heading, then block, then sentence. Never splits
 * inside a fence, a table row or a link: a continued table repeats its header, continued code is fenced again, and what cannot be
 * split is a larger chunk. `outline`: what the Markdown of a page does not contain itself (ReadPage.toMarkdown).
 * Deterministic; never throws.
 */
export function chunkMarkdown(
  markdown: string,
  {
    targetTokens = DEFAULT_TARGET_TOKENS,
    outline = NO_OUTLINE,
  }: { targetTokens?: number; outline?: Outline } = {},
): Chunk[] {
  return cutMarkdown(markdown, targetTokens, outline).flatMap((cut) => {
    const content = contentOf(markdown, cut);
    return content === "" ? [] : [{ content, headingPath: cut.headingPath }];
  });
}

function contentOf(markdown: string, { from, to, before, after, container }: Cut): string {
  const text = markdown.slice(from, to) + after;
  const indent = indentOf(container);
  if (from > 0 && markdown[from - 1] !== "\n") return before + dedented(text, indent, true).trim();
  return (before + dedented(text, indent, false)).trimEnd();
}

/** Indentation by the list items around a position: outside all quotes, inside the first, inside the second, … */
function indentOf(container: Container | null): number[] {
  if (!container) return [0];
  const spaces = indentOf(container.around);
  return container.indent === 0
    ? [...spaces, 0]
    : [...spaces.slice(0, -1), (spaces.at(-1) ?? 0) + container.indent];
}

/** The prefix of a line: spaces, then perhaps the mark of a quote, spaces in that, and so on. */
type Prefix = {
  /** Spaces before the first mark of a quote, after it, after the second, ...; the last ones are before the text. */
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
 * Removes the indentation of the lists that a chunk begins inside: four spaces would turn the text into code. `indent`: their
 * spaces, as `indentOf` returns them; the first line may have fewer if an item begins on it. Quotes stay.
 */
function dedented(markdown: string, indent: readonly number[], startsInLine: boolean): string {
  if (indent.every((spaces) => spaces === 0)) return markdown;
  const [first = "", ...others] = markdown.split("\n");
  const start = readPrefix(first);
  let indentation = startsInLine
    ? indent
    : indent.map((spaces, depth) => Math.min(spaces, start.spaces[depth] ?? 0));
  const lines = [startsInLine ? first : withoutIndent(start, indentation)];
  for (const line of others) {
    const prefix = readPrefix(line);
    const { spaces, quotes, text } = prefix;
    const less = spaces.findIndex((here, depth) => here < (indentation[depth] ?? 0));
    if (less !== -1 && text !== "") {
      indentation = [...indentation.slice(0, less), spaces[less] ?? 0];
      // Below text, an item is one only if it begins a list with 1.
      if (readPrefix(lines.at(-1) ?? "").text !== "") lines.push(quotes.slice(0, less).join("").trimEnd());
    }
    lines.push(withoutIndent(prefix, indentation));
  }
  return lines.join("\n");
}

function withoutIndent({ spaces, quotes, text }: Prefix, indent: readonly number[]): string {
  const kept = spaces.map((here, depth) => " ".repeat(Math.max(0, here - (indent[depth] ?? 0))));
  return kept.map((spacing, depth) => spacing + (quotes[depth] ?? "")).join("") + text;
}
