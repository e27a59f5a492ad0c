import { addMissingSweeps, isSweepClaimed } from "#shared/access/sweeps/sweep-rows.ts";
import { requireSource } from "#shared/sources/sources.ts";
import { later } from "#shared/syncs/later.ts";
import { refreshDirectories } from "./refresh-directories.ts";
import type { StepContext } from "#shared/syncs/operations/step.ts";
import { sweepSource } from "./sweep-source.ts";

/** Until a sync looks again whether another worker has finished the sweep that it waits for. */
const WAIT_MS = 5000;

/** For the directory: what refreshing one keeps in reserve, and a few groups. */
const DIRECTORY_MS = 30_000;

/** Whether a sync of the source reads its rights first: they are carried over, and were never read. */
export function needsSweep({ source, operation }: StepContext): boolean {
  return source.access !== "everything" && source.accessVerifiedAt === null && !operation.dryRun;
}

/**
 * Runs one step of the source's first sweep within its sync. A sweep that fails stops no content: nobody sees it until a later one is
 * complete.
 */
export async function sweepInline(context: StepContext): Promise<"more" | "done" | { notBefore: Date }> {
  const { source, client, services } = context;
  const { sql, now } = services;
  await addMissingSweeps(sql, now());
  const remainingMs = () => Number.POSITIVE_INFINITY;
  const outcome = await sweepSource(source.sourceId, services, { remainingMs, maxSteps: 1, client });
  if (outcome === "more") return "more";
  if (outcome === "not due" && (await isSweepClaimed(sql, source.sourceId, now())))
    return { notBefore: later(now(), WAIT_MS) };
  context.source = await requireSource(sql, source.sourceId);
  const until = now().getTime() + DIRECTORY_MS;
  // Who belongs to which group is needed for the first search as well; what takes longer the next minute reads.
  if (source.access === "per_user")
    await refreshDirectories(services, { remainingMs: () => until - now().getTime() });
  return "done";
}
