import type postgres from "postgres";
import { addFolder, addPage, addSpace } from "#infra/local/confluence-site/edits.ts";
import { restrictPage } from "#infra/local/confluence-site/page-status-edits.ts";
import { ACCOUNT_ID } from "#infra/local/confluence-site/site.ts";
import { contentOptions } from "#shared/content-kinds.ts";
import { insertSource, updateSource } from "#shared/sources/sources.ts";
import { startOperation } from "#shared/syncs/operations/start-operation.ts";
import { GIVEN_UP_RETRY_HOURS, MAX_FAILED_SYNCS } from "#shared/syncs/listing/compare-listing.ts";
import { syncSpace } from "#shared/syncs/listing/sync-space.ts";
import { checkPosts, makeBlog } from "./blog-posts.ts";
import { checkComments, checkCommentsArrived, checkCommentsEqual } from "./comment-invariants.ts";
import { makeDiscussion } from "./comments.ts";
import { editWhatIsAtWork, listTooLittleAfterAPause, syncJustBeforeTheIndexShows } from "./coincidences.ts";
import { checkDecisions, makeDecisions } from "./decisions.ts";
import { checkAlways, checkCounters, checkEditsArrived, checkEqual, checkNothingLeft } from "./invariants.ts";
import { checkEventsReceived } from "./event-invariants.ts";
import type { WatchedChecks } from "./deletion-cap.ts";
import { FAULTS, heal, LONGEST_LAG_SECONDS } from "./faults.ts";
import { checkFiles, checkFilesArrived, checkFilesEqual } from "./file-invariants.ts";
import { checkWithoutListing, makeUploads } from "./files.ts";
import { checkNoHintLeft, makeAnnouncer, type Announcer } from "./hooks.ts";
import { checkFolders, checkOptionalCalls } from "./optional-call-invariants.ts";
import { operate as operatorAsks } from "./operators.ts";
import {
  checkNeighbours,
  editNeighbours,
  expectPulses,
  makeNeighbours,
  NO_INTERVAL_PASSES_MINUTES,
  setNeighbourIntervals,
  settleNeighboursByPulse,
  syncNeighbours,
} from "./neighbours.ts";
import { makeIncludedContent } from "./included-content.ts";
import { checkNoBodyTwice } from "./no-body-twice.ts";
import { makeLiveDocs } from "./live-docs.ts";
import { checkNoDownloadTwice } from "./no-download-twice.ts";
import { makePeople, OTHER_SPACE, SPACE } from "./people.ts";
import { makeRights } from "./rights.ts";
import { checkRights, checkRightsEqual } from "./rights-invariants.ts";
import { DAY, MINUTE, observe, operate, passTime, rest, services, step, tell } from "./run.ts";
import { SOURCE_ID, Violation } from "./violation.ts";
import { makeWorld, START, type World } from "./world.ts";
import type { Neighbours, Run } from "./run-state.ts";

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
  /** Actions of people and faults, by round. */
  story: readonly string[];
  steps: number;
};

/** Share of all faults that may occur in one history. */
const FAULT_SHARE = 0.25;

/** Runs one history from its seed: everything that happens, and in which order, follows from it. */
export async function runHistory(sql: postgres.Sql, options: HistoryOptions): Promise<HistoryResult> {
  const world = await makeWorld(options.seed, sql);
  const people = makePeople(world.site, world.random.fork(), () => world.now().getTime());
  const story: string[] = [];
  const count = { steps: 0 };
  const run = {
    world,
    people,
    neighbours: { list: [], random: world.random } as Neighbours,
    story,
    count,
    seen: { deletions: new Set<string>(), versions: new Map<string, number>(), comments: new Set<string>() },
    watchedChecks: new Map() as WatchedChecks,
    lastTick: START,
    calm: world.random.chance(0.25),
    pulsed: world.random.chance(0.5),
    faults: FAULTS.filter(() => world.random.chance(FAULT_SHARE)),
    blog: makeBlog(options.seed),
    discussion: makeDiscussion(options.seed),
    liveDocs: makeLiveDocs(options.seed),
    uploads: makeUploads(options.seed),
    includedContent: makeIncludedContent(options.seed),
    rights: makeRights(options.seed),
    decisions: makeDecisions(options.seed),
  };
  let violation: string | null = null;
  try {
    await prepare(run);
    run.neighbours = await makeNeighbours(run, options.seed);
    await world.sql`update confluence_sites set pulse = ${run.pulsed}`;
    const announce = await makeAnnouncer(run, options.seed);
    for (let round = 0; round < options.rounds; round += 1)
      await liveRound(run, { round, announce, quiet: options.without?.has(round) ?? false });
    await settle(run);
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    violation = error.message;
  }
  return { seed: options.seed, violation, traceHash: world.scheduler.traceHash(), story, steps: count.steps };
}

