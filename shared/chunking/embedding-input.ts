import { visibleText } from "#shared/markdown/parse/visible-text.ts";
import type { Chunk } from "./chunk.ts";

/**
 * The text of a chunk that is hashed, embedded and searched: a line `Title › H2 › H3`, then the content. Without characters
 * that split words invisibly: bodies have none, titles are as Confluence returns them.
 */
export function embeddingInput(title: string, chunk: Chunk): string {
  const path = [visibleText(title), ...chunk.headingPath].join(" › ");
  return `${path}\n\n${chunk.content}`;
}
