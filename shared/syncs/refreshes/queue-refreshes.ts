import type { Sql } from "#shared/db/connect.ts";

/** Pages that an operation renders again because of what they show; the rest follows in later ones. Without those whose target is gone. */
export const MAX_REFRESHES = 300;

/**
 * Adds the pages of the source that are outdated and due: those that show what is gone, and of the others as many as the operation may
 * still render. A page whose work has ended in this operation is worked on again. `only`: this page, which the operation has worked on.
 */
export async function queueRefreshes(
  tx: Sql,
  operation: { operationId: string; sourceId: string; dryRun?: boolean },
  now: Date,
  { only }: { only?: string } = {},
): Promise<void> {
  const { operationId, sourceId, dryRun = false } = operation;
  // Rows that would not change are left out before: a conflict locks them.
  const due = tx`
    select r.page_id, p.title from page_renderings r
    cross join lateral (
      select p.title from confluence_pages p
      where p.source_id = r.source_id and p.page_id = r.page_id and is_findable(p) offset 0) p
    where r.source_id = ${sourceId} and r.refresh_after <= ${now}
      ${only === undefined ? tx`` : tx`and r.page_id = ${only}`}
      and not exists (select from sync_work w
        where w.operation_id = ${operationId} and w.page_id = r.page_id and w.state not in ('done', 'seen'))`;
  const limit = tx`
    limit (select greatest(0, ${MAX_REFRESHES} - count(*)) from sync_work w where w.operation_id = ${operationId} and w.refreshes)`;
  await tx`
    with due as materialized (
      (${due} and r.shows_gone)
      union all
      (${due} and not r.shows_gone
      order by r.refresh_after, r.page_id ${only === undefined ? limit : tx``}))
    insert into sync_work as w (operation_id, source_id, page_id, title, state, outcome, reason, refreshes, updated_at)
    select ${operationId}, ${sourceId}, page_id, title, ${dryRun ? "planned" : "pending"}, 'updated', 'shows content that changed',
      true, ${now}
    from due order by page_id
    on conflict (operation_id, page_id) do update set
      state = 'pending', reason = excluded.reason, refreshes = true, attempts = 0, suspect = false, crashes = 0, enqueued_at = null,
      not_before = null, claimed_until = null, updated_at = excluded.updated_at
    where excluded.state = 'pending' and w.state in ('done', 'seen')`;
}
