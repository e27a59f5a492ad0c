import type { Sql } from "#shared/db/connect.ts";
import type { Source } from "#shared/sources/sources.ts";
import type { Operation } from "#shared/syncs/operations/operation.ts";

/**
 * Adds the pages that show others and were stored while their source carried no rights over, and now it does: nobody sees them until they
 * are fetched again. And the other way round: those lack what everybody may see.
 */
export async function queueUnguardedPages(
  tx: Sql,
  operation: Operation,
  source: Pick<Source, "sourceId" | "access">,
  now: Date,
): Promise<void> {
  const isOutdated =
    source.access === "everything"
      ? tx`shows_others and shows_unguarded is not true`
      : tx`shows_others is distinct from false and shows_unguarded is distinct from false`;
  const pages = tx`source_id = ${source.sourceId} and kind in ('page', 'blogpost') and version > 0 and not is_deleted and ${isOutdated}`;
  await tx`
    insert into sync_work (operation_id, source_id, page_id, title, state, outcome, reason, updated_at)
    select ${operation.operationId}, source_id, page_id, title, ${operation.dryRun ? "planned" : "pending"}, 'updated',
      'shows others, and whether rights are carried over has changed', ${now}
    from confluence_pages where ${pages}
    on conflict (operation_id, page_id) do nothing`;
  // So that the same version is stored anew.
  if (!operation.dryRun) await tx`update confluence_pages set representation_revision = 0 where ${pages}`;
}
