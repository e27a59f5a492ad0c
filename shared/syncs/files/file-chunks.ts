import { createHash } from "node:crypto";
import { chunkMarkdown } from "#shared/chunking/chunk-markdown.ts";
import type { Chunk } from "#shared/chunking/chunk.ts";
import { embeddingInput } from "#shared/chunking/embedding-input.ts";
import { plainTitle } from "#shared/chunking/plain-title.ts";
import type { ChunkToEmbed } from "#shared/documents/embed-pages.ts";
import type { ChunkPlace } from "#shared/documents/page-to-store.ts";
import type { Embedder } from "#shared/embeddings/embedder.ts";
import type { ExtractedFile, FilePart, FilePlace } from "#shared/extraction/extracted-file.ts";

/**
 * The chunks of a file, page by page, slide by slide, sheet by sheet, so that each knows its place. A heading counts for the pages after
 * it too. A file without text has one chunk, its name, unless the name says nothing.
 */
export function chunkFile(
  name: string,
  file: ExtractedFile,
  model: Pick<Embedder, "inputHeadings">,
): { chunks: ChunkToEmbed[]; contentHash: string } {
  const parts = file.result === "text" ? chunkParts(file.parts) : chunkName(name);
  const hash = createHash("sha256");
  const chunks = parts.map(({ content, headingPath, place }) => {
    const chunk = { content, headingPath };
    hash.update(`${JSON.stringify([place, headingPath])}\n${content}\n`);
    return { ...chunk, place, input: embeddingInput(name, chunk, model) };
  });
  return { chunks, contentHash: hash.digest("hex") };
}

type PlacedChunk = { content: string; headingPath: string[]; place: ChunkPlace | null };

function chunkParts(parts: readonly FilePart[]): PlacedChunk[] {
  let open: Heading[] = [];
  return parts.flatMap(({ place, markdown }) => {
    const continuesHeadings = place?.kind === "page";
    // A page that begins with a heading ends those of its level.
    const first = /^#{1,6}(?= )/.exec(markdown.trimStart())?.[0].length ?? Infinity;
    const above = continuesHeadings ? open.filter(({ level }) => level < first) : [];
    const carried = above.map(({ level, text }) => `${"#".repeat(level)} ${text}\n\n`).join("");
    open = continuesHeadings ? headingsAfter(open, markdown) : [];
    return chunkMarkdown(carried + markdown)
      .map((chunk, n) =>
        n === 0 && above.length > 0 ? withoutHeadings(chunk, carried.trimEnd(), above) : chunk,
      )
      .flatMap((chunk) => (chunk.content === "" ? [] : [{ ...chunk, place: place && placeOf(place) }]));
  });
}

/** The headings `above` belong to the page before: here they only say what the text is about. */
function withoutHeadings(chunk: Chunk, carried: string, above: readonly Heading[]): Chunk {
  if (!chunk.content.startsWith(carried)) return chunk;
  const content = chunk.content.slice(carried.length).trim();
  const path = headingsAfter(above, content.split("\n", 1)[0] ?? "");
  return { content, headingPath: path.map(({ text }) => plainTitle(text)) };
}

function placeOf(place: FilePlace): ChunkPlace {
  if (place.kind === "sheet") return { sheet: place.name };
  return place.kind === "page" ? { page: place.number } : { slide: place.number };
}

type Heading = { level: number; text: string };

/** The headings that still hold at the end of a text. */
function headingsAfter(before: readonly Heading[], markdown: string): Heading[] {
  let open = [...before];
  let fence = "";
  for (const line of markdown.split("\n")) {
    const mark = /^\s{0,3}(`{3,}|~{3,})/.exec(line)?.[1] ?? "";
    if (mark !== "" && fence === "") fence = mark;
    else if (fence !== "" && mark.startsWith(fence)) fence = "";
    const heading = fence === "" ? /^(#{1,6}) +(\S.*)$/.exec(line) : null;
    if (!heading?.[1] || !heading[2]) continue;
    const level = heading[1].length;
    open = [...open.filter((above) => above.level < level), { level, text: heading[2] }];
  }
  return open;
}

/** Names that programs give: `image2023-4-1_10-2-3.png`, `Screenshot 2024-05-06 at 10.11.12.png`. */
const NO_NAME =
  /^(?:image|img|screen|screenshot|shot|recording|bildschirmfoto|photo|picture|pasted|clipboard|scan|file|attachment|untitled|unknown|worddav|at|from|am|pm|and|vom|um)$/i;

function chunkName(name: string): PlacedChunk[] {
  const words = name.replace(/\.[^.]*$/, "").match(/\p{L}{2,}/gu) ?? [];
  if (words.every((word) => NO_NAME.test(word) || /^[0-9a-f]+$/i.test(word))) return [];
  return [{ content: name, headingPath: [], place: null }];
}
