import { z } from "zod";
import type { Sql } from "#shared/db/connect.ts";

/** Kept in the check's checkpoint: its deletions need a person's approval, its repairs continue. */
export const heldDeletions = z.object({ candidates: z.number(), pages: z.number(), message: z.string() });
export type HeldDeletions = z.infer<typeof heldDeletions>;

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
