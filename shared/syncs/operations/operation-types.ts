import type { Json } from "#shared/db/connect.ts";
import type { QueueName } from "#shared/messages.ts";
import type { Source } from "#shared/sources/source.ts";
import type { SyncMetrics } from "#shared/sync-metrics.ts";

export type OperationType = "confluence_sync" | "deletion_check";
export type SyncMode = "incremental" | "full";

/** An operation that ended with all its work done. */
export type Finished = {
  checkpoint: Record<string, unknown>;
  metrics: SyncMetrics;
  finishedAt: Date;
};

type OperationSpec = {
  /** The queue of the messages that run its steps; the function behind the queue binds the step function. */
  queue: Extract<QueueName, "plan" | "check">;
  /** The initial values of its row. */
  start: (request: { mode?: SyncMode; tick?: Date | null }) => {
    mode: SyncMode | null;
    checkpoint: { tick?: string };
  };
  /** What it writes to the source's metadata unless it was a dry run. */
  settle: (finished: Finished) => Record<string, Json>;
  /** The operation that follows unless it was a dry run. */
  followedBy: (source: Source) => OperationType | null;
};

/** Everything that differs between types of operations, apart from their steps. */
export const OPERATIONS: Readonly<Record<OperationType, OperationSpec>> = {
  confluence_sync: {
    queue: "plan",
    start: ({ mode = "incremental" }) => ({ mode, checkpoint: {} }),
    // The watermark moves here and nowhere else: every listed page has been stored, or is recorded in `sync_error`.
    settle: ({ checkpoint, metrics }) => ({
      ...(checkpoint.incomplete ? {} : { last_sync_timestamp: String(checkpoint.started_at) }),
      sync_metrics: metrics,
      time_zone: (checkpoint.time_zone as string | null) ?? null,
    }),
    followedBy: ({ metadata }) => (metadata.deletion_strategy === "every_sync" ? "deletion_check" : null),
  },
  deletion_check: {
    queue: "check",
    // A scheduled check carries the tick that it was started for.
    start: ({ tick }) => ({ mode: null, checkpoint: tick ? { tick: tick.toISOString() } : {} }),
    settle: ({ checkpoint }) => ({
      last_deletion_check: String(checkpoint.tick ?? checkpoint.started_at),
      ...(checkpoint.held ? {} : { deletions_held: null }),
    }),
    followedBy: () => null,
  },
};

// The keys of a constant object with at least one key.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
export const operationTypes = Object.keys(OPERATIONS) as [OperationType, ...OperationType[]];
