import { transaction, type Sql } from "#shared/db/connect.ts";
import { later } from "#shared/syncs/later.ts";
import { verifyAccount } from "#shared/syncs/listing/verify-site.ts";
import type { StepContext } from "#shared/syncs/operations/step.ts";
import {
  APPLY_BATCH,
  applyNext,
  nextToApply,
  confirmNext,
  hasOldVerdicts,
  logApplied,
} from "./deletion-candidates.ts";
import { filesOfGone } from "./files-of-gone.ts";

/** How long what Confluence said of a page that is missing may be acted on: as long as an invocation takes. */
const VERDICT_LASTS_MS = 60_000;

/**
 * One step of deleting and hiding what was confirmed. What was confirmed longer ago, before a crash or a pause, is asked for again first: by
 * now it may be back. `save` ends the step in its transaction; `isDone`: nothing is left. Of `kindsHeld` nothing is deleted.
 */
export async function applyConfirmed(
  context: StepContext,
  kindsHeld: readonly string[],
  save: (tx: Sql, isDone: boolean) => Promise<void>,
): Promise<void> {
  const { client, source, operation, services } = context;
  const since = later(services.now(), -VERDICT_LASTS_MS);
  const next = await nextToApply(services.sql, operation, { kindsHeld, since });
  const files = await filesOfGone(
    context,
    next.map((row) => row.page_id),
  );
  const applied = await transaction(services.sql, async (tx) => {
    const batch = await applyNext(tx, context, { kindsHeld, since, files });
    if (batch.settled > 0) await save(tx, false);
    return batch;
  });
  if (applied.settled > 0) return logApplied(applied, context);
  const again = { kindsHeld, before: since };
  if (!(await hasOldVerdicts(services.sql, operation, again)))
    return transaction(services.sql, (tx) => save(tx, true));
  await verifyAccount(client, source);
  const confirmed = await confirmNext(context, { atMost: APPLY_BATCH, again });
  await verifyAccount(client, source);
  await transaction(services.sql, async (tx) => {
    await confirmed?.save(tx);
    await save(tx, false);
  });
}
