import type { StoredPage } from "#shared/documents/stored-text.ts";
import { qualifiedId } from "./page-id.ts";

/** A page as Archon's clients list it. `order`: its position among the others of its source. */
export function storedPageJson(page: StoredPage, order = 0) {
  return {
    id: qualifiedId(page),
    page_id: qualifiedId(page),
    source_id: page.sourceId,
    url: page.url,
    section_title: page.title,
    section_order: order,
    word_count: page.wordCount,
    char_count: page.charCount,
    chunk_count: page.chunkCount,
  };
}
