import type { Leaf } from "#shared/chunking/block-tree.ts";
import { plainTitle } from "#shared/chunking/plain-title.ts";
import type { ChunkPlace } from "#shared/documents/page-to-store.ts";
import { type Continuation, type ReadChunk, readChunk } from "./continuations.ts";
import { indentBelow, itemsAfter, type OpenItem } from "./open-items.ts";

/** A stored chunk, in its order in the document. */
export type ChunkToRead = { content: string; headingPath: string[]; place: ChunkPlace | null };

/** A chunk, or the part of a chunk from one heading to the next: what a reader may begin or stop at. */
export type Piece = {
  /** Markdown that stands alone. */
  text: string;
  continues: Continuation | null;
  /** Of the item of a list that it goes on in. */
  indent: number;
  /** The heading that it begins with. */
  heading: { title: string; level: number } | null;
  /** Of its chunk. */
  headingPath: readonly string[];
  place: ChunkPlace | null;
  /** Whether it is the first of its page, slide, sheet or thread. */
  opensPlace: boolean;
};

/** A document's chunks as pieces that follow each other. `targetTokens`: of the chunks, if they are not those that are stored. */
export function piecesOf(chunks: readonly ChunkToRead[], targetTokens?: number): Piece[] {
  let before: { place: ChunkPlace | null; read: ReadChunk } | null = null;
  let open: OpenItem[] = [];
  return chunks.flatMap((chunk) => {
    const opensPlace = chunk.place !== null && !isSamePlace(before?.place ?? null, chunk.place);
    const read = readChunk(chunk, before && !opensPlace ? before.read : null, targetTokens);
    const indent = before && !opensPlace ? indentBelow(open, chunk.headingPath) : 0;
    open = itemsAfter(indent === 0 ? [] : open, read, indent);
    before = { place: chunk.place, read };
    return atHeadings(read).map(({ text, heading }, index) => ({
      text,
      heading,
      headingPath: chunk.headingPath,
      place: chunk.place,
      continues: index === 0 ? read.continues : null,
      indent,
      opensPlace: index === 0 && opensPlace,
    }));
  });
}

/** Cuts a chunk before each heading that is in no quote and no list. */
function atHeadings({ content, leaves }: ReadChunk): Pick<Piece, "text" | "heading">[] {
  const headings = leaves.filter(
    ({ kind, container }, index) => kind === "heading" && (index === 0 || container === null),
  );
  const starts = headings.map(({ from }) => from);
  if (starts[0] !== 0) starts.unshift(0);
  return starts.map((from, index) => {
    const leaf = headings.find((heading) => heading.from === from);
    return {
      text: content.slice(from, starts[index + 1] ?? content.length).trimEnd(),
      heading: leaf ? { title: titleOf(content, leaf), level: leaf.level } : null,
    };
  });
}

/** A heading's text without its marks and the line below it. */
function titleOf(content: string, { textFrom, to }: Leaf): string {
  const text = content
    .slice(textFrom, to)
    .replace(/^ {0,3}#{1,6}[ \t]*|(?<![ \t])[ \t]+#+[ \t]*$|\n[^\n]*$/g, "");
  return plainTitle(text);
}

function isSamePlace(one: ChunkPlace | null, other: ChunkPlace): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
