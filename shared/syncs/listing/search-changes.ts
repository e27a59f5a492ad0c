import type { ConfluenceClient, ContentPage } from "#shared/confluence/client.ts";
import { changedPagesCql } from "#shared/confluence/cql.ts";
import { syncedKinds, type ContentKind } from "#shared/content-kinds.ts";
import { PermanentError } from "#shared/errors.ts";
import type { Source } from "#shared/sources/sources.ts";
import { changesSince } from "./watermark.ts";

/** One page of a search for what changed. What only comments and files have is asked for only where they are synced. */
export async function searchChanges(
  client: ConfluenceClient,
  kinds: readonly ContentKind[],
  { cql, cursor }: { cql: string; cursor: string | null },
): Promise<ContentPage> {
  const isContained = kinds.includes("comments") || kinds.includes("attachment");
  return isContained ? client.searchContent(cql, cursor) : client.searchPages(cql, cursor);
}

/** The query for what changed in a space since its last sync, and how much it finds. `folders`: whether it asks for folders. */
export type ChangesQuery = { cql: string; folders: boolean; expected: number };

/** Folders are asked for too, unless the site refuses a query that does; then they follow with the next full listing. */
export async function countChanges(
  client: ConfluenceClient,
  source: Source,
  { timeZone, folders }: { timeZone: string | null; folders: boolean },
): Promise<ChangesQuery> {
  const kinds = syncedKinds(source.content);
  const since = changesSince(new Date(source.metadata.last_sync_timestamp ?? 0));
  const cql = changedPagesCql(source.spaceKey, since, timeZone, folders ? [...kinds, "folder"] : kinds);
  try {
    return { cql, folders, expected: (await client.countPages(cql)) ?? 0 };
  } catch (error) {
    if (!folders || !isRefusedQuery(error)) throw error;
    return countChanges(client, source, { timeZone, folders: false });
  }
}

/** 400: a type in the query, or something to expand, that the site does not know. */
export function isRefusedQuery(error: unknown): boolean {
  return error instanceof PermanentError && error.code === "request_refused";
}
