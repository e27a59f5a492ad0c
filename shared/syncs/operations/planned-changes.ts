import type { ContentKind } from "#shared/content-kinds.ts";
import type { Sql } from "#shared/db/connect.ts";

/** A page that a dry run would change, or that a held deletion check would delete or hide, and why. */
export type PlannedChange = {
  page_id: string;
  kind: ContentKind;
  title: string;
  /** Where people read it; empty while it is not known. */
  url: string;
  outcome: "added" | "updated" | "moved" | "restored" | "deleted" | "hidden";
  reason: string;
};

/** The position after which a list of planned changes continues. */
export type PlannedPosition = { outcome: string; pageId: string };

/** The planned changes of an operation by outcome and page id, after `after`. */
export async function listPlannedChanges(
  sql: Sql,
  operationId: string,
  page: { after: PlannedPosition | null; limit: number },
): Promise<PlannedChange[]> {
  const { after, limit } = page;
  return sql<PlannedChange[]>`
    select planned.* from archon_progress p cross join lateral (${plannedBy(sql)}) planned
    where p.operation_id = ${operationId}
      ${after ? sql`and (planned.outcome, planned.page_id) > (${after.outcome}, ${after.pageId})` : sql``}
    order by planned.outcome, planned.page_id limit ${limit}`;
}

/** Selects what `p`, a row of archon_progress, plans: nothing unless it is a dry run or held. For a lateral join. */
export function plannedBy(sql: Sql) {
  return sql`
    select w.page_id, coalesce(c.kind, w.kind) as kind, w.title, coalesce(c.url, '') as url, w.outcome, w.reason
    from sync_work w left join confluence_pages c on c.source_id = w.source_id and c.page_id = w.page_id
    where w.operation_id = p.operation_id and (p.dry_run or p.status = 'held')
      and w.state in ('planned', 'candidate') and w.outcome is not null and w.decision is null`;
}
