import type { ConfluenceClient } from "#shared/confluence/client.ts";
import { changedPagesCql } from "#shared/confluence/cql.ts";
import { kindsToList, syncedKinds, type ContentKind } from "#shared/content-kinds.ts";
import { PermanentError } from "#shared/errors.ts";
import type { Source } from "#shared/sources/sources.ts";
import { changesSince } from "./watermark.ts";

/**
 * How what changed is searched for: all kinds in one query, and folders too; without folders, which then follow with the next full
 * listing; or each kind apart. The next one where the site refuses a type, or what is expanded for another kind, with 400.
 */
export const SEARCH_MODES = ["with folders", "one query", "each kind"] as const;
export type SearchMode = (typeof SEARCH_MODES)[number];

/** A query for what changed, and the kinds that it finds. */
export type ChangesQuery = { cql: string; kinds: ContentKind[] };

/** The queries for what changed in a space since its last sync, and how much they find together. */
export type Changes = { mode: SearchMode; queries: ChangesQuery[]; expected: number };

/** Counts the changes, in the next mode where the site refuses to count in this one. */
export async function countChanges(
  client: ConfluenceClient,
  source: Source,
  { timeZone, mode }: { timeZone: string | null; mode: SearchMode },
): Promise<Changes> {
  const queries = queriesOf(source, timeZone, mode);
  try {
    let expected = 0;
    for (const { cql } of queries) expected += (await client.countPages(cql)) ?? 0;
    return { mode, queries, expected };
  } catch (error) {
    const next = nextMode(mode, error);
    if (next === null) throw error;
    return countChanges(client, source, { timeZone, mode: next });
  }
}

function queriesOf(source: Source, timeZone: string | null, mode: SearchMode): ChangesQuery[] {
  const since = changesSince(new Date(source.metadata.last_sync_timestamp ?? 0));
  const query = (kinds: ContentKind[], folders: boolean) => ({
    kinds,
    cql: changedPagesCql(source.spaceKey, since, timeZone, folders ? [...kinds, "folder"] : kinds),
  });
  if (mode === "each kind") return kindsToList(source.content).map((kind) => query([kind], false));
  return [query(syncedKinds(source.content), mode === "with folders")];
}

/** The mode to try after this error; null where another mode would not help. 400: a type, or something to expand, is not known. */
export function nextMode(mode: SearchMode, error: unknown): SearchMode | null {
  const isRefused = error instanceof PermanentError && error.code === "request_refused";
  return isRefused ? (SEARCH_MODES[SEARCH_MODES.indexOf(mode) + 1] ?? null) : null;
}
