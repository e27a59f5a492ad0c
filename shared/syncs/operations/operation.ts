import type postgres from "postgres";
import type { Sql } from "#shared/db/connect.ts";
import type { OperationStatus } from "#shared/operation-statuses.ts";
import type { Failing } from "./failing.ts";
import type { OperationType, SyncMode } from "./operation-types.ts";

/** A row of `archon_progress`, as the engine works with it. */
export type Operation = {
  operationId: string;
  sourceId: string;
  type: OperationType;
  status: OperationStatus;
  mode: SyncMode | null;
  dryRun: boolean;
  force: boolean;
  actor: string;
  checkpoint: Record<string, unknown>;
  counters: Record<string, number>;
  /** Consecutive failed attempts at the next step. */
  failures: number;
  claimedUntil: Date | null;
  /** Null while attempts succeed. */
  failing: Failing | null;
  createdAt: Date;
};

/** The operation, or null. */
export async function getOperation(sql: Sql, operationId: string): Promise<Operation | null> {
  const [row] = await sql<Operation[]>`
    select ${operationColumns(sql)} from archon_progress p where p.operation_id = ${operationId}`;
  return row ?? null;
}

/** Selects `Operation` from `p`, a row of archon_progress. */
export function operationColumns(sql: Sql): postgres.Fragment {
  return sql`p.operation_id as "operationId", p.source_id as "sourceId", p.operation_type as type, p.status, p.mode,
    p.dry_run as "dryRun", p.force, p.actor, p.checkpoint, p.counters, p.failures, p.claimed_until as "claimedUntil", p.failing,
    p.created_at as "createdAt"`;
}
