import type { Chunk } from "#shared/chunking/chunk.ts";
import { chunkMarkdown } from "#shared/chunking/chunk-markdown.ts";
import { estimateTokens } from "#shared/chunking/estimate-tokens.ts";
import { type ReadChunk, readChunk } from "./continuations.ts";
import { joinPieces } from "./join-pieces.ts";
import type { Piece } from "./pieces.ts";
import { placeTitle } from "./sections.ts";

/** A part of a document, and where the next one begins; null at the end. */
export type Part = { text: string; next: number | null };

/**
 * The next part of a document, from `from` (0, or the `next` of the part before) on: whole pieces, as many as `budget` tokens
 * (estimated, also when printed as JSON) hold, at least one. Positions hold for the same pieces and budget only.
 */
export function partOf(pieces: readonly Piece[], { from, budget }: { from: number; budget: number }): Part {
  const fitted = pieces.flatMap((piece) => fitting(piece, budget));
  let to = from;
  for (let tokens = 0; to < fitted.length; to += 1) {
    tokens += costOf(fitted[to]?.text ?? "") + JOIN_TOKENS;
    if (tokens > budget && to > from) break;
  }
  // A heading goes with what is below it.
  while (to < fitted.length && to > from + 1 && isBareHeading(fitted[to - 1])) to -= 1;
  return { text: joinPieces(fitted.slice(from, to)), next: to < fitted.length ? to : null };
}

/** The tokens of a text as it is or in JSON, whichever are more. */
export function costOf(text: string): number {
  return Math.max(estimateTokens(text), estimateTokens(JSON.stringify(text)));
}

/** The line feeds between two pieces, in JSON. */
const JOIN_TOKENS = 3;

/**
 * Targets of the chunker, as shares of a part, for what is larger than a part: prose fills the target, but rows and lines of up to four
 * times the target stay whole, below a header of up to the target.
 */
const SHARES = [1, 1 / 2, 1 / 3, 1 / 5];

/** A piece with the name of its place; cut where it is larger than a whole part. */
function fitting(piece: Piece, budget: number): Pick<Piece, "text" | "continues" | "heading">[] {
  const mark = piece.opensPlace ? markOf(piece) : "";
  const text = mark + piece.text;
  if (costOf(text) + JOIN_TOKENS <= budget) return [{ ...piece, text }];
  const { cuts, targetTokens } = cutToFit(text, budget - JOIN_TOKENS);
  let before: ReadChunk | null = null;
  return cuts.map((cut, index) => {
    before = readChunk(cut, before, targetTokens);
    const isFirst = index === 0;
    return {
      text: cut.content,
      heading: isFirst ? piece.heading : null,
      continues: isFirst ? continuedWithin(piece, cut.content) : before.continues,
    };
  });
}

/** The largest cuts that all fit, or the smallest. */
function cutToFit(text: string, budget: number): { cuts: Chunk[]; targetTokens: number } {
  let cuts: Chunk[] = [];
  let targetTokens = budget;
  for (const share of SHARES) {
    targetTokens = Math.max(1, Math.floor(budget * share));
    cuts = chunkMarkdown(text, { targetTokens });
    if (cuts.every(({ content }) => costOf(content) <= budget)) break;
  }
  return { cuts, targetTokens };
}

function continuedWithin({ continues }: Piece, content: string): Piece["continues"] {
  if (!continues || continues.from >= content.length) return null;
  return { ...continues, to: Math.min(continues.to, content.length) };
}

/** The line that names a page, slide or sheet; of a thread, what of the page it is about. */
function markOf({ place, headingPath }: Piece): string {
  const title = placeTitle(place);
  if (title !== null) return `<!-- ${title.replaceAll(/--+/g, "-")} -->\n\n`;
  return `**${headingPath.join(" › ")}**\n\n`;
}

function isBareHeading(piece: Pick<Piece, "text" | "heading"> | undefined): boolean {
  return piece?.heading != null && !piece.text.includes("\n");
}
