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
  /**
   * All that the steps of one type of operation keep from one to the next, by that type's own schema (`list-step.ts`,
   * `deletion-check-step.ts`): their position, and what they learned for the operation's end (when it started by Confluence's clock,
   * whether the listing was incomplete, held deletions). It is saved as a whole with each step, so it is one value. What statements
   * select or update by itself has a column.
   */
  checkpoint: Record<string, unknown>;
  /** Numbers of the listing, and the percentage that it has reached (`percent_floor`): each is only counted up, or replaced, by a step. */
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
