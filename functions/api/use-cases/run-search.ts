import { isDeepStrictEqual } from "node:util";
import type { ContentKind } from "#shared/content-kinds.ts";
import { correctQuery } from "#shared/documents/correct-query.ts";
import { removedByFilter } from "#shared/documents/removed-by-filter.ts";
import { searchDocuments } from "#shared/documents/search.ts";
import type { Hit, SearchResult } from "#shared/documents/search-result.ts";
import { embedQuery, type EmbeddedQuery } from "#shared/embeddings/embed-query.ts";
import { errorCode, PermanentError, RateLimitedError, TransientError, UserError } from "#shared/errors.ts";
import { chunkHit, explainedSearch, pageHit, permissionsJson } from "#functions/api/responses/hit-json.ts";
import type { Caller } from "#functions/runtime/caller.ts";
import type { Services } from "#functions/runtime/services.ts";
import { permittedElsewhere, permittedReading, type AskedReader } from "./permitted-reading.ts";
import { candidateCount, rerankHits } from "./rerank-hits.ts";
import { SPARE_HITS, verifyHits } from "./verify-hits.ts";

export type SearchBody = AskedReader & {
  caller: Caller;
  query: string;
  space_key?: string | null | undefined;
  labels?: string[] | undefined;
  updated_since?: string | undefined;
  kinds?: ContentKind[] | undefined;
  match_count: number;
  return_mode: "chunks" | "pages";
  explain?: boolean | null | undefined;
  /** What each of so many of the best hits counts for: none at 0. The others are left out before Confluence is asked about any. */
  choose?: { among: number; worth: (hit: Hit) => number } | undefined;
};

export type SearchServices = Pick<
  Services,
  "sql" | "embedder" | "reranker" | "hitVerifier" | "log" | "env" | "now"
>;

/**
 * Searches for the caller, or whom it asks for. A search that could not run is logged as such, whatever the cause.
 * `sources` null: all of them. `sourcesSearched` 0: none of those asked for exists, or may be known to the reader.
 */
export async function runLoggedSearch(
  request: SearchBody,
  sources: readonly string[] | null,
  services: SearchServices,
) {
  try {
    const found = await runSearch(request, sources, services);
    // Never the query: whom it was for, and how much they saw.
    services.log.info("search.completed", {
      actor: request.caller.actor || undefined,
      account_id: found.permissions.account_id,
      permissions: found.permissions.mode,
      results: found.results.length,
      total_found: found.total_found,
      sources_searched: found.sourcesSearched,
      sources_withheld: found.permissions.withheld_sources.length,
    });
    return found;
  } catch (error) {
    const isCallersFault = error instanceof UserError && error.status < 500;
    if (!isCallersFault) services.log.error("search.failed", { code: errorCode(error), error });
    throw error;
  }
}

/**
 * What a search for the caller, or whom it asks for, finds: corrected, reordered and verified as the routes return it, with what is needed
 * to look further. `sources` null: all of them.
 */
export async function findForCaller(
  request: SearchBody,
  sources: readonly string[] | null,
  services: SearchServices,
) {
  if (request.query.trim() === "") throw new UserError(422, "empty_query", "`query` must not be empty");
  const atFirst = await readFor(request, sources, services);
  const find = async (query: string) => {
    const embedded = await embedQuery(services.embedder, query);
    const { read, result } = await searchWithCurrentRights(atFirst, {
      search: async ({ filters, isLive }) =>
        searchDocuments(services.sql, {
          ...filters,
          query,
          embedding: embedded.embeddings,
          matchCount: candidateCount(
            services,
            Math.max(request.choose?.among ?? 0, request.match_count + (isLive ? SPARE_HITS : 0)),
          ),
          returnMode: request.return_mode,
        }),
      readAgain: async () => readFor(request, sources, services),
    });
    requireEmbedded(result.byWordsAlone.models, embedded.failures);
    return { ...result, ...read, embedding: embedded.embeddings };
  };
  const typed = await find(request.query);
  const corrected =
    typed.sourcesSearched === 0 || isFoundByWords(typed)
      ? null
      : await findAs(
          await correctQuery(services.sql, {
            ...typed.filters,
            query: request.query,
            readableElsewhere: typed.readableElsewhere,
          }),
          find,
        );
  const found = corrected ?? typed;
  const { permitted, readableElsewhere, isLive } = found;
  const searched = {
    ...found.filters,
    query: corrected?.query ?? request.query,
    embedding: found.embedding,
  };
  const { choose } = request;
  const chosen = choose ? found.hits.filter((hit) => choose.worth(hit) > 0) : found.hits;
  const ordered = await rerankHits(searched.query, chosen, services);
  const verified = await verifyHits(
    ordered.hits,
    {
      matchCount: request.match_count,
      worth: choose?.worth,
      verifiedLive: permitted.verifiedLive,
      accountId: permitted.permissions.accountId,
    },
    services,
  );
  return { permitted, readableElsewhere, isLive, found, corrected, searched, ordered, verified };
}

