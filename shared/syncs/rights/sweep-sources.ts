import { addMissingSweeps, dueSweeps } from "#shared/access/sweeps/sweep-rows.ts";
import { readSitesOnce } from "./site-reads.ts";
import type { SweepContext } from "./sweep-context.ts";
import {
  beginSweep,
  closeSweep,
  leaveSweep,
  readRights,
  STEP_RESERVE_MS,
  type SweepOutcome,
  type SweepServices,
} from "./sweep-source.ts";

/** Of an invocation's time, what is kept for closing sweeps once there are some to close: a short transaction each. */
const CLOSING_MS = 10_000;
/** Sweeps that are closed together: they need one look at their site's account. */
const CLOSED_TOGETHER = 25;
/** Sources that are swept at the same time: they mostly wait for Confluence. */
const SOURCES_AT_ONCE = 4;
/** More than a minute is enough for. */
const MAX_SOURCES = 500;

export type SweepResult = { swept: number; completed: number; failed: number };

/**
 * Continues the sweeps that are due until the invocation's time ends. A source that fails is recorded and stops no other. Throws what is
 * no fault of a source.
 */
export async function sweepSources(
  services: SweepServices,
  invocation: { remainingMs: () => number },
): Promise<SweepResult> {
  const total: SweepResult = { swept: 0, completed: 0, failed: 0 };
  const errors: unknown[] = [];
  const count = async (work: Promise<SweepOutcome | null>) => {
    const outcome = await work.catch((error: unknown) => void errors.push(error));
    if (!outcome || outcome === "not due") return;
    total.swept += 1;
    total.completed += Number(outcome === "complete");
    total.failed += Number(outcome === "failed");
  };
  await addMissingSweeps(services.sql, services.now());
  const due = (await dueSweeps(services.sql, services.now(), MAX_SOURCES)).values();
  const toClose: SweepContext[] = [];
  const reading = {
    remainingMs: () => invocation.remainingMs() - (toClose.length > 0 ? CLOSING_MS : 0),
    maxSteps: Infinity,
    site: readSitesOnce(),
  };
  const read = async (sourceId: string): Promise<SweepOutcome | null> => {
    const context = await beginSweep(sourceId, services, reading);
    if (typeof context === "string") return context;
    const outcome = await readRights(context, services, reading);
    if (outcome !== "closing") return outcome;
    toClose.push(context);
    return null;
  };
  const closeOfSite = async (contexts: readonly SweepContext[]) => {
    // New, so that one look at the site's account proves all that was read of these spaces.
    const site = readSitesOnce("kept");
    let isPaused = false;
    const close = async (context: SweepContext): Promise<SweepOutcome> => {
      if (isPaused) return leaveSweep(context, services);
      const outcome = await closeSweep({ ...context, site }, services, { ...invocation, maxSteps: 1 });
      isPaused = outcome === "paused";
      return outcome;
    };
    for (const context of contexts) await count(close(context));
  };
  const closeAll = async () => {
    const bySite = Map.groupBy(toClose.splice(0), ({ source }) => source.siteId);
    await Promise.all([...bySite.values()].map(closeOfSite));
  };
  const work = async () => {
    for (const sourceId of due) {
      if (reading.remainingMs() < STEP_RESERVE_MS) break;
      await count(read(sourceId));
      if (toClose.length >= CLOSED_TOGETHER) await closeAll();
    }
    // Not after all others have ended: a call that hangs would keep every source waiting.
    await closeAll();
  };
  await Promise.all(Array.from({ length: SOURCES_AT_ONCE }, work));
  if (errors.length > 0)
    throw new AggregateError(errors, `${errors.length} sweeps of rights failed for an internal reason`);
  return total;
}
