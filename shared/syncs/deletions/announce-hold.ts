import type { Sql } from "#shared/db/connect.ts";
import { writeEvent } from "#shared/notifications/outbox.ts";
import { mergeSourceMetadata } from "#shared/sources/sources.ts";
import type { HeldDeletions } from "#shared/syncs/operations/held-deletions.ts";
import type { StepContext } from "#shared/syncs/operations/step.ts";

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