type Reading = Awaited<ReturnType<typeof readFor>>;

/** Rights that change more often during one search are not settled: whoever searches tries again. */
const MAX_SEARCHES = 4;

/**
 * Searches with rights that were still the same when the search was over: text that is stored after a page was restricted may not be shown
 * to those who could read it when the search began. Throws `UserError` 503 `rights_changing`.
 */
async function searchWithCurrentRights<Result>(
  atFirst: Reading,
  { search, readAgain }: { search: (read: Reading) => Promise<Result>; readAgain: () => Promise<Reading> },
): Promise<{ read: Reading; result: Result }> {
  let read = atFirst;
  for (let n = 0; n < MAX_SEARCHES; n += 1) {
    const result = await search(read);
    if (read.filters.readable === null) return { read, result };
    const after = await readAgain();
    if (isDeepStrictEqual(after.filters, read.filters)) return { read: after, result };
    read = after;
  }
  throw new UserError(503, "rights_changing", "What the reader may see changes right now; try again");
}

/** What the caller, or whom it asks for, may be shown now, and the filters of a search for that. */
async function readFor(request: SearchBody, sources: readonly string[] | null, services: SearchServices) {
  const spaces = request.space_key == null ? null : [request.space_key];
  const { caller } = request;
  const permitted = await permittedReading({ caller, asked: request, sources, spaces }, services);
  const isOfAll = sources === null && spaces === null;
  const { readable: readableElsewhere } = isOfAll
    ? permitted
    : await permittedElsewhere({ caller, asked: request }, services);
  const filters = {
    sources: permitted.sources ?? sources,
    spaces,
    readable: permitted.readable,
    readableElsewhere,
    labels: request.labels ?? null,
    updatedSince: request.updated_since === undefined ? null : new Date(request.updated_since),
    kinds: request.kinds ?? null,
  };
  return { permitted, readableElsewhere, filters, isLive: permitted.verifiedLive.length > 0 };
}

/** The body that both routes return. `sources` null: all of them. */
async function runSearch(request: SearchBody, sources: readonly string[] | null, services: SearchServices) {
  const { permitted, readableElsewhere, isLive, found, corrected, searched, ordered, verified } =
    await findForCaller(request, sources, services);
  const explain = request.explain === true;
  const { totalFound, searchMode, sourcesSearched, byWordsAlone } = found;
  const shown = verified.hits;
  return {
    success: true as const,
    results:
      request.return_mode === "pages"
        ? shown.map((hit) => pageHit(hit, explain))
        : shown.map((hit) => chunkHit(hit, explain)),
    query: request.query,
    corrected_query: isLive && !isFoundByWords({ hits: shown }) ? null : (corrected?.query ?? null),
    match_count: request.match_count,
    // More than what is shown was not asked about: what is counted, or corrected to, may be denied.
    total_found: isLive ? shown.length : totalFound,
    execution_path: `${searchMode}_search`,
    search_mode: searchMode,
    reranking_applied: ordered.applied,
    return_mode: request.return_mode,
    permissions: permissionsJson(permitted.permissions, verified.undecided),
    warnings:
      byWordsAlone.sources === 0
        ? []
        : [changingModel(byWordsAlone.sources, sourcesSearched, services.embedder.model)],
    ...(explain && !isLive
      ? {
          explained: explainedSearch(
            found,
            await removedByFilter(
              services.sql,
              { ...searched, sources, readable: readableElsewhere },
              found.candidates.atMost,
            ),
          ),
        }
      : {}),
    sourcesSearched,
  };
}

const isFoundByWords = ({ hits }: Pick<SearchResult, "hits">) =>
  hits.some((hit) => hit.matchType !== "vector");

/** The search of a corrected query; null without one, or if its words find nothing either. */
async function findAs<Found extends SearchResult>(
  query: string | null,
  find: (query: string) => Promise<Found>,
) {
  if (query === null) return null;
  const result = await find(query);
  return isFoundByWords(result) ? { ...result, query } : null;
}

const changingModel = (changing: number, searched: number, model: string) => ({
  code: "embedding_model_changing" as const,
  message: `${changing} of ${searched} sources were searched by words alone, until all their chunks are embedded again with ${model}`,
});

/**
 * Throws `UserError` 503 when a searched source uses a configured model that failed to embed the query: results by words alone would
 * look like a worse index, not like an error.
 */
function requireEmbedded(models: readonly string[], failures: EmbeddedQuery["failures"]): void {
  const failure = failures.find(({ model }) => models.includes(model));
  if (!failure) return;
  const cause = failure.error;
  const isTypical =
    cause instanceof RateLimitedError || cause instanceof TransientError || cause instanceof PermanentError;
  if (!isTypical) throw cause;
  throw new UserError(503, "embedding_unavailable", "The embedding model is unavailable; try again", {
    cause,
    ...(cause instanceof RateLimitedError
      ? { details: { retry_after_seconds: Math.max(1, Math.ceil(cause.retryAfterMs / 1000)) } }
      : {}),
  });
}
