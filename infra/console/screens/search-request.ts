import type { SearchRequest } from "#infra/console/api/types.ts";
import type { Query } from "#infra/console/state/router.ts";
import { KINDS } from "./page-states.ts";

const DEFAULT_MATCHES = 10;

/** The body of a search as the address says it: q, source, as, who, kind, labels, since, n. */
export function searchRequest(query: Query): SearchRequest & { query: string } {
  const labels = (query.labels ?? "").split(/[\s,]+/).filter((label) => label !== "");
  const kind = KINDS.find((one) => one === query.kind);
  const matches = Number(query.n ?? DEFAULT_MATCHES);
  return {
    query: query.q ?? "",
    ...(query.source ? { source: query.source } : {}),
    match_count: matches >= 1 && matches <= 100 ? Math.floor(matches) : DEFAULT_MATCHES,
    ...(kind === undefined ? {} : { kinds: [kind] }),
    ...(labels.length === 0 ? {} : { labels }),
    ...(query.since ? { updated_since: `${query.since}T00:00:00.000Z` } : {}),
    ...readerOf(query),
  };
}

/** For whom: everything unless the address says otherwise, as operators look for what is missing. */
function readerOf({ as = "all", who = "" }: Query): Pick<SearchRequest, "visibility" | "on_behalf_of"> {
  if (as === "anonymous" || as === "all") return { visibility: as };
  if (as !== "person" || who === "") return {};
  return { on_behalf_of: who.includes("@") ? { email: who } : { account_id: who } };
}

/** The page id in what a person gave: an id, or an address of Confluence; null: it is a title. */
export function pageIdIn(text: string): string | null {
  const trimmed = text.trim();
  const found =
    /\/(?:pages|blog\/\d+\/\d+\/\d+|edit-v2)\/(\d+)/.exec(trimmed) ?? /[?&]pageId=(\d+)/.exec(trimmed);
  if (found?.[1]) return found[1];
  return /^(?:att|comments-)?\d+$/.test(trimmed) ? trimmed : null;
}
