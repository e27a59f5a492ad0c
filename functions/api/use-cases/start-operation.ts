import { UserError } from "#shared/errors.ts";
import { requireSource } from "#shared/sources/sources.ts";
import { getOperation } from "#shared/syncs/operations/operation.ts";
import { startOperation, type StartRequest } from "#shared/syncs/operations/start-operation.ts";
import type { Services } from "#functions/runtime/services.ts";

type StartServices = Pick<Services, "sql" | "now" | "newId" | "random" | "log" | "queue">;

/**
 * Starts an operation under this id, and returns the id. Throws `UserError` 404 `source_not_found`, or 409 `operation_running`
 * with the id of the one that runs.
 */
export async function startRequested(
  request: Omit<StartRequest, "actor"> & { operationId: string },
  services: StartServices,
): Promise<string> {
  const { operationId, ...operation } = request;
  await requireSource(services.sql, operation.sourceId);
  // A repeated request, interrupted after it had started the operation.
  if (await getOperation(services.sql, operationId)) return operationId;
  const result = await startOperation(
    { ...operation, actor: "api" },
    { ...services, newId: () => operationId },
  ).catch(async (error: unknown) => {
    // The operation is in the database, only its message was not sent: the sweeper sends it within a minute.
    if (!(await getOperation(services.sql, operationId))) throw error;
    services.log.warn("request.failed", { operation_id: operationId, error });
    return { started: true, operationId };
  });
  if (result.started || result.operationId === operationId) return operationId;
  throw new UserError(409, "operation_running", "An operation of this source is already running", {
    details: { operation_id: result.operationId },
  });
}
