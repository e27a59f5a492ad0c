import type postgres from "postgres";
import { searchDocuments, type SearchRequest, type SearchResult } from "#shared/documents/search.ts";
import { embedQuery, type EmbeddedQuery } from "#shared/embeddings/embed-query.ts";
import {
  errorCode,
  errorMessage,
  PermanentError,
  RateLimitedError,
  TransientError,
  UserError,
} from "#shared/errors.ts";
import { search } from "#functions/api/contract/search.ts";
import { chunkHit, pageHit } from "./responses/hit-json.ts";
import { httpHandler, route } from "#functions/runtime/http.ts";
import { database } from "#functions/runtime/providers/database.ts";
import { embedder } from "#functions/runtime/providers/embedder.ts";

/** POST /api/rag/query: an error where it could not search, an empty list where nothing matches. */
export const handler = httpHandler(
  route(search)([database, embedder], async ({ body }, services) => {
    if (body.query.trim() === "") throw new UserError(422, "empty_query", "The query has no words");
    const source = body.source ?? null;
    const space = body.space_key ?? null;
    const embedded = await embedQuery(services.embedder, body.query);
    const { hits, totalFound, searchMode, sourcesSearched } = await searchEmbedded(services.sql, embedded, {
      query: body.query,
      sources: source === null ? null : [source],
      spaces: space === null ? null : [space],
      labels: body.labels ?? null,
      updatedSince: body.updated_since === undefined ? null : new Date(body.updated_since),
      matchCount: body.match_count,
      returnMode: body.return_mode,
    });
    // Known by the same round trip: asking for the source first would be another.
    if (sourcesSearched === 0 && (source !== null || space !== null)) {
      const asked = [source, space === null ? null : `of space ${space}`].filter((part) => part !== null);
      throw new UserError(404, "source_not_found", `There is no source ${asked.join(" ")}`);
    }
    return {
      status: 200,
      body: {
        success: true,
        results: body.return_mode === "pages" ? hits.map(pageHit) : hits.map(chunkHit),
        query: body.query,
        source,
        match_count: body.match_count,
        total_found: totalFound,
        execution_path: `${searchMode}_search`,
        search_mode: searchMode,
        reranking_applied: false,
        return_mode: body.return_mode,
      },
    };
  }),
);

const MISSING_MODEL = "it is not configured; set EMBEDDINGS_PREVIOUS until every source has switched";

/**
 * Throws `UserError` 503 when a searched source compares with a model that could not be asked: an answer by words alone would
 * look like a worse index, not like a fault.
 */
async function searchEmbedded(
  sql: postgres.Sql,
  { embeddings, failures }: EmbeddedQuery,
  request: Omit<SearchRequest, "embedding">,
): Promise<SearchResult> {
  try {
    return await searchDocuments(sql, { ...request, embedding: embeddings });
  } catch (error) {
    if (errorCode(error) !== "query_not_embedded") throw error;
    const [cause] = failures;
    if (!cause) throw new UserError(503, "embedding_unavailable", `${errorMessage(error)}: ${MISSING_MODEL}`);
    const isTypical =
      cause instanceof RateLimitedError || cause instanceof TransientError || cause instanceof PermanentError;
    if (!isTypical) throw cause;
    throw new UserError(503, "embedding_unavailable", "The embedding model could not be asked; try again", {
      cause,
      ...(cause instanceof RateLimitedError
        ? { details: { retry_after_seconds: Math.max(1, Math.ceil(cause.retryAfterMs / 1000)) } }
        : {}),
    });
  }
}
