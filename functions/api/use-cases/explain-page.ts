import { filterOf, findAskedPages, wordsMissing, type AskedPage } from "#shared/documents/asked-page.ts";
import { searchDocuments } from "#shared/documents/search.ts";
import type { Hit } from "#shared/documents/search-result.ts";
import { UserError } from "#shared/errors.ts";
import type { Verdict } from "#functions/api/contract/explain-page.ts";
import { parseQualifiedId } from "#functions/api/responses/page-id.ts";
import { permittedReading, requireSearching } from "./permitted-reading.ts";
import { findForCaller, type SearchBody, type SearchServices } from "./run-search.ts";
import { verifyHits } from "./verify-hits.ts";

/** Why a search shows a page or does not. */
export type PageExplanation = {
  verdict: Verdict;
  page: AskedPage | null;
  filter: "source" | "space" | "labels" | "updated_since" | "kinds" | null;
  copyOf: Hit | null;
  rank: number | null;
  returned: number;
  candidatesAtMost: number | null;
  /** Its best chunk; only if the search may show it. */
  hit: Hit | null;
  lastReturned: Hit | null;
  wordsMissing: string[];
};

type ExplainRequest = SearchBody & {
  page_id: string;
  source_id?: string | undefined;
  source?: string | null | undefined;
};

const NOTHING = {
  filter: null,
  copyOf: null,
  rank: null,
  returned: 0,
  candidatesAtMost: null,
  hit: null,
  lastReturned: null,
  wordsMissing: [],
};

/**
 * Looks for one page in a search. What the page says is read only after the search may show it to whom it is for. Throws as a search does,
 * `UserError` 403 `scope_required` for whoever may not search, and 409 `page_ambiguous`.
 */
export async function explainPage(
  request: ExplainRequest,
  services: SearchServices,
): Promise<PageExplanation> {
  // The route's own scope is one for titles: word by word a query would tell what a page says.
  requireSearching(request.caller);
  if (request.query.trim() === "") throw new UserError(422, "empty_query", "`query` must not be empty");
  const page = await findPage(request, services);
  if (!page) return { ...NOTHING, verdict: "not_in_index", page };
  if (page.status !== "current") return { ...NOTHING, verdict: page.status, page };
  const asked = request.source == null ? null : [request.source];
  const own = await permittedReading(
    { caller: request.caller, asked: request, sources: [page.sourceId] },
    services,
  );
  const filters = {
    sources: asked,
    spaces: request.space_key == null ? null : [request.space_key],
    labels: request.labels ?? null,
    updatedSince: request.updated_since === undefined ? null : new Date(request.updated_since),
    kinds: request.kinds ?? null,
  };
  const { isReadable, unmet } = await filterOf(services.sql, page, filters, own.readable);
  if (!isReadable) return { ...NOTHING, verdict: "not_readable", page };
  if (unmet) return { ...NOTHING, verdict: "filtered", page, filter: unmet };
  return findPlace(page, request, asked, services);
}

/** The page of this id; null without any. */
async function findPage(
  { page_id: qualified, source_id }: ExplainRequest,
  { sql }: SearchServices,
): Promise<AskedPage | null> {
  const { pageId, sourceId = source_id ?? null } = parseQualifiedId(qualified);
  const pages = await findAskedPages(sql, { pageId, sourceId });
  const alive = pages.filter((page) => page.status !== "deleted");
  if (alive.length > 1) {
    throw new UserError(
      409,
      "page_ambiguous",
      `Several sources have page ${pageId}: name one of them as source_id`,
      {
        details: { source_ids: alive.map((page) => page.sourceId) },
      },
    );
  }
  return alive[0] ?? pages[0] ?? null;
}

async function findPlace(
  page: AskedPage,
  request: ExplainRequest,
  sources: string[] | null,
  services: SearchServices,
): Promise<PageExplanation> {
  const { permitted, found, searched, ordered, verified } = await findForCaller(request, sources, services);
  const candidatesAtMost = found.candidates.atMost;
  const shown = {
    ...NOTHING,
    page,
    candidatesAtMost,
    returned: verified.hits.length,
    lastReturned: verified.hits.at(-1) ?? null,
  };
  // All candidates of the same search: what each retriever found, at most.
  const deep = await searchDocuments(services.sql, {
    ...searched,
    returnMode: "chunks",
    candidates: candidatesAtMost,
    matchCount: 2 * candidatesAtMost,
  });
  const place = placeOf(page, verified.hits) ?? placeOf(page, ordered.hits) ?? placeOf(page, deep.hits);
  const isLive = permitted.verifiedLive.includes(page.sourceId);
  if (isLive && !(await isVerified(place?.hit ?? null, permitted, services)))
    return { ...shown, verdict: "not_readable" };
  const missing = await wordsMissing(services.sql, page, searched.query);
  const isCopied = (hit: Hit) => hit.alsoOn.some((other) => isPage(page, other));
  const mayBeNamed = (hit: Hit) => !permitted.verifiedLive.includes(hit.sourceId);
  const copy = verified.hits.find(isCopied) ?? deep.hits.find((hit) => isCopied(hit) && mayBeNamed(hit));
  if (!place && copy) return { ...shown, verdict: "copy_of", copyOf: copy, wordsMissing: missing };
  if (!place) return { ...shown, verdict: "not_candidate", wordsMissing: missing };
  const isShown = placeOf(page, verified.hits) !== null;
  const isCopy = !isShown && copy !== undefined;
  return {
    ...shown,
    verdict: isShown ? "shown" : isCopy ? "copy_of" : "below_match_count",
    copyOf: isCopy ? copy : null,
    rank: place.rank,
    hit: place.hit,
    wordsMissing: missing,
  };
}

function isPage(page: AskedPage, other: { sourceId: string; pageId: string }): boolean {
  return page.sourceId === other.sourceId && page.pageId === other.pageId;
}

function placeOf(page: AskedPage, hits: readonly Hit[]): { rank: number; hit: Hit } | null {
  const index = hits.findIndex((hit) => isPage(page, hit));
  const hit = hits[index];
  return hit ? { rank: index + 1, hit } : null;
}

/** Of a source whose hits Confluence is asked about: without a hit nobody was asked, and nothing is told. */
async function isVerified(
  hit: Hit | null,
  { verifiedLive, permissions }: Awaited<ReturnType<typeof permittedReading>>,
  services: SearchServices,
): Promise<boolean> {
  if (!hit) return false;
  const of = { matchCount: 1, verifiedLive, accountId: permissions.accountId };
  return (await verifyHits([hit], of, services)).hits.length > 0;
}
