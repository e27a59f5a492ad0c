import type postgres from "postgres";
import { addPage, addSpace, restrictPage } from "#infra/local/confluence-site/edits.ts";
import { ACCOUNT_ID } from "#infra/local/confluence-site/site.ts";
import { insertSource, updateSource } from "#shared/sources/sources.ts";
import { withServices } from "#functions/runtime/services.ts";
import { startCheck } from "#shared/syncs/start-due.ts";
import { MAX_FAILED_SYNCS } from "#shared/syncs/compare-listing.ts";
import { syncSpace } from "#shared/syncs/sync-space.ts";
import {
  checkAlways,
  checkCounters,
  checkEditsArrived,
  checkEqual,
  checkNothingLeft,
  SOURCE_ID,
  Violation,
} from "./invariants.ts";
import { FAULTS, heal, LONGEST_LAG_SECONDS, type Fault } from "./faults.ts";
import { operate as operatorAsks } from "./operators.ts";
import { makePeople, OTHER_SPACE, SPACE, type People } from "./people.ts";
import { makeWorld, START, type World } from "./world.ts";

export type HistoryOptions = {
  seed: number;
  /** Rounds of deeds, faults and deliveries before the history is left to settle. */
  rounds: number;
  /** Rounds in which people and faults do nothing: found by shrinking a history that fails. */
  without?: ReadonlySet<number>;
};

export type HistoryResult = {
  seed: number;
  violation: string | null;
  traceHash: string;
  /** What people did and what broke, by round. */
  story: readonly string[];
  steps: number;
};

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
/** Share of all faults that may occur in one history. */
const FAULT_SHARE = 0.25;
/** Steps after which a history that does not come to rest has failed. */
const MAX_STEPS = 60_000;

/** Runs one history from its seed: everything that happens, and in which order, follows from it. */
export async function runHistory(sql: postgres.Sql, options: HistoryOptions): Promise<HistoryResult> {
  const world = await makeWorld(options.seed, sql);
  const people = makePeople(world.site, world.random.fork(), () => world.now().getTime());
  const story: string[] = [];
  const count = { steps: 0 };
  const run = {
    world,
    people,
    story,
    count,
    seen: { deletions: new Set<string>() },
    lastTick: START,
    calm: world.random.chance(0.25),
    faults: FAULTS.filter(() => world.random.chance(FAULT_SHARE)),
  };
  let violation: string | null = null;
  try {
    await prepare(run);
    for (let round = 0; round < options.rounds; round += 1)
      await liveRound(run, round, options.without?.has(round) ?? false);
    await settle(run);
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    violation = error.message;
  }
  return { seed: options.seed, violation, traceHash: world.scheduler.traceHash(), story, steps: count.steps };
}

type Run = {
  world: World;
  people: People;
  story: string[];
  count: { steps: number };
  seen: { deletions: Set<string> };
  lastTick: number;
  /** No faults, no deaths: then nothing may be done twice either. */
  calm: boolean;
  /**
   * What may break in this history. A few things that break often meet each other, and an operation in the right place;
   * everything now and then does not (swarm testing, Groce et al., ISSTA 2012).
   */
  faults: readonly Fault[];
};

async function prepare({ world, people, calm }: Run): Promise<void> {
  const { site, random } = world;
  const space = addSpace(site, { key: SPACE, name: "Demo" });
  addSpace(site, { key: OTHER_SPACE, name: "Elsewhere" });
  const pages = 4 + random.below(random.chance(0.3) ? 30 : 12);
  for (let n = 0; n < pages; n += 1) {
    const page = addPage(site, { space: SPACE, title: `Start ${n}`, body: `<p>word0x${n} at the start</p>` });
    // What only the account sees is what an answer as to nobody leaves out.
    if (random.chance(0.2)) restrictPage(site, page.id, "account");
  }
  people.act();
  site.settings.time_zone =
    random.pick(["UTC", "Europe/Berlin", "America/Los_Angeles", "Pacific/Kiritimati", "Asia/Kathmandu"]) ??
    "UTC";
  site.settings.max_page_size = random.pick([2, 3, 7, 250]) ?? 250;
  site.settings.search_paging = random.pick(["keyset", "offset"]) ?? "keyset";
  if (calm) {
    world.queues.behave();
    world.pace.stepMs = 50;
  }
  const strategy = random.pick(["weekly_reconciliation", "every_sync", "on_demand"] as const) ?? "every_sync";
  await insertSource(
    world.sql,
    {
      sourceId: SOURCE_ID,
      title: "Demo",
      baseUrl: "https://demo.atlassian.net",
      spaceKey: SPACE,
      spaceId: space.id,
      spaceName: "Demo",
      accountId: ACCOUNT_ID,
      email: "sync@example.com",
      encryptedToken: "demo-token",
      syncIntervalMinutes: random.pick([5, 30, 120]) ?? 30,
      searchLanguage: "english",
      embeddingModel: "fake-embedder",
      deletionStrategy: strategy,
    },
    world.now(),
  );
}

