import { visibleText } from "#shared/markdown/parse/visible-text.ts";
import type { Chunk } from "./chunk.ts";

/**
 * The text of a chunk that is hashed and embedded: a line `Title › H2 › H3`, then the content; for a model with `inputHeadings`
 * false the title alone. Without characters that split words invisibly: bodies have none, titles are as Confluence returns them.
 */
export function embeddingInput(
  title: string,
  chunk: Chunk,
  { inputHeadings = true }: { inputHeadings?: boolean } = {},
): string {
  const path = [visibleText(title), ...(inputHeadings ? chunk.headingPath : [])].join(" › ");
  return `${path}\n\n${chunk.content}`;
}
