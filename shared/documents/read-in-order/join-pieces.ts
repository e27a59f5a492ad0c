import type { Continuation } from "./continuations.ts";

/**
 * A text that follows another; `continues`: what of the one before it the text goes on with; `indent`: of the item of a list that it
 * goes on in.
 */
export type JoinedPiece = { text: string; continues: Continuation | null; indent: number };

/**
 * Consecutive pieces as one Markdown document: a table that was split gets its rows together below one header, code its lines in one
 * fence. The first piece stays as it is: a header that it repeats is the only one then.
 */
export function joinPieces(pieces: readonly JoinedPiece[]): string {
  const parts: string[] = [];
  // The items around the first piece are not shown: what is in the same is beside it.
  let base = Infinity;
  for (const { text, continues, indent } of pieces) {
    base = Math.min(base, indent);
    const shift = indent - base;
    const before = parts.at(-1);
    if (before === undefined || !continues) {
      if (text !== "") parts.push(`${before === undefined ? "" : "\n\n"}${indented(text, shift)}`);
      continue;
    }
    const lastLine = before.slice(before.lastIndexOf("\n") + 1);
    if (continues.kind === "code") parts[parts.length - 1] = before.slice(0, -lastLine.length - 1);
    parts.push(
      `\n${continued(text, continues, prefixOf(lastLine))}${indented(text.slice(continues.to), shift)}`,
    );
  }
  return parts.join("");
}

/** The lines of the continued block, without what it repeats, with the prefix that the block has above. */
function continued(text: string, { from, to }: Continuation, prefix: string): string {
  const own = prefixOf(text);
  const lines = text.slice(from, to).split("\n");
  const moved = lines.map(
    (line) => prefix + (line.startsWith(own) ? line.slice(own.length) : line.trimStart()),
  );
  return moved.join("\n");
}

function indented(text: string, spaces: number): string {
  return spaces === 0 ? text : text.replaceAll(/^(?=.)/gm, " ".repeat(spaces));
}

/** Indentation and marks of quotes at the beginning of a line. */
function prefixOf(text: string): string {
  return /^[ >]*/.exec(text)?.[0] ?? "";
}
