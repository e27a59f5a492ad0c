import { fromStart, type ListCheckpoint as Checkpoint } from "./list-checkpoint.ts";
import type { StepContext } from "#shared/syncs/operations/step.ts";
import { LISTED, saveStep } from "#shared/syncs/operations/save-step.ts";
import type { Changes } from "./search-changes.ts";

/** Lists the changes from the start, by another query. */
export async function listAgain(
  context: StepContext,
  checkpoint: Checkpoint,
  again: { changes: Changes; timeZone: string | null; message: string },
): Promise<void> {
  const { changes } = again;
  const { counters } = context.operation;
  const kindsLeft = checkpoint.kinds_left.flatMap((kind) => {
    const count = checkpoint.of_kinds[kind];
    return count ? [[kind, count] as const] : [];
  });
  const of_kinds = Object.fromEntries(kindsLeft);
  const expected = kindsLeft.reduce((sum, [, count]) => sum + count.expected, changes.expected);
  const atStart = { ...fromStart(changes), kind: null, of_kinds, comments_missing: 0, repeated: 0 };
  // Counted from zero: pages of the first listing must not make up for pages that the second one lacks.
  const counts = [...LISTED, "pages_unchanged"].map((name) => [name, -(counters[name] ?? 0)]);
  await saveStep(context.services.sql, context, {
    checkpoint: { ...checkpoint, ...atStart, phase: "listing" },
    counts: Object.fromEntries(counts),
    facts: { timeZone: again.timeZone, pagesExpected: expected },
    message: again.message,
  });
}
