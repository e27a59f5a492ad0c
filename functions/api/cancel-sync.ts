import { UserError } from "#shared/errors.ts";
import { getSource, requireSource } from "#shared/sources/sources.ts";
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
    return { status: 202, body: { operation_id: await cancel(params.source_id, services) } };
  }),
  route(stopOperation)([database], async ({ params }, services) => {
    const { operation_id: operationId } = params;
    const operation = await getOperation(services.sql, operationId);
    const source = operation && (await getSource(services.sql, operation.sourceId));
    if (source?.leaseOperationId !== operationId) {
      throw new UserError(404, "operation_not_found", `Running operation ${operationId} not found`);
    }
    await cancel(source.sourceId, services);
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
  sourceId: string,
  { sql, now, log }: Pick<Services, "sql" | "now" | "log">,
): Promise<string> {
  const operationId = await cancelOperation(sql, { sourceId, now: now(), actor: "api" });
  if (operationId === null) throw new UserError(409, "no_operation_running", "No operation is running");
  log.info("operation.cancelled", { source_id: sourceId, operation_id: operationId });
  return operationId;
}
