import type { Hit } from "#shared/documents/search.ts";
import { qualifiedId } from "./page-id.ts";

/** A chunk as the API returns it: its own fields, and those that clients of Archon's search read. */
export function chunkHit(hit: Hit) {
  return {
    ...shared(hit),
    id: hit.chunkId,
    chunk_id: hit.chunkId,
    heading_path: hit.headingPath,
    content: hit.content,
    similarity_score: hit.score,
    similarity: hit.similarity,
    metadata: {
      source_id: hit.sourceId,
      page_id: qualifiedId(hit),
      title: hit.title,
      url: hit.url,
      section: hit.headingPath.join(" › "),
      chunk_index: hit.chunkNumber,
    },
  };
}

/** A page with its chunks that matched, best first. */
export function pageHit(hit: Hit) {
  const chunks = [hit, ...hit.furtherChunks];
  return {
    ...shared(hit),
    heading_path: hit.headingPath,
    section_title: hit.headingPath.at(-1) ?? hit.title,
    aggregate_similarity: hit.score,
    average_similarity: chunks.reduce((sum, chunk) => sum + chunk.score, 0) / chunks.length,
    word_count: chunks.reduce((sum, chunk) => sum + (chunk.content.match(/\S+/g)?.length ?? 0), 0),
    chunk_matches: chunks.length,
    chunks: chunks.map((chunk) => ({
      id: chunk.chunkId,
      heading_path: chunk.headingPath,
      content: chunk.content,
      score: chunk.score,
    })),
  };
}

function shared(hit: Hit) {
  return {
    source_id: hit.sourceId,
    page_id: qualifiedId(hit),
    title: hit.title,
    url: hit.url,
    ancestors: hit.ancestors,
    snippet: hit.snippet,
    score: hit.score,
    match_type: hit.matchType,
    labels: hit.labels,
    modified_at: hit.modifiedAt === null ? null : hit.modifiedAt.toISOString(),
  };
}
