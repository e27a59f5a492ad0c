import type { Chunk } from "#shared/chunking/chunk.ts";
import { chunkMarkdown } from "#shared/chunking/chunk-markdown.ts";
import { joinPieces } from "./join-pieces.ts";
import { type Piece, piecesOf } from "./pieces.ts";
import { placeTitle } from "./sections.ts";

/** Where a part begins: at a piece, or at one of the cuts of a piece that is larger than a part of `cutBudget` tokens. */
export type Position = { piece: number; cut: number; cutBudget: number };

/** A part of a document, and where the next one begins; null at the end. */
export type Part = { text: string; next: Position | null };

/** What a part holds. `tokensOf`: how its reader counts. */
export type PartLimits = { to: number; budget: number; tokensOf: (text: string) => number };

/** Of a part, for each cut of a larger piece: what is around the text of the parts to come may take somewhat more. */
const CUT_SHARE = 0.8;

/** The line feeds between two pieces, in JSON. */
const JOIN_TOKENS = 3;

/**
 * The next part of a document, from a position (the beginning of a piece, or the `next` of the part before) up to the piece `to`: whole
 * pieces, as many as the budget holds, at least one.
 */
export function partOf(pieces: readonly Piece[], from: Position, limits: PartLimits): Part {
  const taken: (Cut & { at: Position })[] = [];
  let tokens = 0;
  let next: Position | null = null;
  for (let piece = from.piece; piece < limits.to && next === null; piece += 1) {
    const first = piece === from.piece ? from : { piece, cut: 0, cutBudget: 0 };
    const cutBudget = first.cutBudget || Math.floor(limits.budget * CUT_SHARE);
    const isCut = first.cutBudget > 0;
    for (const [cut, fitted] of cutsOf(pieces[piece], { ...limits, cutBudget, isCut }).entries()) {
      if (cut < first.cut) continue;
      const at = { piece, cut, cutBudget: cut === 0 ? 0 : cutBudget };
      tokens += limits.tokensOf(fitted.text) + JOIN_TOKENS;
      if (tokens > limits.budget && taken.length > 0) {
        next = at;
        break;
      }
      taken.push({ ...fitted, at });
    }
  }
  // A heading goes with what is below it.
  while (next && taken.length > 1 && taken.at(-1)?.isBareHeading) next = taken.pop()?.at ?? next;
  return { text: joinPieces(taken), next };
}

/**
 * Targets of the chunker, as shares of a part, for what is larger than a part: prose fills the target, but rows and lines of up to four
 * times the target stay whole, below a header of up to the target.
 */
const SHARES = [1, 3 / 4, 1 / 2, 1 / 3, 1 / 5];

type Cut = Pick<Piece, "text" | "continues" | "indent"> & { isBareHeading: boolean };

/** A piece with the name of its place; in several cuts where it is larger than a whole part. */
function cutsOf(
  piece: Piece | undefined,
  {
    budget,
    cutBudget,
    isCut,
    tokensOf,
  }: Pick<PartLimits, "budget" | "tokensOf"> & { cutBudget: number; isCut: boolean },
): Cut[] {
  if (!piece) return [];
  const mark = piece.opensPlace ? markOf(piece) : "";
  const text = mark + piece.text;
  const fits = (part: string, tokens = cutBudget) => tokensOf(part) + JOIN_TOKENS <= tokens;
  if (!isCut && fits(text, budget)) {
    const isBareHeading = piece.heading !== null && !text.includes("\n");
    return [{ text, continues: piece.continues, indent: piece.indent, isBareHeading }];
  }
  const { chunks, targetTokens } = chunksThatFit(text, cutBudget, fits);
  const smaller = piecesOf(
    chunks.map((chunk) => ({ ...chunk, place: null })),
    targetTokens,
  );
  return smaller.map((cut, index) => ({
    text: cut.text,
    continues: index === 0 ? continuedWithin(piece, cut.text) : cut.continues,
    indent: piece.indent + cut.indent,
    isBareHeading: false,
  }));
}

/** The largest chunks that all fit, or the smallest. */
function chunksThatFit(
  text: string,
  budget: number,
  fits: (part: string) => boolean,
): { chunks: Chunk[]; targetTokens: number } {
  let found = { chunks: [] as Chunk[], targetTokens: budget };
  for (const share of SHARES) {
    const targetTokens = Math.max(1, Math.floor(budget * share));
    found = { chunks: chunkMarkdown(text, { targetTokens }), targetTokens };
    if (found.chunks.every(({ content }) => fits(content))) break;
  }
  return found;
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
