import type { RemovedByFilter } from "#shared/documents/removed-by-filter.ts";
import type { Hit, SearchResult } from "#shared/documents/search-result.ts";
import type { Permissions } from "#shared/access/readers/reader.ts";
import { qualifiedId } from "./page-id.ts";

/** A chunk as the API returns it: its own fields, and those that clients of Archon's search read. */
export function chunkHit(hit: Hit, explain: boolean) {
  return {
    ...shared(hit, explain),
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
export function pageHit(hit: Hit, explain: boolean) {
  const chunks = [hit, ...hit.furtherChunks];
  return {
    ...shared(hit, explain),
    // Of the comments or the file themselves; the HTTP API leaves it out.
    document_id: qualifiedId(hit),
    // The page that the comments or the file are on: what a client reads next.
    ...(hit.parent ? { page_id: qualifiedId({ ...hit, pageId: hit.parent.page_id }) } : {}),
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

/** How what a search shows was chosen. */
export function permissionsJson(permissions: Permissions, undecided: number) {
  return {
    mode: permissions.mode,
    account_id: permissions.accountId,
    oldest_evidence: permissions.oldestEvidence?.toISOString() ?? null,
    withheld_sources: permissions.withheldSources,
    undecided_hits: undecided,
  };
}

/** What a whole search did. */
export function explainedSearch(
  { candidates, sourcesSearched }: Pick<SearchResult, "candidates" | "sourcesSearched">,
  { updatedSince, ...removed }: RemovedByFilter,
) {
  return {
    candidates_at_most: candidates.atMost,
    candidates_by_vector: candidates.byVector,
    candidates_by_words: candidates.byWords,
    duplicates: candidates.duplicates,
    sources_searched: sourcesSearched,
    removed_by_filter: { ...removed, updated_since: updatedSince },
  };
}

function shared(hit: Hit, explain: boolean) {
  return {
    source_id: hit.sourceId,
    page_id: qualifiedId(hit),
    kind: hit.kind,
    title: hit.title,
    url: hit.url,
    ancestors: hit.ancestors,
    parent: hit.parent,
    comment: hit.comment && {
      comment_id: hit.comment.comment_id,
      authors: hit.comment.authors,
      updated_at: hit.comment.updated_at === null ? null : new Date(hit.comment.updated_at).toISOString(),
      location: hit.comment.location,
      selection: hit.comment.selection,
    },
    file: hit.file && {
      name: hit.file.name,
      media_type: hit.file.media_type,
      page: hit.file.page ?? null,
      slide: hit.file.slide ?? null,
      sheet: hit.file.sheet ?? null,
    },
    snippet: hit.snippet,
    score: hit.score,
    match_type: hit.matchType,
    labels: hit.labels,
    modified_at: hit.modifiedAt === null ? null : hit.modifiedAt.toISOString(),
    also_on: hit.alsoOn.map((page) => ({
      page_id: qualifiedId(page),
      title: page.title,
      url: page.url,
      space: page.space,
    })),
    also_on_total: hit.alsoOnTotal,
    ...(explain ? { explanation: scoreJson(hit) } : {}),
  };
}

/** What the score of a hit is made of. */
export function scoreJson({ score, explanation: { vector, words, vectorWeight } }: Hit) {
  return {
    vector,
    words: words && {
      rank: words.rank,
      relevance: words.relevance,
      coverage: words.coverage,
      is_named: words.isNamed,
      is_titled: words.isTitled,
    },
    vector_weight: vectorWeight,
    score,
  };
}
