import { listDueSources } from "#shared/sources/sources.ts";
import { syncSpace } from "#shared/syncs/listing/sync-space.ts";
import { startOperation, type StartResult } from "#shared/syncs/operations/start-operation.ts";
import type { SyncServices } from "#shared/syncs/sync-services.ts";
import { dueChecks } from "./due-checks.ts";

/** Starts a sync for each source whose interval has passed; returns how many. An error of one source does not stop the others. */
export async function startDueSyncs(services: SyncServices): Promise<number> {
  const sources = await listDueSources(services.sql, services.now());
  return startEach(sources, "syncs", ({ sourceId, spaceKey }) =>
    syncSpace(sourceId, spaceKey, { actor: "schedule" }, services),
  );
}

/**
 * Starts each deletion check that is due at the daily `tick`, or wanted; returns how many. A busy source is due again each minute. An
 * error of one source does not stop the others.
 */
export async function startDueChecks(tick: Date, services: SyncServices): Promise<number> {
  const requests = await dueChecks(services.sql, { tick, now: services.now() });
  return startEach(requests, "deletion checks", (request) => startOperation(request, services));
}

async function startEach<T>(
  due: readonly T[],
  what: string,
  start: (one: T) => Promise<StartResult>,
): Promise<number> {
  let started = 0;
  const errors: unknown[] = [];
  for (const one of due) {
    try {
      if ((await start(one)).started) started += 1;
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0)
    throw new AggregateError(errors, `${errors.length} scheduled ${what} could not be started`);
  return started;
}
