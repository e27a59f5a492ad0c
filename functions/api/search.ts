import { searchDocuments, type QueryEmbedding } from "#shared/documents/search.ts";
import { embedderFor, type Embedder } from "#shared/embeddings/embedder.ts";
import { PermanentError, RateLimitedError, TransientError, UserError } from "#shared/errors.ts";
import { listEmbeddingModels, requireSource } from "#shared/sources/sources.ts";
import { search } from "#functions/api/contract/search.ts";
import { chunkHit, pageHit } from "#functions/api/hits/hit-json.ts";
import { httpHandler, route } from "#functions/runtime/http.ts";
import { database } from "#functions/runtime/providers/database.ts";
import { embedder } from "#functions/runtime/providers/embedder.ts";

/** POST /api/rag/query: an error where it could not search, an empty list where nothing matches. */
export const handler = httpHandler(
  route(search)([database, embedder], async ({ body, signal }, services) => {
    const { sql } = services;
    if (body.query.trim() === "") throw new UserError(422, "empty_query", "The query has no words");
    const source = body.source ?? null;
    if (source !== null) await requireSource(sql, source);
    const models = await listEmbeddingModels(sql, source);
    const { hits, totalFound, searchMode } = await searchDocuments(sql, {
      query: body.query,
      embedding: await embedQuery(body.query, models, services.embedder, signal),
      sources: source === null ? null : [source],
      labels: body.labels ?? null,
      updatedSince: body.updated_since === undefined ? null : new Date(body.updated_since),
      matchCount: body.match_count,
      returnMode: body.return_mode,
    });
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

/**
 * The question as a vector of each model that the searched sources compare with (two while sources switch). Throws `UserError`
 * 503: an answer by words alone would look like a worse index, not like a fault.
 */
async function embedQuery(
  query: string,
  models: readonly string[],
  embedder: Embedder,
  signal: AbortSignal,
): Promise<QueryEmbedding[]> {
  try {
    return await Promise.all(
      models.map(async (model) => {
        const [vector] = await embedderFor(embedder, model).embed([query], { signal });
        return { model, vector: vector ?? [] };
      }),
    );
  } catch (cause) {
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
