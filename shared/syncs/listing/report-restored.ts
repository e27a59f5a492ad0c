import type { StepContext } from "#shared/syncs/operations/step.ts";

/** Logs the pages that were hidden and that this step shows again, once it is committed. */
export function reportRestored(context: StepContext): (pageIds: readonly string[]) => void {
  const { operation, services, afterCommit } = context;
  const about = { source_id: operation.sourceId, operation_id: operation.operationId };
  return (pageIds) => {
    afterCommit.push(() => {
      for (const page_id of pageIds) services.log.info("page.restored", { ...about, page_id });
    });
  };
}
