import type { Sql } from "#shared/db/connect.ts";
import { removeRenderings } from "./renderings.ts";

/** A page to delete or hide, in the state of that decision: a page that was stored again since is skipped. */
export type DecidedPage = { pageId: string; reason: string; expectedStateRevision: number };

export type DeletionRequest = {
  sourceId: string;
  pages: readonly DecidedPage[];
  now: Date;
  /** The person or component that requested it. */
  actor: string;
  operationId: string;
  /**
   * The files that are known to be gone with the pages, of an operation that asked for them: others are hidden, so that a check decides
   * on them. Null: all files on the pages are.
   */
  goneFiles?: readonly string[] | null;
};

/** A page that was changed. */
export type ChangedPage = { pageId: string; title: string };

export type DeletedPage = ChangedPage & { reason: string };

/**
 * Deletes pages in the caller's transaction: keeps the row with time and reason, deletes its chunks, and writes one
 * `page.deleted` event per page. What is on a page (its comments and files) goes with it. Returns the pages that this call deleted.
 */
export async function deletePages(tx: Sql, request: DeletionRequest): Promise<DeletedPage[]> {
  const locked = await lockDecided(tx, request);
  if (locked.length === 0) return [];
  await removeRenderings(
    tx,
    request.sourceId,
    locked.map((page) => page.pageId),
  );
  await hideUndecided(tx, request, locked);
  const fixed = { source_id: request.sourceId, operation_id: request.operationId, actor: request.actor };
  return tx<DeletedPage[]>`
    with given as (
      select * from jsonb_to_recordset(${tx.json(locked)}) as d ("pageId" text, reason text)
    ), decided as (
      select "pageId", reason from given
      union all
      select d.page_id, 'container_' || given.reason
      from confluence_pages d join given on d.container_id = given."pageId"
      where d.source_id = ${request.sourceId} and not d.is_deleted and ${isGoneToo(tx, request)}
    ), gone as (
      update confluence_pages p set is_deleted = true, deleted_at = ${request.now}, deleted_reason = decided.reason,
        chunk_count = 0, missing_since = null, hidden_with_container = null, sync_error = null, state_revision = p.state_revision + 1
      from decided where p.source_id = ${request.sourceId} and p.page_id = decided."pageId"
      returning p.page_id, p.kind, p.title, decided.reason
    ), chunks as (
      delete from archon_crawled_pages c using decided
      where c.source_id = ${request.sourceId} and c.page_id = decided."pageId"
    ), events as (
      insert into event_outbox (event_type, detail, created_at)
      select 'page.deleted', ${tx.json(fixed)} || jsonb_build_object('page_id', page_id, 'title', title,
        'reason', reason, 'deletion_timestamp', ${request.now.toISOString()}::text), ${request.now}
      from gone where kind <> 'comments' order by page_id
    )
    select page_id as "pageId", title, reason from gone where kind <> 'comments' order by page_id`;
}

/** Whether what is on a page goes with it. */
function isGoneToo(tx: Sql, { goneFiles = null }: DeletionRequest) {
  return goneFiles === null
    ? tx`true`
    : tx`(d.kind <> 'attachment' or d.page_id = any(${[...goneFiles]}::text[]))`;
}

/** Hides the other files, as if they had been announced: that is not the first of two complete listings. */
async function hideUndecided(
  tx: Sql,
  request: DeletionRequest,
  pages: readonly DecidedPage[],
): Promise<void> {
  if (!request.goneFiles) return;
  await tx`
    update confluence_pages d set missing_since = coalesce(missing_since, ${request.now}),
      hidden_by_hint = case when missing_since is null then true else hidden_by_hint end, hidden_with_container = true,
      state_revision = state_revision + 1
    where source_id = ${request.sourceId} and container_id = any(${pages.map((page) => page.pageId)}::text[])
      and not is_deleted and not ${isGoneToo(tx, request)}`;
}

/**
 * Hides pages from search and keeps their rows: pages that a complete listing did not contain, or (`byHint`) that were announced
 * and are not visible, which does not count as the first of two complete listings. Returns the pages that this call hid.
 */
export async function hidePages(
  tx: Sql,
  request: Pick<DeletionRequest, "sourceId" | "pages" | "now"> & { byHint?: boolean },
): Promise<ChangedPage[]> {
  const { byHint = false } = request;
  const locked = await lockDecided(tx, request);
  if (locked.length === 0) return [];
  const hidden = await tx<ChangedPage[]>`
    update confluence_pages set missing_since = ${request.now}, hidden_by_hint = ${byHint}, state_revision = state_revision + 1
    where source_id = ${request.sourceId} and page_id = any(${locked.map((page) => page.pageId)}::text[])
      and (missing_since is null or hidden_by_hint and not ${byHint}::boolean)
    returning page_id as "pageId", title`;
  await tx`
    update confluence_pages set missing_since = ${request.now}, hidden_with_container = true, state_revision = state_revision + 1
    where source_id = ${request.sourceId} and container_id = any(${hidden.map((page) => page.pageId)}::text[])
      and missing_since is null and not is_deleted`;
  return hidden;
}

/** Makes hidden pages visible again, at no cost: chunks and vectors were kept. Returns the pages that this call restored. */
export async function showPages(
  tx: Sql,
  request: { sourceId: string; pageIds: readonly string[]; now: Date },
): Promise<ChangedPage[]> {
  if (request.pageIds.length === 0) return [];
  await tx`
    select from confluence_pages
    where source_id = ${request.sourceId} and page_id = any(${[...request.pageIds]}::text[])
    order by page_id for no key update`;
  const shown = await tx<ChangedPage[]>`
    update confluence_pages
    set missing_since = null, last_synced_at = ${request.now}, state_revision = state_revision + 1
    where source_id = ${request.sourceId} and page_id = any(${[...request.pageIds]}::text[])
      and missing_since is not null and not is_deleted
    returning page_id as "pageId", title`;
  for (const { pageId } of shown) await showContained(tx, request.sourceId, pageId);
  return shown;
}

/** Makes what is on a page visible again with it, but not a file that a check hid by itself. */
export async function showContained(tx: Sql, sourceId: string, containerId: string): Promise<void> {
  await tx`
    update confluence_pages set missing_since = null, hidden_with_container = null, state_revision = state_revision + 1
    where source_id = ${sourceId} and container_id = ${containerId} and missing_since is not null and not is_deleted
      and (kind = 'comments' or hidden_with_container)`;
}

/**
 * Locks the pages whose state has not changed, and what is on them, in one order. A separate statement, so that the next one sees what swaps that
 * held a lock before have committed.
 */
async function lockDecided(
  tx: Sql,
  request: Pick<DeletionRequest, "sourceId" | "pages">,
): Promise<DecidedPage[]> {
  if (request.pages.length === 0) return [];
  const rows = await tx<{ page_id: string; state_revision: number }[]>`
    select page_id, state_revision from confluence_pages
    where source_id = ${request.sourceId} and page_id = any(${request.pages.map((page) => page.pageId)}::text[])
      and not is_deleted
    order by page_id for no key update`;
  await tx`
    select from confluence_pages
    where source_id = ${request.sourceId} and container_id = any(${rows.map((row) => row.page_id)}::text[])
    order by page_id for no key update`;
  const revisions = new Map(rows.map((row) => [row.page_id, row.state_revision]));
  return request.pages.filter((page) => revisions.get(page.pageId) === page.expectedStateRevision);
}
