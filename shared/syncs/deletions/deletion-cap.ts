import type { Sql } from "#shared/db/connect.ts";
import { writeEvent } from "#shared/notifications/outbox.ts";
import { mergeSourceMetadata } from "#shared/sources/sources.ts";
import type { DeletionOutcomes } from "./deletion-candidates.ts";
import type { HeldDeletions } from "#shared/syncs/operations/held-deletions.ts";
import type { StepContext } from "#shared/syncs/operations/step.ts";

/** Above both, a person decides: a quarter of a space is rarely deleted at once, and ten pages are quick to review. */
export const CAP_SHARE = 0.25;
export const CAP_PAGES = 10;

/**
 * Compares first-time and second-time candidates with the cap separately: pages that were hidden last time, within the cap, are
 * expected to be deleted this time and must not block newer candidates. Null: the cap is not exceeded.
 */
export function judgeCap(outcomes: DeletionOutcomes): HeldDeletions | null {
  const exceeded = [outcomes.firstTime, outcomes.secondTime].some(
    (count) => count > CAP_PAGES && count > CAP_SHARE * outcomes.pages,
  );
  if (!exceeded) return null;
  const candidates = outcomes.firstTime + outcomes.secondTime;
  const message =
    `${candidates} of ${outcomes.pages} pages would be deleted or hidden, more than the cap of ${CAP_SHARE * 100} % and ${CAP_PAGES} pages. ` +
    "No page was changed. If the deletions are right, run the deletion check with force";
  return { candidates, pages: outcomes.pages, message };
}

/** Reports the hold on the source, as an event, and as a log line that an alarm watches. The candidates stay readable. */
export async function announceHold(tx: Sql, context: StepContext, held: HeldDeletions): Promise<void> {
  const { operation, source, services } = context;
  const now = services.now();
  const detail = { candidates: held.candidates, pages: held.pages };
  await mergeSourceMetadata(
    tx,
    source.sourceId,
    { deletions_held: { ...detail, operation_id: operation.operationId, at: now.toISOString() } },
    now,
  );
  await writeEvent(tx, {
    type: "deletions.held",
    detail: { source_id: source.sourceId, operation_id: operation.operationId, ...detail },
    now,
  });
  services.log.error("deletions.held", {
    source_id: source.sourceId,
    operation_id: operation.operationId,
    ...detail,
  });
}