async function prepare(run: Run): Promise<void> {
  const { world, people, calm, blog } = run;
  const { site, random } = world;
  const space = addSpace(site, { key: SPACE, name: "Demo" });
  addSpace(site, { key: OTHER_SPACE, name: "Elsewhere" });
  addFolder(site, { space: SPACE, title: "Folder 0" });
  const pages = 4 + random.below(random.chance(0.3) ? 30 : 12);
  for (let n = 0; n < pages; n += 1) {
    const page = addPage(site, { space: SPACE, title: `Start ${n}`, body: `<p>word0x${n} at the start</p>` });
    // An anonymous response omits what only the account sees.
    if (random.chance(0.2)) restrictPage(site, page.id, "account");
  }
  people.act();
  run.liveDocs.prepare(run);
  run.includedContent.prepare(run);
  const blogposts = blog.prepare(run);
  const comments = run.discussion.prepare(run);
  const attachments = run.uploads.prepare(run);
  run.rights.prepare(run);
  site.settings.time_zone =
    random.pick(["UTC", "Europe/Berlin", "America/Los_Angeles", "Pacific/Kiritimati", "Asia/Kathmandu"]) ??
    "UTC";
  site.settings.max_page_size = random.pick([2, 3, 7, 250]) ?? 250;
  site.settings.search_paging = random.pick(["keyset", "offset"]) ?? "keyset";
  world.pace.stalls = !calm;
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
      content: contentOptions.parse({ blogposts, comments, attachments }),
      access: run.rights.mode(),
    },
    world.now(),
  );
}

/** One round: people act, faults occur, workers work, time passes. */
async function liveRound(
  run: Run,
  { round, announce, quiet }: { round: number; announce: Announcer; quiet: boolean },
): Promise<void> {
  const { world, people, story, calm } = run;
  const { random } = world;
  // Drawn also when quiet, so that leaving a round out does not shift the chances of those after it.
  const deeds = random.below(4);
  const breaks = random.chance(0.5);
  const trouble = random.pick(run.faults);
  const asks = random.chance(0.25);
  if (!quiet) {
    for (let n = 0; n < deeds; n += 1) {
      const deed = people.act();
      if (deed) tell(run, `${round}: ${deed}`);
    }
    await run.blog.live(run, round);
    await run.discussion.live(run, round);
    run.liveDocs.live(run, round);
    await run.uploads.live(run, round);
    run.includedContent.live(run, round);
    await run.rights.live(run, round);
    if (random.chance(0.4)) await editWhatIsAtWork(run, round);
    await run.decisions.live(run, round);
    if (asks) tell(run, `${round}: ${await operatorAsks(world, services(run), { mayCancel: !calm })}`);
    if (breaks && trouble && !calm) tell(run, `${round}: ${trouble(world)}`);
    editNeighbours(run, String(round));
    observe(run);
    await announce(run, round);
  }
  const steps = random.below(120);
  for (let n = 0; n < steps; n += 1) await step(run);
  // Also in the middle of a sweep.
  await checkRights(run);
  const pause = random.next();
  if (pause < 0.1 && !quiet) await syncJustBeforeTheIndexShows(run);
  else if (pause < 0.2 && !quiet && !calm) await listTooLittleAfterAPause(run);
  else if (pause < 0.55) await passTime(run, random.below(20 * MINUTE));
  else if (pause < 0.6) await passTime(run, random.below(8 * DAY));
  await checkAlways(world, people, run.seen);
  await checkComments(run);
  await run.liveDocs.check(run);
  await checkFiles(run);
  await checkRights(run);
  await checkNeighbours(run);
  await checkOptionalCalls(world.sql, story);
  await checkDecisions(run);
  if (story.length > 10_000) throw new Error("A story without end");
}

