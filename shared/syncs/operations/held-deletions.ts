import type { Sql } from "#shared/db/connect.ts";

/** Deletions of a check that need a person's approval; its repairs continue. */
export type HeldDeletions = { candidates: number; pages: number; message: string };

/** The source's last deletion check if it is held; else null. */
export async function findHeldCheck(
  sql: Sql,
  sourceId: string,
): Promise<{ operationId: string; heldAt: Date } | null> {
  const [last] = await sql<{ operationId: string; heldAt: Date | null; status: string }[]>`
    select operation_id as "operationId", finished_at as "heldAt", status from archon_progress
    where source_id = ${sourceId} and operation_type = 'deletion_check' and not dry_run
    order by created_at desc, operation_id limit 1`;
  return last?.status === "held" && last.heldAt
    ? { operationId: last.operationId, heldAt: last.heldAt }
    : null;
}
