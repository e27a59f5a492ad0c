import type postgres from "postgres";
import type { Sql } from "#shared/db/connect.ts";
import type { OperationStatus } from "#shared/operation-statuses.ts";
import type { Failing } from "./failing.ts";
import { listingFactColumns, type ListingFacts } from "./listing-facts.ts";
import type { OperationType, SyncMode } from "./operation-types.ts";

/** A row of `archon_progress`, as the engine works with it. */
export type Operation = ListingFacts & {
  operationId: string;
  sourceId: string;
  type: OperationType;
  status: OperationStatus;
  mode: SyncMode | null;
  dryRun: boolean;
  force: boolean;
  actor: string;
  /** The position of the listing, by the schema of the operation's type (`list-step.ts`, `deletion-check-step.ts`). */
  checkpoint: Record<string, unknown>;
  /** What the listing counted; the metrics once the operation has ended. */
  counters: Record<string, number>;
  /** The scheduled time that a check was started for; null when it was requested by hand. */
  scheduledFor: Date | null;
  /** Consecutive failed attempts at the next step. */
  failures: number;
  claimedUntil: Date | null;
  /** Null while attempts succeed. */
  failing: Failing | null;
  /** The held check whose approved deletions it does; null for other types. */
  approves: string | null;
  createdAt: Date;
};

/** The operation, or null. */
export async function getOperation(sql: Sql, operationId: string): Promise<Operation | null> {
  const [row] = await sql<Operation[]>`
    select ${operationColumns(sql)} from archon_progress p where p.operation_id = ${operationId}`;
  return row ?? null;
}

/** Selects `Operation` from `p`, a row of archon_progress, without the copies of facts that the previous release reads (000016). */
export function operationColumns(sql: Sql): postgres.Fragment {
  return sql`p.operation_id as "operationId", p.source_id as "sourceId", p.operation_type as type, p.status, p.mode,
    p.dry_run as "dryRun", p.force, p.actor, p.failures, p.checkpoint,
    p.counters - array['pages_expected', 'percent_floor'] as counters, p.claimed_until as "claimedUntil", p.failing,
    p.approves, p.created_at as "createdAt", p.scheduled_for as "scheduledFor",
    ${listingFactColumns(sql)}`;
}