/** A moment in the life of the system: somebody does something, something breaks, workers work, time passes. */
async function liveRound(run: Run, round: number, quiet: boolean): Promise<void> {
  const { world, people, story, calm } = run;
  const { random } = world;
  // Drawn also when quiet, so that leaving a round out does not shift the chances of those after it.
  const deeds = random.below(4);
  const breaks = random.chance(0.3);
  const trouble = random.pick(run.faults);
  const asks = random.chance(0.25);
  if (!quiet) {
    for (let n = 0; n < deeds; n += 1) {
      const deed = people.act();
      if (deed) tell(run, `${round}: ${deed}`);
    }
    if (asks) tell(run, `${round}: ${await operatorAsks(world, services(run), { mayCancel: !calm })}`);
    if (breaks && trouble && !calm) tell(run, `${round}: ${trouble(world)}`);
    people.observe();
  }
  const steps = random.below(120);
  for (let n = 0; n < steps; n += 1) await step(run);
  const pause = random.next();
  if (pause < 0.1) await syncJustBeforeTheIndexShows(run);
  else if (pause < 0.55) await passTime(run, random.below(20 * MINUTE));
  else if (pause < 0.6) await passTime(run, random.below(8 * DAY));
  await checkAlways(world, people, run.seen);
  if (story.length > 10_000) throw new Error("A story without end");
}

/**
 * Confluence's search lags by the most that the overlap allows for, and a sync starts seconds before it shows an edit: the next
 * sync must look back to the very minute of that edit. By chance alone hardly any history gets there.
 */
async function syncJustBeforeTheIndexShows(run: Run): Promise<void> {
  const { world, people } = run;
  const { site, random } = world;
  site.settings.index_lag_seconds = LONGEST_LAG_SECONDS;
  const edit = people.edit();
  site.settings.index_lag_seconds = 0;
  await passTime(run, (LONGEST_LAG_SECONDS - random.below(40)) * 1000);
  const request = { mode: "incremental", actor: "api" } as const;
  const { started } = await withServices({}, () => syncSpace(SOURCE_ID, SPACE, request, services(run)));
  tell(
    run,
    `${edit}, and a sync just before the index shows it${started ? "" : ": refused, another operation runs"}`,
  );
}

/** One step of one worker, or a new worker on a message that is visible. */
async function step(run: Run): Promise<boolean> {
  const { world, count, calm } = run;
  const { random, scheduler } = world;
  if (scheduler.running() < 5 && random.chance(0.3)) {
    const queue = random.pick(["plan", "page", "check"] as const) ?? "page";
    world.deliver(queue, !calm && random.chance(0.15) ? random.below(60) : Number.POSITIVE_INFINITY);
  }
  count.steps += 1;
  if (count.steps > MAX_STEPS) throw new Violation("The system does not come to rest");
  return scheduler.advance();
}

/** Lets time go by minute for minute as the schedules see it; sparsely where it is long. */
async function passTime(run: Run, ms: number): Promise<void> {
  const { world } = run;
  const until = world.now().getTime() + ms;
  while (world.now().getTime() < until) {
    // A worker that is at it while minutes go by runs into its time limit, and fetches again what it has put back.
    if (run.calm) while (await world.scheduler.advance());
    const stride = Math.min(until - world.now().getTime(), ms > DAY ? 6 * 60 * MINUTE : 5 * MINUTE);
    world.pass(stride);
    tick(run);
    for (let n = 0; n < 400; n += 1) if (!(await step(run)) && idle(run)) break;
  }
}

