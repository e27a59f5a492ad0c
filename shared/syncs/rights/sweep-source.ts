import { claimSweep, failSweep, releaseSweep, SweepLostError } from "#shared/access/sweeps/sweep-rows.ts";
import type { ConfluenceClient } from "#shared/confluence/client.ts";
import { PermanentError, RateLimitedError, TransientError } from "#shared/errors.ts";
import { requireSource, type Source } from "#shared/sources/sources.ts";
import { expireCredentials } from "#shared/syncs/operations/expire-credentials.ts";
import { statusAfter } from "#shared/syncs/operations/fail-operation.ts";
import { pause, slowDownNearLimit } from "#shared/syncs/operations/waiting.ts";
import { openSite, type SiteServices, type SyncServices } from "#shared/syncs/sync-services.ts";
import { readSitesOnce, type SiteReads } from "./site-reads.ts";
import { INCOMPLETE_SWEEP, type SweepContext } from "./sweep-context.ts";
import { sweepStep } from "./sweep-step.ts";

/** Most calls answer sooner than this, and so do steps; with less time left the next invocation runs the step. */
export const STEP_RESERVE_MS = 20_000;
/** Failures of one step before the sweep begins again: what it read before gets old. */
const MAX_FAILURES = 5;
/** Codes of failures that the same step would meet again. */
const BEGIN_AGAIN = new Set([INCOMPLETE_SWEEP, "repeated_cursor"]);

export type SweepServices = Pick<SyncServices, "sql" | "log" | "now" | "random"> &
  SiteServices & { env: SweepEnv };
export type SweepEnv = { ACCESS_SWEEP_MINUTES: number };

/** `not due`: or another worker has it; `more`: the next worker continues; `paused`: the site asked to wait. */
export type SweepOutcome = "not due" | "more" | "paused" | "complete" | "failed";

/** `client`: instead of one of its own; a limit is thrown then. */
export type SweepOptions = { remainingMs: () => number; maxSteps: number; client?: ConfluenceClient };

/** Runs steps of the source's sweep, if it is due, at most `maxSteps`. */
export async function sweepSource(
  sourceId: string,
  services: SweepServices,
  options: SweepOptions,
): Promise<SweepOutcome> {
  const context = await beginSweep(sourceId, services, { ...options, site: readSitesOnce() });
  if (typeof context === "string") return context;
  const outcome = await readRights(context, services, options);
  if (outcome !== "closing") return outcome;
  return closeSweep({ ...context, site: readSitesOnce() }, services, options);
}

/** Claims the source's sweep, if it is due. */
export async function beginSweep(
  sourceId: string,
  services: SweepServices,
  options: SweepOptions & { site: SiteReads },
): Promise<SweepContext | SweepOutcome> {
  const intervalMs = services.env.ACCESS_SWEEP_MINUTES * 60_000;
  const sweep = await claimSweep(services.sql, sourceId, { now: services.now(), intervalMs });
  if (!sweep) return "not due";
  const source = await requireSource(services.sql, sourceId);
  try {
    const client = options.client ?? (await openSite(services, source));
    return { sweep, source, client, site: options.site, services, callsCounted: client.callsMade() };
  } catch (error) {
    return endedBy(error, { sweep, source }, services, options);
  }
}

/** Runs the sweep's steps as far as the one that closes it: `closing`. */
export async function readRights(
  context: SweepContext,
  services: SweepServices,
  options: SweepOptions,
): Promise<SweepOutcome | "closing"> {
  try {
    for (let steps = 0; steps < options.maxSteps && options.remainingMs() > STEP_RESERVE_MS; steps += 1) {
      if (context.sweep.checkpoint.phase === "closing") return "closing";
      if ((await sweepStep(context)) === "complete") return "complete";
      if (await slowDownNearLimit(context.client, context.source, services)) break;
    }
    return await leaveSweep(context, services);
  } catch (error) {
    return endedBy(error, context, services, options);
  }
}

/** The last step. `context.site` must have been made after the step before it: what it reads proves what all steps read. */
export async function closeSweep(
  context: SweepContext,
  services: SweepServices,
  options: SweepOptions,
): Promise<SweepOutcome> {
  try {
    if (options.remainingMs() > STEP_RESERVE_MS) return await sweepStep(context);
    return await leaveSweep(context, services);
  } catch (error) {
    return endedBy(error, context, services, options);
  }
}

/** The next worker continues. */
export async function leaveSweep(context: SweepContext, services: SweepServices): Promise<"more"> {
  await releaseSweep(services.sql, context.sweep);
  return "more";
}

/** Records why the sweep stops here. Throws what is no fault of the source. */
async function endedBy(
  error: unknown,
  { sweep, source }: Pick<SweepContext, "sweep" | "source">,
  services: SweepServices,
  { client }: SweepOptions,
): Promise<SweepOutcome> {
  if (error instanceof SweepLostError) return "not due";
  if (error instanceof RateLimitedError) {
    await releaseSweep(services.sql, sweep);
    if (client) throw error;
    await pause(source, error, services);
    return "paused";
  }
  if (!(error instanceof PermanentError) && !(error instanceof TransientError)) throw error;
  const again = BEGIN_AGAIN.has(error.code) || sweep.failures >= MAX_FAILURES;
  const isCount = source.access === "everything";
  await failSweep(services.sql, sweep, { error, again, isCount, now: services.now() });
  await report(source, error, sweep.failures, services);
  return "failed";
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
