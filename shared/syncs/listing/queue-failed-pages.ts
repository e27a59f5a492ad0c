import type { Sql } from "#shared/db/connect.ts";
import { GIVEN_UP_RETRY_HOURS, MAX_FAILED_SYNCS, NOT_CURRENT } from "./compare-listing.ts";
import type { Operation } from "#shared/syncs/operations/operation.ts";

/**
 * Adds the pages that failed before, whatever the listing shows: the watermark has moved past them. A deleted page with an error
 * is back in Confluence, because a deletion clears the error. Also adds pages that were listed but never stored (their sync was
 * cancelled). A page that failed permanently MAX_FAILED_SYNCS times waits for a newer version, or a day, and counts as failed in
 * this operation too. A page that is in another space or in the trash waits for a full listing.
 */
export async function queueFailedPages(tx: Sql, operation: Operation, now: Date): Promise<void> {
  const state = operation.dryRun ? "planned" : "pending";
  await tx`
    insert into sync_work (operation_id, source_id, kind, page_id, title, state, outcome, reason, listed_version, updated_at)
    select ${operation.operationId}, source_id, case kind when 'blogpost' then 'page' else kind end, page_id, title,
      case when given_up then 'failed' else ${state} end,
      case when given_up then code when version = 0 then 'added' else 'updated' end,
      case when given_up then message else 'failed before' end, failed_version, ${now}
    from (
      select *, coalesce((sync_error ->> 'permanent')::boolean, false) and attempts >= ${MAX_FAILED_SYNCS}
          and (sync_error ->> 'at')::timestamptz > ${now}::timestamptz - make_interval(hours => ${GIVEN_UP_RETRY_HOURS}::int) as given_up
      from (
        select *, sync_error ->> 'code' as code, sync_error ->> 'message' as message,
          coalesce((sync_error ->> 'attempts')::int, 0) as attempts, nullif((sync_error ->> 'version')::int, 0) as failed_version
        from confluence_pages
        where source_id = ${operation.sourceId} and (sync_error is not null or version = 0 and not is_deleted)
          -- Comments and files of version 0 wait for the page that they are on.
          and (kind in ('page', 'blogpost') or sync_error is not null)) as open
      where code is distinct from ${NOT_CURRENT} or attempts < ${MAX_FAILED_SYNCS}) as failed
    on conflict (operation_id, page_id) do nothing`;
}

/** Adds the files and comments on these pages that failed before, however often: somebody asked for the pages. */
export async function queueFailedOn(
  tx: Sql,
  operation: Operation,
  pageIds: readonly string[],
  now: Date,
): Promise<void> {
  if (pageIds.length === 0) return;
  await tx`
    insert into sync_work (operation_id, source_id, kind, page_id, title, state, outcome, reason, listed_version, updated_at)
    select ${operation.operationId}, source_id, kind, page_id, title, 'pending',
      case when version = 0 then 'added' else 'updated' end, 'failed before', nullif((sync_error ->> 'version')::int, 0), ${now}
    from confluence_pages
    where source_id = ${operation.sourceId} and container_id = any(${pageIds as string[]}::text[]) and sync_error is not null
    on conflict (operation_id, page_id) do nothing`;
}
