import type { Continuation } from "./continuations.ts";

/** A text that follows another; `continues`: what of the one before it the text goes on with. */
export type JoinedPiece = { text: string; continues: Continuation | null };

/**
 * Consecutive pieces as one Markdown document: a table that was split gets its rows together below one header, code its lines in one
 * fence. The first piece stays as it is: a header that it repeats is the only one then.
 */
export function joinPieces(pieces: readonly JoinedPiece[]): string {
  const parts: string[] = [];
  for (const { text, continues } of pieces) {
    const before = parts.at(-1);
    if (before === undefined || !continues) {
      if (text !== "") parts.push(before === undefined ? text : `\n\n${text}`);
      continue;
    }
    const lastLine = before.slice(before.lastIndexOf("\n") + 1);
    if (continues.kind === "code") parts[parts.length - 1] = before.slice(0, -lastLine.length - 1);
    parts.push(`\n${continued(text, continues, prefixOf(lastLine))}`);
  }
  return parts.join("");
}

/** The text without what it repeats, the lines of the continued block with the prefix that the block has above. */
function continued(text: string, { from, to }: Continuation, prefix: string): string {
  const own = prefixOf(text);
  if (own === prefix) return text.slice(from);
  const lines = text.slice(from, to).split("\n");
  const moved = lines.map(
    (line) => prefix + (line.startsWith(own) ? line.slice(own.length) : line.trimStart()),
  );
  return moved.join("\n") + text.slice(to);
}

/** Indentation and marks of quotes at the beginning of a line. */
function prefixOf(text: string): string {
  return /^[ >]*/.exec(text)?.[0] ?? "";
}
