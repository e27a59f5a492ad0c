import type { Chunk } from "./chunk.ts";

/**
 * The text of a chunk that is hashed, embedded and searched: a line `Title › H2 › H3`, then the content.
 */
export function embeddingInput(title: string, chunk: Chunk): string {
  const path = [title, ...chunk.headingPath].join(" › ");
  return `${path}\n\n${chunk.content}`;
}
