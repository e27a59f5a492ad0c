import type { ConvertedPage } from "#shared/markdown/page-content.ts";
import type { Chunk } from "./chunk.ts";
import { chunkMarkdown } from "./chunk-markdown.ts";

/** A page's chunks; a page without text has one empty chunk, so that it is found by its title. */
export function chunkPage({ markdown, outline }: ConvertedPage): Chunk[] {
  const chunks = chunkMarkdown(markdown, { outline });
  return chunks.length === 0 ? [{ content: "", headingPath: [] }] : chunks;
}
