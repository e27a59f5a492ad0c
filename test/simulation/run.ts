import { queueNames } from "#shared/messages.ts";
import { withServices } from "#functions/runtime/services.ts";
import { watchChecks } from "./deletion-cap.ts";
import type { Run } from "./run-state.ts";
import { checkNoNameWentBack } from "./file-invariants.ts";
import { checkNoneWentBack } from "./invariants.ts";
import { Violation } from "./violation.ts";
import type { World } from "./world.ts";

export const MINUTE = 60_000;
export const DAY = 24 * 60 * MINUTE;
/** Steps after which a history that does not come to rest has failed. */
const MAX_STEPS = 60_000;

/** One step of one worker, or a new worker on a message that is visible. */
export async function step(run: Run): Promise<boolean> {
  const { world, count, calm } = run;
  const { random, scheduler } = world;
  if (scheduler.running() < 5 && random.chance(0.3)) {
    const queue = random.pick(queueNames) ?? "page";
    world.deliver(queue, !calm && random.chance(0.15) ? random.below(60) : Number.POSITIVE_INFINITY);
  }
  count.steps += 1;
  if (count.steps > MAX_STEPS) throw new Violation("The system does not come to rest");
  return advance(run);
}

/** After each step of a deletion check: at one of them it decides. */
async function advance({ world: { scheduler, sql }, watchedChecks }: Run): Promise<boolean> {
  const advanced = await scheduler.advance();
  if (advanced && scheduler.trace().at(-1)?.startsWith("reconcile-deletions#"))
    await watchChecks(sql, watchedChecks);
  return advanced;
}

/** Time between two looks of the schedules, in minutes that go by and in days that do. */
const STRIDE_MS = 10 * MINUTE;
const LONG_STRIDE_MS = DAY;

/** Lets time go by as the schedules see it, with fewer looks than one a minute: what is idle has little to show. */
export async function passTime(run: Run, ms: number): Promise<void> {
  const { world } = run;
  const until = world.now().getTime() + ms;
  run.rights.observe(run);
  while (world.now().getTime() < until) {
    // A worker that is at it while minutes go by runs into its time limit, and fetches again what it has requeued.
    if (run.calm) while (await advance(run));
    const stride = Math.min(until - world.now().getTime(), ms > DAY ? LONG_STRIDE_MS : STRIDE_MS);
    world.pass(stride);
    tick(run);
    for (let n = 0; n < 400; n += 1) if (!(await step(run)) && idle(run)) break;
    if (!world.stored()) continue;
    await checkNoneWentBack(world.sql, run.seen);
    await checkNoNameWentBack(run);
  }
}

/** What EventBridge does: sweeper and scheduled syncs, and the daily tick with its own time. */
function tick(run: Run): void {
  const { world } = run;
  const now = world.now().getTime();
  // The sweeper may crash too: the next one does what is left.
  const crashes = !run.calm && world.random.chance(0.1);
  world.invoke("sweep", {}, crashes ? world.random.below(40) : Number.POSITIVE_INFINITY);
  world.invoke("start-scheduled-syncs", {}, Number.POSITIVE_INFINITY);
  if (run.rights.mode() !== "everything")
    world.invoke("sweep-access", {}, crashes ? world.random.below(60) : Number.POSITIVE_INFINITY);
  if (run.pulsed)
    world.invoke("pulse-sites", {}, crashes ? world.random.below(30) : Number.POSITIVE_INFINITY);
  while (run.lastTick + DAY <= now) {
    run.lastTick += DAY;
    const time = new Date(run.lastTick).toISOString();
    world.invoke("reconcile-deletions", { "detail-type": "Scheduled Event", time }, Number.POSITIVE_INFINITY);
  }
}

/** Nothing can happen before time passes. */
function idle({ world }: Run): boolean {
  const next = world.queues.nextVisible();
  return world.scheduler.ready() === 0 && (next === null || next > world.now().getTime());
}

/** Runs an operation to its end; another one that still runs is waited for first. */
export async function operate(run: Run, start: () => Promise<{ started: boolean }>): Promise<void> {
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const { started } = await withServices({}, start);
    await rest(run);
    if (started) return;
  }
  throw new Violation("No operation can be started: another one does not end");
}

/** Until nothing runs, waits or is due: with time for every retry, pause and lost message. */
export async function rest(run: Run): Promise<void> {
  const { world } = run;
  for (let n = 0; n < 200; n += 1) {
    await passTime(run, STRIDE_MS);
    const [open] = await world.sql`
      select (select count(*)::int from archon_progress where finished_at is null)
        + (select count(*)::int from event_outbox where sent_at is null) as count`;
    if (open?.count === 0 && world.scheduler.running() === 0 && world.queues.size() === 0) return;
  }
  const open = await world.sql`
    select operation_type, status, checkpoint, claimed_until, enqueued_at, not_before,
      (select count(*)::int from sync_work w where w.operation_id = p.operation_id and w.state = 'pending') as pending
    from archon_progress p where finished_at is null`;
  const left = { open, messages: world.queues.size(), workers: world.scheduler.running() };
  throw new Violation(`Operations do not end although nothing fails any more: ${JSON.stringify(left)}`);
}

export function services({ world }: Run) {
  return world.services(null) as Required<
    Pick<ReturnType<World["services"]>, "now" | "newId" | "random" | "log" | "env" | "sql" | "queue">
  >;
}

/** After deeds: what anybody who looks at the site sees of them. */
export function observe(run: Run): void {
  run.people.observe();
  run.discussion.commenters?.observe();
  run.uploads.uploaders?.observe();
  run.rights.observe(run);
}

export function tell(run: Run, line: string): void {
  run.story.push(line);
  run.world.scheduler.note(line);
}
