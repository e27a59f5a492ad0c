/**
 * Every status of an operation (a sync or a deletion check) in the order of its life, with its phase: steps list the work, pages
 * are processed, or the operation has ended.
 */
const OPERATION_STATUSES = {
  queued: "lists",
  listing: "lists",
  processing: "works",
  finishing: "works",
  completed: "ended",
  completed_with_errors: "ended",
  failed: "ended",
  cancelled: "ended",
  held: "ended",
} as const satisfies Record<string, "lists" | "works" | "ended">;

export type OperationStatus = keyof typeof OPERATION_STATUSES;

type RunningStatus = {
  [S in OperationStatus]: (typeof OPERATION_STATUSES)[S] extends "ended" ? never : S;
}[OperationStatus];

// The keys of a constant object with at least one key.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
export const operationStatuses = Object.keys(OPERATION_STATUSES) as [OperationStatus, ...OperationStatus[]];

export const RUNNING_STATUSES: readonly RunningStatus[] = operationStatuses.filter(isRunning);

/** Those in which an operation has steps to do: a message of its queue does the next one. */
export const LISTING_STATUSES: readonly OperationStatus[] = operationStatuses.filter(isListing);

export function isRunning(status: OperationStatus): status is RunningStatus {
  return OPERATION_STATUSES[status] !== "ended";
}

export function isListing(status: OperationStatus): boolean {
  return OPERATION_STATUSES[status] === "lists";
}
