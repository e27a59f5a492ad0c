import { UserError } from "#shared/errors.ts";
import { requireSource } from "#shared/sources/sources.ts";
import { cancelOperation } from "#shared/syncs/operations/end-operation.ts";
import { getOperation } from "#shared/syncs/operations/operation.ts";
import { stopOperation } from "#functions/api/contract/archon-knowledge.ts";
import { cancelSync } from "#functions/api/contract/operations.ts";
import { httpHandler, route } from "#functions/runtime/http.ts";
import { database } from "#functions/runtime/providers/database.ts";
import type { Services } from "#functions/runtime/services.ts";

/** POST /api/confluence/{source_id}/cancel, and by operation for clients of the knowledge endpoints. */
export const handler = httpHandler(
  route(cancelSync)([database], async ({ params }, services) => {
    await requireSource(services.sql, params.source_id);
    const cancelled = await cancel({ sourceId: params.source_id }, services);
    if (cancelled === null) throw new UserError(409, "no_operation_running", "No operation is running");
    return { status: 202, body: { operation_id: cancelled } };
  }),
  route(stopOperation)([database], async ({ params }, services) => {
    const { operation_id: operationId } = params;
    const operation = await getOperation(services.sql, operationId);
    // Never the one that has followed it meanwhile.
    const cancelled = operation && (await cancel({ sourceId: operation.sourceId, operationId }, services));
    if (cancelled === null)
      throw new UserError(404, "operation_not_found", `Running operation ${operationId} not found`);
    return {
      status: 200,
      body: {
        success: true,
        message: "The operation was cancelled; what was stored stays",
        progressId: operationId,
      },
    };
  }),
);

async function cancel(
  which: { sourceId: string; operationId?: string },
  { sql, now, log }: Pick<Services, "sql" | "now" | "log">,
): Promise<string | null> {
  const operationId = await cancelOperation(sql, { ...which, now: now(), actor: "api" });
  if (operationId !== null)
    log.info("operation.cancelled", { source_id: which.sourceId, operation_id: operationId });
  return operationId;
}
