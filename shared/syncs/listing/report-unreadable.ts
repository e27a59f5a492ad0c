import { UNREADABLE, type ListedPage } from "#shared/confluence/client.ts";
import type { StepContext } from "#shared/syncs/operations/step.ts";

/** Logs the listed pages without a title or a version: they are skipped, and nothing else reports it. */
export function reportUnreadable(pages: readonly ListedPage[], context: StepContext): void {
  const ids = pages.filter((page) => page.status === UNREADABLE).map((page) => page.id);
  if (ids.length > 0) warn(context, { pages: ids });
}

/**
 * Logs comments and files that came in a form that cannot be read. Returns the message for the log of the operation. `ids`: of those that
 * have one.
 */
export function reportSkipped(
  context: StepContext,
  { kind, count, ids }: { kind: "comments" | "files"; count: number; ids: readonly string[] },
): { message?: string } {
  if (count === 0) return {};
  warn(context, { [kind]: ids, skipped: count });
  const named = ids.length === 0 ? "" : `: ${ids.slice(0, 10).join(", ")}`;
  return { message: `Skipped ${count} ${kind} that cannot be read${named}` };
}

function warn({ operation, services }: StepContext, fields: Record<string, unknown>): void {
  services.log.warn("confluence.drift", {
    source_id: operation.sourceId,
    operation_id: operation.operationId,
    ...fields,
  });
}
