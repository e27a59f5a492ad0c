import type { Sql } from "#shared/db/connect.ts";
import type { Operation } from "#shared/syncs/operations/operation.ts";

/** Adds the pages that are stored without their rendered body and whose next attempt is due. */
export async function queueUnrenderedPages(tx: Sql, operation: Operation, now: Date): Promise<void> {
  await tx`
    insert into sync_work (operation_id, source_id, page_id, title, state, outcome, reason, updated_at)
    select ${operation.operationId}, source_id, page_id, title, ${operation.dryRun ? "planned" : "pending"}, 'updated',
      'rendered body missing', ${now}
    from confluence_pages
    where source_id = ${operation.sourceId} and rendered_missing is not null and not is_deleted
      and (rendered_missing ->> 'next_attempt_at')::timestamptz <= ${now}
    on conflict (operation_id, page_id) do nothing`;
}
