import type { SearchCounts } from "./search-load.ts";
import type { Change } from "./site-changes.ts";

/** The figures of one sync, its closing deletion check included. */
export type SyncFigures = {
  pages_added: number;
  pages_updated: number;
  pages_moved: number;
  pages_deleted: number;
  pages_failed: number;
  comments_added: number;
  files_added: number;
  /** In the index after the sync. */
  chunks: number;
  embeddings_created: number;
  embeddings_reused: number;
  api_calls_made: number;
  duration_ms: number;
  searches_during_sync: number;
  /** Of these: started for a page while the transaction that swaps it was open. */
  searches_during_swaps: number;
  empty_searches: number;
};

/** With fewer searches in the middle of a swap, "none came back empty" would prove little. */
const MIN_SEARCHES_DURING_SWAPS = 200;

const STORED_AGAIN = 1.1;

export function toFigures(
  metrics: Record<string, number>,
  chunks: number,
  searches: SearchCounts,
): SyncFigures {
  const metric = (name: string) => metrics[name] ?? 0;
  return {
    pages_added: metric("pages_added"),
    pages_updated: metric("pages_updated"),
    pages_moved: metric("pages_moved"),
    pages_deleted: metric("pages_deleted"),
    pages_failed: metric("pages_failed"),
    comments_added: metric("comments_added"),
    files_added: metric("files_added"),
    chunks,
    embeddings_created: metric("embeddings_created"),
    embeddings_reused: metric("embeddings_reused"),
    api_calls_made: metric("api_calls_made"),
    duration_ms: metric("duration_ms"),
    searches_during_sync: searches.searches,
    searches_during_swaps: searches.duringSwaps,
    empty_searches: searches.empty,
  };
}

/** Every figure that is not as expected, as text; empty if all are. */
export function findProblems(facts: {
  pagesOnSite: number;
  changes: readonly Change[];
  first: SyncFigures;
  second: SyncFigures;
  emptyTitles: readonly string[];
}): string[] {
  const { pagesOnSite, changes, first, second } = facts;
  const made = (kind: Change["kind"]) => changes.filter((change) => change.kind === kind).length;
  const checks: [boolean, string][] = [
    [first.pages_added === pagesOnSite, `first sync: ${first.pages_added} of ${pagesOnSite} pages added`],
    ...unchanged("first", first, ["pages_updated", "pages_moved", "pages_deleted", "pages_failed"]),
    [first.chunks >= pagesOnSite, `first sync: only ${first.chunks} chunks for ${pagesOnSite} pages`],
    [
      // A page that shows others is stored again when these are, with what it may show of them.
      first.embeddings_created > 0 && first.embeddings_created <= first.chunks * STORED_AGAIN,
      `first sync: ${first.embeddings_created} embeddings made for ${first.chunks} chunks`,
    ],
    ...(["added", "moved", "deleted"] as const).map((kind): [boolean, string] => [
      second[`pages_${kind}`] === made(kind),
      `second sync: ${second[`pages_${kind}`]} pages ${kind}, ${made(kind)} were`,
    ]),
    [
      // More where a page shows one of them, such as a list of the pages below it.
      second.pages_updated >= made("updated"),
      `second sync: ${second.pages_updated} pages updated, ${made("updated")} were`,
    ],
    ...unchanged("second", second, ["pages_failed"]),
    [
      second.embeddings_reused > second.embeddings_created,
      `second sync: ${second.embeddings_reused} embeddings reused, ${second.embeddings_created} made again`,
    ],
    [
      second.api_calls_made > 0 && second.api_calls_made < pagesOnSite,
      `second sync: ${second.api_calls_made} calls to Confluence`,
    ],
    [
      second.searches_during_swaps >= MIN_SEARCHES_DURING_SWAPS,
      `second sync: only ${second.searches_during_swaps} searches while a page was swapped`,
    ],
    [
      first.empty_searches + second.empty_searches === 0,
      `${first.empty_searches + second.empty_searches} searches did not find their page: ${facts.emptyTitles.join(", ")}`,
    ],
  ];
  return checks.filter(([holds]) => !holds).map(([, problem]) => problem);
}

function unchanged(
  name: string,
  figures: SyncFigures,
  keys: readonly (keyof SyncFigures)[],
): [boolean, string][] {
  return keys.map((key) => [figures[key] === 0, `${name} sync: ${key} is ${figures[key]}`]);
}
