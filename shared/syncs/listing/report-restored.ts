import type { StepContext } from "#shared/syncs/operations/step.ts";

/** Logs the hidden pages that this step made visible again, after its commit. */
export function reportRestored(context: StepContext): (pageIds: readonly string[]) => void {
  const { operation, services, afterCommit } = context;
  const about = { source_id: operation.sourceId, operation_id: operation.operationId };
  return (pageIds) => {
    afterCommit.push(() => {
      for (const page_id of pageIds) services.log.info("page.restored", { ...about, page_id });
    });
  };
}
