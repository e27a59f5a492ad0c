import { z } from "zod";
import type { Sql } from "#shared/db/connect.ts";
import { errorCode, errorMessage } from "#shared/errors.ts";

const PHASES = ["starting", "listing", "ancestors", "absent", "containers", "closing"] as const;

const checkpointSchema = z.object({
  phase: z.enum(PHASES).default("starting"),
  cursor: z.string().nullable().default(null),
  recent_cursors: z.array(z.string()).default([]),
  /** Pages of the listing so far. */
  lists: z.int().default(0),
  /** What Confluence counted at the start; null: it does not count. */
  expected: z.int().nullable().default(null),
  /** Listed, and not understood: then nothing is proven. */
  skipped: z.int().default(0),
  /** Content whose list of principals was cut, to be read by itself. */
  to_read: z.array(z.string()).default([]),
  /** The last id that the phase under way has done. */
  position: z.string().default(""),
  /** Folders that the phase under way has done: those above first. */
  containers_done: z.int().default(0),
  containers_trusted: z.int().default(0),
  /** The account may not ask whom a folder lets in. */
  is_not_administrator: z.boolean().default(false),
  /** Whether each page is asked for its parent, because the listing may leave out folders. */
  asks_parents: z.boolean().default(false),
  /** Content with a restriction of its own that the count has found. */
  restricted: z.int().default(0),
  /** Readers of the space that are none of the kinds that are known. */
  has_unknown_readers: z.boolean().default(false),
  calls: z.int().default(0),
});
export type SweepCheckpoint = z.infer<typeof checkpointSchema>;

/** A sweep that this caller may continue until `claimedUntil`, which saving a step expects. */
export type ClaimedSweep = {
  sourceId: string;
  startedAt: Date;
  claimedUntil: Date;
  checkpoint: SweepCheckpoint;
  failures: number;
};

/** Longer than the timeout of a function that sweeps. */
const CLAIM_MS = 90_000;
/** What a sweep read so long ago is not worth completing: it begins again. */
const MAX_AGE_MS = 2 * 60 * 60_000;
/** After a failure, doubled at each. */
const FIRST_RETRY_MS = 60_000;
const MAX_RETRY_MS = 15 * 60_000;

const later = (at: Date, ms: number) => new Date(at.getTime() + ms);

/** How often a source that shows everything counts what is restricted. */
const COUNT_INTERVAL_MS = 7 * 24 * 60 * 60_000;
/** A count that failed is tried again after this long, doubled at each failure: nothing depends on it. */
const FIRST_COUNT_RETRY_MS = 24 * 60 * 60_000;
/** Over this time the first counts of sources that were added together are spread, and those of a week. */
const COUNTS_SPREAD_SECONDS = 60 * 60;

/** Each source has a sweep: of its rights or, where it shows everything, of how much is restricted. */
export async function addMissingSweeps(sql: Sql, now: Date): Promise<void> {
  await sql`
    insert into access_sweeps (source_id, due_at)
    select source_id, case access when 'everything' then ${spread(sql, now, "s")} else ${now} end from archon_sources s
    where status = 'active' and not exists (select from access_sweeps w where w.source_id = s.source_id)
    on conflict (source_id) do nothing`;
}

/** The next sweep of those sources that carry rights over starts now, or when the one under way has ended. */
export async function requestSweeps(sql: Sql, sourceIds: readonly string[], now: Date): Promise<void> {
  if (sourceIds.length === 0) return;
  await sql`
    update access_sweeps w set due_at = least(w.due_at, ${now}) from archon_sources s
    where w.source_id = any(${[...sourceIds]}::text[]) and s.source_id = w.source_id and s.access <> 'everything'`;
}

/** At most each so long, searches that find Confluence of another mind have a source swept again. */
const AGAIN_AFTER_MS = 5 * 60_000;

/** The next sweep of the source starts as soon as the last one is five minutes old. */
export async function requestSweepAgain(sql: Sql, sourceId: string, now: Date): Promise<void> {
  await sql`
    update access_sweeps
    set due_at = least(due_at, greatest(${now}, coalesce(completed_at, ${now}) + make_interval(secs => ${AGAIN_AFTER_MS / 1000}::int)))
    where source_id = ${sourceId}`;
}

/** A little after the time, by the source. */
function spread(sql: Sql, at: Date, of: "s" | "w") {
  return sql`${at}::timestamptz + make_interval(secs => abs(hashtext(${sql(of)}.source_id)::bigint) % ${COUNTS_SPREAD_SECONDS}::int)`;
}

function isDue(sql: Sql, now: Date) {
  return sql`s.status = 'active' and c.status = 'active'
    and (c.paused_until is null or c.paused_until <= ${now})
    and (w.started_at is not null or w.due_at <= ${now}) and (w.claimed_until is null or w.claimed_until <= ${now})
    and (w.error is null or (w.error ->> 'retry_at')::timestamptz <= ${now})`;
}

/** Ids of the sources whose sweep is due or under way: those that carry rights over before the others, longest waiting first. */
export async function dueSweeps(sql: Sql, now: Date, limit: number): Promise<string[]> {
  const rows = await sql<{ source_id: string }[]>`
    select w.source_id from access_sweeps w join archon_sources s using (source_id) join confluence_sites c using (site_id)
    where ${isDue(sql, now)} order by s.access = 'everything', w.started_at is null, w.due_at, w.source_id limit ${limit}`;
  return rows.map((row) => row.source_id);
}

