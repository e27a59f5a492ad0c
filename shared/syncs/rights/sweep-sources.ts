import {
  addMissingSweeps,
  claimSweep,
  dueSweeps,
  failSweep,
  releaseSweep,
  SweepLostError,
} from "#shared/access/sweeps/sweep-rows.ts";
import type { ConfluenceClient } from "#shared/confluence/client.ts";
import { PermanentError, RateLimitedError, TransientError } from "#shared/errors.ts";
import { requireSource, type Source } from "#shared/sources/sources.ts";
import { expireCredentials } from "#shared/syncs/operations/expire-credentials.ts";
import { statusAfter } from "#shared/syncs/operations/fail-operation.ts";
import { pause, slowDownNearLimit } from "#shared/syncs/operations/waiting.ts";
import { openSite, type SiteServices, type SyncServices } from "#shared/syncs/sync-services.ts";
import { INCOMPLETE_SWEEP, type SweepContext } from "./sweep-context.ts";
import { sweepStep } from "./sweep-step.ts";

/** A step may take two timeouts of Confluence; with less time left the next invocation runs it. */
const STEP_RESERVE_MS = 20_000;
/** Sources that are swept at the same time: they mostly wait for Confluence. */
const SOURCES_AT_ONCE = 4;
/** More than a minute is enough for. */
const MAX_SOURCES = 500;
/** Failures of one step before the sweep begins again: what it read before gets old. */
const MAX_FAILURES = 5;
/** Codes of failures that the same step would meet again. */
const BEGIN_AGAIN = new Set([INCOMPLETE_SWEEP, "repeated_cursor"]);

type SweepServices = Pick<SyncServices, "sql" | "log" | "now" | "random"> & SiteServices & { env: SweepEnv };
export type SweepEnv = { ACCESS_SWEEP_MINUTES: number };
type Invocation = { remainingMs: () => number };

export type SweepResult = { swept: number; completed: number; failed: number };

/**
 * Continues the sweeps that are due until the invocation's time ends. A source that fails is recorded and stops no other. Throws what is
 * no fault of a source.
 */
export async function sweepSources(services: SweepServices, invocation: Invocation): Promise<SweepResult> {
  const total: SweepResult = { swept: 0, completed: 0, failed: 0 };
  const errors: unknown[] = [];
  await addMissingSweeps(services.sql, services.now());
  const waiting = (await dueSweeps(services.sql, services.now(), MAX_SOURCES)).values();
  const work = async () => {
    for (const sourceId of waiting) {
      if (invocation.remainingMs() < STEP_RESERVE_MS) return;
      try {
        const outcome = await sweepSource(sourceId, services, { ...invocation, maxSteps: Infinity });
        if (outcome === "not due") continue;
        total.swept += 1;
        total.completed += Number(outcome === "complete");
        total.failed += Number(outcome === "failed");
      } catch (error) {
        errors.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: SOURCES_AT_ONCE }, work));
  if (errors.length > 0)
    throw new AggregateError(errors, `${errors.length} sweeps of rights failed for an internal reason`);
  return total;
}

/** `not due`: or another worker has it; `more`: the next worker continues; `paused`: the site asked to wait. */
export type SweepOutcome = "not due" | "more" | "paused" | "complete" | "failed";

/** Runs steps of the source's sweep, if it is due, at most `maxSteps`. `client`: instead of one of its own; a limit is thrown then. */
export async function sweepSource(
  sourceId: string,
  services: SweepServices,
  options: Invocation & { maxSteps: number; client?: ConfluenceClient },
): Promise<SweepOutcome> {
  const intervalMs = services.env.ACCESS_SWEEP_MINUTES * 60_000;
  const claimed = await claimSweep(services.sql, sourceId, { now: services.now(), intervalMs });
  if (!claimed) return "not due";
  const source = await requireSource(services.sql, sourceId);
  let context: SweepContext | null = null;
  try {
    const client = options.client ?? (await openSite(services, source));
    context = { sweep: claimed, source, client, services, callsCounted: client.callsMade() };
    for (let steps = 0; steps < options.maxSteps && options.remainingMs() > STEP_RESERVE_MS; steps += 1) {
      if ((await sweepStep(context)) === "complete") return "complete";
      if (await slowDownNearLimit(client, source, services)) break;
    }
    await releaseSweep(services.sql, context.sweep);
    return "more";
  } catch (error) {
    if (error instanceof SweepLostError) return "not due";
    const sweep = context?.sweep ?? claimed;
    if (error instanceof RateLimitedError) {
      await releaseSweep(services.sql, sweep);
      if (options.client) throw error;
      await pause(source, error, services);
      return "paused";
    }
    if (!(error instanceof PermanentError) && !(error instanceof TransientError)) throw error;
    const again = BEGIN_AGAIN.has(error.code) || sweep.failures >= MAX_FAILURES;
    await failSweep(services.sql, sweep, {
      error,
      again,
      isCount: source.access === "everything",
      now: services.now(),
    });
    await report(source, error, sweep.failures, services);
    return "failed";
  }
}

async function report(
  source: Source,
  error: PermanentError | TransientError,
  failures: number,
  services: SweepServices,
): Promise<void> {
  services.log.warn("access_sweep.failed", {
    source_id: source.sourceId,
    code: error.code,
    failures: failures + 1,
    error,
  });
  if (statusAfter(error) !== "credentials_expired" || source.siteId === null) return;
  await expireCredentials({ siteId: source.siteId, encryptedSecret: source.encryptedToken }, error, services);
}
