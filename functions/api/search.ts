import type postgres from "postgres";
import { UserError } from "#shared/errors.ts";
import { sourcesOfType } from "#shared/sources/source-overviews.ts";
import { explainPage, VERDICTS } from "#functions/api/contract/explain-page.ts";
import { MAX_MATCHES, search, searchKnowledge } from "#functions/api/contract/search.ts";
import { httpHandler, route } from "#functions/runtime/http.ts";
import { database } from "#functions/runtime/providers/database.ts";
import { embedder } from "#functions/runtime/providers/embedder.ts";
import { hitVerifier } from "#functions/runtime/providers/hit-verifier.ts";
import { reranker } from "#functions/runtime/providers/reranker.ts";
import { scoreJson } from "./responses/hit-json.ts";
import { qualifiedId } from "./responses/page-id.ts";
import { explainPage as explain } from "./use-cases/explain-page.ts";
import { runLoggedSearch } from "./use-cases/run-search.ts";

/** POST /api/rag/query and what explains it: an error where it could not search, an empty list where nothing matches. */
export const handler = httpHandler(
  route(search)([database, embedder, reranker, hitVerifier], async ({ body, caller }, services) => {
    const source = body.source ?? null;
    const space = body.space_key ?? null;
    const sources = source === null ? null : [source];
    const { sourcesSearched, ...found } = await runLoggedSearch({ ...body, caller }, sources, services);
    // One whose space the reader may not see is not found either; one that is withheld is, and named.
    const exists = sourcesSearched > 0 || found.permissions.withheld_sources.length > 0;
    if (!exists && (source !== null || space !== null)) {
      const asked = [source, space === null ? null : `of space ${space}`].filter((part) => part !== null);
      throw new UserError(
        404,
        "source_not_found",
        `Source ${asked.join(" ")} not found: GET /api/rag/sources lists all sources`,
      );
    }
    return { status: 200, body: { ...found, source } };
  }),
  route(explainPage)([database, embedder, reranker, hitVerifier], async ({ body, caller }, services) => {
    const { page, hit, copyOf, lastReturned, ...found } = await explain(
      { ...body, caller, return_mode: "chunks" },
      services,
    );
    return {
      status: 200,
      body: {
        verdict: found.verdict,
        message: VERDICTS[found.verdict],
        page: page && {
          source_id: page.sourceId,
          page_id: page.pageId,
          title: page.title,
          url: page.url,
          kind: page.kind,
          status: page.status,
        },
        filter: found.filter,
        copy_of: copyOf && { page_id: qualifiedId(copyOf), title: copyOf.title },
        rank: found.rank,
        returned: found.returned,
        candidates_at_most: found.candidatesAtMost,
        hit: hit && { ...scoreJson(hit), heading_path: hit.headingPath },
        last_returned: lastReturned && { title: lastReturned.title, score: lastReturned.score },
        words_missing: found.wordsMissing,
      },
    };
  }),
  route(searchKnowledge)([database, embedder, reranker, hitVerifier], async ({ body, caller }, services) => {
    const matchCount = Math.min(MAX_MATCHES, Math.max(1, body.match_count ?? body.limit ?? 5));
    const sources = await chooseSources(services.sql, body);
    const { sourcesSearched: _, ...found } = await runLoggedSearch(
      { ...body, caller, match_count: matchCount },
      sources,
      services,
    );
    return { status: 200, body: { ...found, source: body.source ?? null, total: found.total_found } };
  }),
);

/** The sources that all of `source`, `sources` and `knowledge_type` leave; null when none of them is given. */
async function chooseSources(
  sql: postgres.Sql,
  asked: {
    source?: string | null | undefined;
    sources?: string[] | null | undefined;
    knowledge_type?: string | null | undefined;
  },
): Promise<string[] | null> {
  const lists = [
    asked.source == null ? null : [asked.source],
    asked.sources?.length ? asked.sources : null,
    asked.knowledge_type == null ? null : await sourcesOfType(sql, asked.knowledge_type),
  ].filter((list) => list !== null);
  const [first, ...others] = lists;
  return first?.filter((id) => others.every((list) => list.includes(id))) ?? null;
}