/**
 * Claims the source's sweep, and starts one where none is under way; null if it is not due, or another worker has it. `intervalMs`: from
 * the start of this one to the start of the next, where rights are carried over.
 */
export async function claimSweep(
  sql: Sql,
  sourceId: string,
  { now, intervalMs }: { now: Date; intervalMs: number },
): Promise<ClaimedSweep | null> {
  const [row] = await sql<(Omit<ClaimedSweep, "checkpoint"> & { checkpoint: unknown })[]>`
    with due as (
      select w.source_id, s.access, w.started_at is null or w.started_at < ${later(now, -MAX_AGE_MS)} as is_new
      from access_sweeps w join archon_sources s using (source_id) join confluence_sites c using (site_id)
      where w.source_id = ${sourceId} and ${isDue(sql, now)} for update of w skip locked)
    update access_sweeps w set claimed_until = ${later(now, CLAIM_MS)},
      started_at = case when is_new then ${now} else started_at end,
      checkpoint = case when is_new then '{}' else checkpoint end,
      due_at = case when not is_new then due_at when access = 'everything' then ${spread(sql, later(now, COUNT_INTERVAL_MS), "w")}
        else ${later(now, intervalMs)} end
    from due where w.source_id = due.source_id
    returning w.source_id as "sourceId", started_at as "startedAt", claimed_until as "claimedUntil", checkpoint,
      coalesce((error ->> 'failures')::int, 0) as failures`;
  return row ? { ...row, checkpoint: checkpointSchema.parse(row.checkpoint) } : null;
}

/** Another worker continues this sweep, or none does: the pending write is dropped; this is not a fault. */
export class SweepLostError extends Error {
  readonly code = "claim_lost";
  constructor(sourceId: string) {
    super(`The claim on the sweep of ${sourceId} was lost`);
    this.name = "SweepLostError";
  }
}

/** Saves a step, in the transaction that records what it read; returns the sweep as it is then. */
export async function saveSweep(
  tx: Sql,
  sweep: ClaimedSweep,
  checkpoint: SweepCheckpoint,
  now: Date,
): Promise<ClaimedSweep> {
  const claimedUntil = later(now, CLAIM_MS);
  const { count } = await tx`
    update access_sweeps set checkpoint = ${tx.json(checkpoint)}, claimed_until = ${claimedUntil}
    where source_id = ${sweep.sourceId} and claimed_until = ${sweep.claimedUntil}`;
  if (count === 0) throw new SweepLostError(sweep.sourceId);
  return { ...sweep, checkpoint, claimedUntil };
}

/** Lets the next worker continue at once. */
export async function releaseSweep(sql: Sql, sweep: ClaimedSweep): Promise<void> {
  await sql`
    update access_sweeps set claimed_until = null
    where source_id = ${sweep.sourceId} and claimed_until = ${sweep.claimedUntil}`;
}

/** Ends a complete sweep, in the transaction in which what it found counts. */
export async function endSweep(
  tx: Sql,
  sweep: ClaimedSweep,
  counters: Record<string, number>,
  now: Date,
): Promise<void> {
  const { count } = await tx`
    update access_sweeps set started_at = null, claimed_until = null, checkpoint = '{}', completed_at = ${now}, error = null,
      counters = ${tx.json(counters)}
    where source_id = ${sweep.sourceId} and claimed_until = ${sweep.claimedUntil}`;
  if (count === 0) throw new SweepLostError(sweep.sourceId);
  await tx`delete from access_sweep_lists where source_id = ${sweep.sourceId}`;
}

/**
 * Records why a sweep failed. It continues where it was after a while that doubles, a count after a day; `again`: from its start, because
 * it proved nothing.
 */
export async function failSweep(
  sql: Sql,
  sweep: ClaimedSweep,
  { error, again, isCount, now }: { error: unknown; again: boolean; isCount: boolean; now: Date },
): Promise<void> {
  const [first, longest] = isCount
    ? [FIRST_COUNT_RETRY_MS, COUNT_INTERVAL_MS]
    : [FIRST_RETRY_MS, MAX_RETRY_MS];
  const waitMs = Math.min(longest, first * 2 ** sweep.failures);
  await sql`
    update access_sweeps set claimed_until = null, started_at = case when ${again} then null else started_at end,
      due_at = case when ${again} then least(due_at, ${now}) else due_at end,
      error = jsonb_build_object('code', ${errorCode(error)}::text, 'message', ${errorMessage(error)}::text,
        'since', coalesce(error ->> 'since', ${now.toISOString()}::text), 'failures', ${sweep.failures + 1}::int,
        'retry_at', ${later(now, waitMs).toISOString()}::text)
    where source_id = ${sweep.sourceId} and claimed_until = ${sweep.claimedUntil}`;
}

/** Whether a worker has the source's sweep now. */
export async function isSweepClaimed(sql: Sql, sourceId: string, now: Date): Promise<boolean> {
  const rows = await sql`
    select from access_sweeps where source_id = ${sourceId} and claimed_until > ${now}`;
  return rows.length > 0;
}
