import type { Sql } from "#shared/db/connect.ts";
import { later } from "#shared/syncs/later.ts";
import type { Operation } from "#shared/syncs/operations/operation.ts";
import type { PageOfSource } from "./page-hints.ts";

/** Of a larger tree a deletion check finds the rest. */
const MAX_BELOW = 5000;
const DAY_MS = 24 * 60 * 60_000;

/**
 * The stored pages below these: Confluence announces only the page that was trashed, moved or restricted, and what lies below it
 * may have gone with it. Without those that the operation has asked for.
 */
export async function pagesBelow(
  tx: Sql,
  operation: Operation,
  pageIds: readonly string[],
): Promise<PageOfSource[]> {
  if (pageIds.length === 0) return [];
  return tx<PageOfSource[]>`
    with recursive below as (
      select page_id from confluence_pages
      where source_id = ${operation.sourceId} and parent_id = any(${pageIds as string[]}::text[]) and not is_deleted
      union
      select p.page_id from confluence_pages p join below b on p.parent_id = b.page_id
      where p.source_id = ${operation.sourceId} and not p.is_deleted)
    select ${operation.sourceId}::text as "sourceId", page_id as "pageId" from below b
    where not exists (select from sync_work w where w.operation_id = ${operation.operationId} and w.page_id = b.page_id)
    limit ${MAX_BELOW}`;
}

/** By kind: content of the source that was deleted or hidden within a day, without those that this operation decides on. */
export async function countGoneRecently(
  sql: Sql,
  operation: Operation,
  now: Date,
): Promise<{ kind: string; gone: number; deleted: number }[]> {
  const since = later(now, -DAY_MS);
  return sql<{ kind: string; gone: number; deleted: number }[]>`
    select p.kind, count(*)::int as gone, count(*) filter (where p.is_deleted)::int as deleted from confluence_pages p
    where p.source_id = ${operation.sourceId} and (p.deleted_at > ${since} and p.is_deleted or p.missing_since > ${since})
      and not exists (select from sync_work w where w.operation_id = ${operation.operationId} and w.page_id = p.page_id
        and w.state = 'candidate')
    group by p.kind`;
}

/** Leaves the operation's candidates unchanged. */
export async function setAside(tx: Sql, operation: Operation): Promise<void> {
  await tx`
    update sync_work set state = 'seen', outcome = null
    where operation_id = ${operation.operationId} and state = 'candidate'`;
}