/** What EventBridge does: sweeper and scheduled syncs, and the daily tick with its own time. */
function tick(run: Run): void {
  const { world } = run;
  const now = world.now().getTime();
  world.invoke("sweep", {}, Number.POSITIVE_INFINITY);
  world.invoke("start-scheduled-syncs", {}, Number.POSITIVE_INFINITY);
  while (run.lastTick + DAY <= now) {
    run.lastTick += DAY;
    const time = new Date(run.lastTick).toISOString();
    world.invoke("reconcile-deletions", { "detail-type": "Scheduled Event", time }, Number.POSITIVE_INFINITY);
  }
}

function idle({ world }: Run): boolean {
  const next = world.queues.nextVisible();
  return world.scheduler.running() === 0 && (next === null || next > world.now().getTime());
}

/** Everything is mended and left alone: then the promises that take time must hold. */
async function settle(run: Run): Promise<void> {
  const { world, people } = run;
  heal(world);
  world.queues.behave();
  await passTime(run, 40 * MINUTE);
  // From here on only what is asked for runs.
  await updateSource(world.sql, SOURCE_ID, { status: "active", syncIntervalMinutes: null }, world.now());
  await rest(run);
  await operate(run, () => syncSpace(SOURCE_ID, SPACE, { actor: "api" }, services(run)));
  await checkEditsArrived(world, people);
  for (let n = 0; n < 2; n += 1) {
    await operate(run, () =>
      startCheck(SOURCE_ID, { actor: "manual", tick: null, dryRun: false, force: true }, services(run)),
    );
  }
  await checkAlways(world, people, run.seen);
  await checkEqual(world, people);
  await checkNothingLeft(world);
  await checkCounters(world.sql, world.now());
  const failure = world.failures[0];
  if (failure) throw new Violation(`${failure.worker} failed: ${String(failure.error)}`);
  if (run.calm) checkNoBodyTwice(run);
}

/** Runs an operation to its end; another one that still runs is waited for first. */
async function operate(run: Run, start: () => Promise<{ started: boolean }>): Promise<void> {
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const { started } = await withServices({}, start);
    await rest(run);
    if (started) return;
  }
  throw new Violation("No operation can be started: another one does not end");
}

/** Until nothing runs, waits or is due: with time for every retry, pause and lost message. */
async function rest(run: Run): Promise<void> {
  const { world } = run;
  for (let n = 0; n < 200; n += 1) {
    await passTime(run, 5 * MINUTE);
    const [open] = await world.sql`
      select (select count(*)::int from archon_progress where finished_at is null)
        + (select count(*)::int from event_outbox where sent_at is null) as count`;
    if (open?.count === 0 && idle(run) && world.queues.size() === 0) return;
  }
  const open = await world.sql`
    select operation_type, status, checkpoint, claimed_until, enqueued_at, not_before,
      (select count(*)::int from sync_work w where w.operation_id = p.operation_id and w.state = 'pending') as pending
    from archon_progress p where finished_at is null`;
  const left = { open, messages: world.queues.size(), workers: world.scheduler.running() };
  throw new Violation(`Operations do not end although nothing fails any more: ${JSON.stringify(left)}`);
}

function services({ world }: Run) {
  return world.services(null) as Required<
    Pick<ReturnType<World["services"]>, "now" | "newId" | "random" | "log" | "sql" | "queue">
  >;
}

/** Without faults and deaths each version's body is fetched once. */
function checkNoBodyTwice({ world, people }: Run): void {
  const fetched = new Map<string, number>();
  for (const request of world.site.requests) {
    const bodies = request.path.endsWith("/api/v2/pages") && request.query.includes("body-format=storage");
    // A cursor goes on with the answer to a request that was counted.
    if (!bodies || request.query.includes("cursor=")) continue;
    for (const id of new URLSearchParams(request.query).getAll("id").flatMap((ids) => ids.split(","))) {
      fetched.set(id, (fetched.get(id) ?? 0) + 1);
    }
  }
  for (const [id, times] of fetched) {
    // A page that went is asked for again by some syncs, until a check says where it is; and when it is back.
    const versions = world.site.pages.get(id)?.version.number ?? times;
    const allowed = versions + MAX_FAILED_SYNCS * people.absences(id).length;
    if (times > allowed)
      throw new Violation(`The body of page ${id} was fetched ${times} times for ${allowed} versions`);
  }
}

function tell(run: Run, line: string): void {
  run.story.push(line);
  run.world.scheduler.note(line);
}
