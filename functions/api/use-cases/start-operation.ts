import { UserError } from "#shared/errors.ts";
import { requireSource } from "#shared/sources/sources.ts";
import { getOperation, type SyncMode } from "#shared/syncs/operations/operations.ts";
import { startCheck as startCheckOf } from "#shared/syncs/schedules/start-due.ts";
import { syncSpace } from "#shared/syncs/listing/sync-space.ts";
import type { Services } from "#functions/runtime/services.ts";

type StartServices = Pick<Services, "sql" | "now" | "newId" | "random" | "log" | "queue">;
type Started = { started: boolean; operationId: string };

/** Starts a sync under this id. Throws `UserError` 404, or 409 `operation_running` with the id of the one that runs. */
export async function startSync(
  request: { sourceId: string; operationId: string; mode: SyncMode; dryRun: boolean },
  services: StartServices,
): Promise<string> {
  const { sourceId, operationId, mode, dryRun } = request;
  const source = await requireSource(services.sql, sourceId);
  return startUnder(operationId, services, (own) =>
    syncSpace(sourceId, source.spaceKey, { mode, dryRun, actor: "api" }, own),
  );
}

/** Starts a deletion check likewise. */
export async function startCheck(
  request: { sourceId: string; operationId: string; dryRun: boolean; force: boolean },
  services: StartServices,
): Promise<string> {
  const { sourceId, operationId, dryRun, force } = request;
  await requireSource(services.sql, sourceId);
  return startUnder(operationId, services, (own) =>
    startCheckOf(sourceId, { actor: "api", tick: null, dryRun, force }, own),
  );
}

async function startUnder(
  operationId: string,
  services: StartServices,
  start: (services: StartServices) => Promise<Started>,
): Promise<string> {
  // A repeated request, interrupted after it had started the operation.
  if (await getOperation(services.sql, operationId)) return operationId;
  const result = await start({ ...services, newId: () => operationId }).catch(async (error: unknown) => {
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
