import type { ClaimedWork } from "#shared/syncs/operations/work.ts";

/** Workers that die over one page within one operation before the page is taken for the cause and recorded as failed. */
export const MAX_WORKER_DEATHS = 4;
/** From so many deaths on a page is worked on alone: whichever of a batch kills the worker, the others get away from it. */
const ALONE_FROM = 2;

/**
 * Which claimed pages to work on now, which to leave for an invocation of their own, and which have killed too many workers
 * (memory, or time that a page alone uses up) to be tried again in this operation.
 */
export function separateSuspects(claimed: readonly ClaimedWork[]): {
  now: ClaimedWork[];
  later: ClaimedWork[];
  deadly: ClaimedWork[];
} {
  const deadly = claimed.filter((work) => work.deaths >= MAX_WORKER_DEATHS);
  const suspects = claimed.filter(({ deaths }) => deaths >= ALONE_FROM && deaths < MAX_WORKER_DEATHS);
  const others = claimed.filter((work) => work.deaths < ALONE_FROM);
  if (others.length > 0) return { now: others, later: suspects, deadly };
  return { now: suspects.slice(0, 1), later: suspects.slice(1), deadly };
}