/** Ends all faults and lets the system settle: then the promises that take time must hold. */
async function settle(run: Run): Promise<void> {
  const { world, people } = run;
  heal(world);
  // A space that was out of sight is seen again, with all that is on it.
  observe(run);
  run.liveDocs.show(run);
  world.queues.behave();
  // From here on only requested operations run.
  await updateSource(world.sql, SOURCE_ID, { status: "active", syncIntervalMinutes: null }, world.now());
  await setNeighbourIntervals(run, null);
  await rest(run);
  // The search index has caught up, and pages that were given up are tried again.
  world.pass((await hasGivenUpPages(world)) ? GIVEN_UP_RETRY_HOURS * 60 * MINUTE : 40 * MINUTE);
  await operate(run, () => syncSpace(SOURCE_ID, SPACE, { actor: "api" }, services(run)));
  await checkEditsArrived(world, people);
  await checkCommentsArrived(run);
  await run.liveDocs.checkArrived(run);
  await checkFolders(world.sql, world.site, { found: people.folderNames });
  await checkFilesArrived(run);
  await checkPosts(run);
  await syncNeighbours(run);
  if (run.pulsed) await settleByPulse(run);
  run.includedContent.wait(run);
  await checkWithoutListing(run);
  for (let n = 0; n < 2; n += 1) {
    await operate(run, () =>
      startOperation(
        { type: "deletion_check", sourceId: SOURCE_ID, actor: "manual", force: true },
        services(run),
      ),
    );
  }
  await checkAlways(world, people, run.seen);
  await checkDecisions(run);
  await checkEqual(world, people);
  await run.includedContent.check(run);
  await checkRightsEqual(run);
  await checkComments(run);
  await checkCommentsEqual(run);
  await checkFiles(run);
  await checkFilesEqual(run);
  await checkOptionalCalls(world.sql, run.story);
  await checkFolders(world.sql, world.site);
  await rest(run);
  await checkNoHintLeft(run);
  await checkNothingLeft(world);
  await checkEventsReceived(world);
  await checkCounters(world.sql, world.now());
  const failure = world.failures[0];
  if (failure) throw new Violation(`${failure.worker} failed: ${String(failure.error)}`);
  if (!run.calm) return;
  await checkNoBodyTwice(run);
  checkNoDownloadTwice(run);
}

/** People edit, and no interval passes: what is edited is found by pulses alone, when the index shows it. */
async function settleByPulse(run: Run): Promise<void> {
  const { world } = run;
  const syncIntervalMinutes = NO_INTERVAL_PASSES_MINUTES;
  await updateSource(world.sql, SOURCE_ID, { syncIntervalMinutes }, world.now());
  await setNeighbourIntervals(run, syncIntervalMinutes);
  await expectPulses(run, [SOURCE_ID], () => editForThePulse(run));
  await settleNeighboursByPulse(run);
  await updateSource(world.sql, SOURCE_ID, { syncIntervalMinutes: null }, world.now());
  await setNeighbourIntervals(run, null);
}

async function editForThePulse(run: Run): Promise<void> {
  const { world, people } = run;
  const { site, random } = world;
  for (let n = 0; n < 3; n += 1) {
    site.settings.index_lag_seconds = random.chance(0.5) ? 0 : random.below(LONGEST_LAG_SECONDS);
    // Last a post alone: a sync for the edit of a page would bring it too.
    const edits =
      n === 2
        ? [run.blog.edit(run) ?? run.uploads.edit() ?? people.edit()]
        : [people.edit(), run.discussion.edit(run), run.uploads.edit()];
    site.settings.index_lag_seconds = 0;
    for (const edit of edits) if (edit) tell(run, `${edit}, for the pulse to find`);
    await passTime(run, random.below(15 * MINUTE));
  }
  await passTime(run, 45 * MINUTE);
  await rest(run);
  await checkEditsArrived(world, people);
  await checkCommentsArrived(run);
  await checkFilesArrived(run);
}

async function hasGivenUpPages({ sql }: World): Promise<boolean> {
  const rows = await sql`
    select from confluence_pages
    where (sync_error ->> 'permanent')::boolean and (sync_error ->> 'attempts')::int >= ${MAX_FAILED_SYNCS} limit 1`;
  return rows.length > 0;
}
