import type { ListedPage } from "#shared/confluence/client.ts";
import type { StepContext } from "#shared/syncs/operations/step.ts";

/** Logs the listed pages without a title or a version: they are skipped, and nothing else reports it. */
export function reportUnreadable(pages: readonly ListedPage[], { operation, services }: StepContext): void {
  const ids = pages.filter((page) => page.status === "unreadable").map((page) => page.id);
  if (ids.length === 0) return;
  services.log.warn("confluence.drift", {
    source_id: operation.sourceId,
    operation_id: operation.operationId,
    pages: ids,
  });
}
