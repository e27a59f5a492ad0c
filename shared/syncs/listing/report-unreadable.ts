import type { ListedPage } from "#shared/confluence/client.ts";
import type { StepContext } from "#shared/syncs/operations/step.ts";

/** Logs the listed pages that lack a title or a version: they are passed over, and nothing else says so. */
export function reportUnreadable(pages: readonly ListedPage[], { operation, services }: StepContext): void {
  const ids = pages.filter((page) => page.status === "unreadable").map((page) => page.id);
  if (ids.length === 0) return;
  services.log.warn("confluence.drift", {
    source_id: operation.sourceId,
    operation_id: operation.operationId,
    pages: ids,
  });
}
