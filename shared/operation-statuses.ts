/** Every status of an operation (a sync or a deletion check) and whether the operation still runs in it. */
const OPERATION_STATUSES = {
  queued: "running",
  listing: "running",
  processing: "running",
  finishing: "running",
  completed: "ended",
  completed_with_errors: "ended",
  failed: "ended",
  cancelled: "ended",
  held: "ended",
} as const satisfies Record<string, "running" | "ended">;

export type OperationStatus = keyof typeof OPERATION_STATUSES;

type RunningStatus = {
  [S in OperationStatus]: (typeof OPERATION_STATUSES)[S] extends "running" ? S : never;
}[OperationStatus];

/** In the order of an operation's life. */
// The keys of a constant object, of which there are some.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
export const operationStatuses = Object.keys(OPERATION_STATUSES) as [OperationStatus, ...OperationStatus[]];

export const RUNNING_STATUSES: readonly RunningStatus[] = operationStatuses.filter(isRunning);

export function isRunning(status: OperationStatus): status is RunningStatus {
  return OPERATION_STATUSES[status] === "running";
}
