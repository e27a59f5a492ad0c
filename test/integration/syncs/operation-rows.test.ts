import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { TransientError } from "#shared/errors.ts";
import { listChanges } from "#shared/syncs/operations/changes.ts";
import { cancelOperation } from "#shared/syncs/operations/end-operation.ts";
import { clearFailing, failingAfter, recordFailing } from "#shared/syncs/operations/failing.ts";
import { finishOperation } from "#shared/syncs/operations/finish-operation.ts";
import {
  latestProgress,
  listProgress,
  readProgress,
  type ProgressFilter,
} from "#shared/syncs/operations/progress-tracker.ts";
import { modelsInUse, readUsage } from "#shared/syncs/operations/usage.ts";
import { makeSyncWorld, SOURCE_ID, type SyncWorld } from "#test/support/sync-world.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const MINUTE_MS = 60_000;
const idOf = (n: number) => `00000000-0000-4000-8000-00000000000${n}`;
const NO_ID = idOf(0);
const [SYNC_1, SYNC_2, CHECK] = [idOf(1), idOf(2), idOf(3)];
const [PAGES_1, PAGES_2, PAGES_3] = [idOf(4), idOf(5), idOf(6)];
const TYPES: Record<string, string> = {
  [SYNC_1]: "confluence_sync",
  [SYNC_2]: "confluence_sync",
  [CHECK]: "deletion_check",
  [PAGES_1]: "page_sync",
  [PAGES_2]: "page_sync",
  [PAGES_3]: "page_sync",
};

let database: TestDatabase;
let world: SyncWorld;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  await database.clear();
  world = await makeSyncWorld(database.sql);
});
afterAll(() => database.close());

type Work = { kind?: string; state: string; outcome: string; counters?: Record<string, number> };

/** An operation, the latest one, with this work. */
async function operation(id: string, status = "processing", work: Record<string, Work> = {}) {
  world.pass(MINUTE_MS);
  const { sql } = database;
  await sql`
    insert into archon_progress (operation_id, source_id, operation_type, status, actor, counters, started_at, finished_at, created_at, updated_at)
    values (${id}, ${SOURCE_ID}, ${TYPES[id] ?? ""}, ${status}, 'api', ${sql.json({ embedding_tokens: 5 })}, ${world.now()},
      ${status === "processing" ? null : world.now()}, ${world.now()}, ${world.now()})`;
  for (const [pageId, { kind = "page", state, outcome, counters = {} }] of Object.entries(work))
    await sql`
      insert into sync_work (operation_id, source_id, kind, page_id, title, state, outcome, reason, counters, updated_at)
      values (${id}, ${SOURCE_ID}, ${kind}, ${pageId}, ${`Title ${pageId}`}, ${state}, ${outcome}, 'A reason', ${sql.json(counters)}, ${world.now()})`;
}
const done = (outcome: string, more: Partial<Work> = {}): Work => ({ state: "done", outcome, ...more });
const failed = (more: Partial<Work> = {}): Work => ({ state: "failed", outcome: "some_code", ...more });

it("operations are listed newest first, page after page, by source, type, and whether they run", async () => {
  await operation(SYNC_1, "completed");
  await operation(CHECK, "failed");
  await operation(SYNC_2);
  const list = async (filter: Partial<ProgressFilter> = {}) => {
    const listed = await listProgress(database.sql, { limit: 10, ...filter });
    return listed.map((one) => one.operation_id);
  };
  const all = [SYNC_2, CHECK, SYNC_1];
  expect(await list()).toEqual(all);
  expect(await list({ limit: 2 })).toEqual(all.slice(0, 2));
  expect(await list({ sourceId: SOURCE_ID, type: "confluence_sync" })).toEqual([all[0], all[2]]);
  expect(await list({ sourceId: "another" })).toEqual([]);
  expect(await list({ running: true })).toEqual([all[0]]);
  const last = await readProgress(database.sql, CHECK);
  const after = { createdAt: new Date(last?.created_at ?? 0), operationId: CHECK };
  expect(await list({ after })).toEqual([all[2]]);
});

it("a source shows the operation that runs, else its last sync or check; one for single pages only while it runs", async () => {
  const latest = async () => (await latestProgress(database.sql, SOURCE_ID))?.operation_id ?? null;
  expect(await latest()).toBeNull();
  await operation(PAGES_1, "completed");
  expect(await latest()).toBe(PAGES_1);
  await operation(SYNC_1, "completed");
  await operation(PAGES_2, "completed");
  expect(await latest()).toBe(SYNC_1);
  await operation(PAGES_3);
  await operation(SYNC_2, "completed");
  expect(await latest()).toBe(PAGES_3);
});

it("an operation that does not exist, or whose source is being deleted, has no progress", async () => {
  await operation(SYNC_1);
  expect(await readProgress(database.sql, NO_ID)).toBeNull();
  await database.sql`update archon_sources set status = 'deleting'`;
  expect(await readProgress(database.sql, SYNC_1)).toBeNull();
});

it("a listing says at which stage it is; before and after it the status is the stage", async () => {
  const stageAt = async (status: string, checkpoint: { phase?: string | number }) => {
    await database.sql`update archon_progress set status = ${status}, checkpoint = ${database.sql.json(checkpoint)}`;
    return (await readProgress(database.sql, SYNC_1))?.stage;
  };
  await operation(SYNC_1);
  expect(await stageAt("listing", { phase: "labels" })).toBe("labels");
  expect(await stageAt("listing", {})).toBe("listing");
  expect(await stageAt("processing", { phase: "listed" })).toBe("processing");
});

it("what an operation changed is listed by page, kind and outcome, with the reason or the error", async () => {
  await operation(SYNC_1, "completed", {
    "1": done("added", { counters: { chunks_added: 3, embeddings_created: 2 } }),
    "2": done("unchanged"),
    "3": { state: "seen", outcome: "moved" },
    "4": failed(),
    "5": done("added", { kind: "attachment" }),
  });
  type Page = Partial<Parameters<typeof listChanges>[2]>;
  const list = (page: Page = {}) => listChanges(database.sql, SYNC_1, { after: null, limit: 10, ...page });
  const ids = async (page: Page) => (await list(page)).map(({ pageId }) => pageId);
  const all = await list();
  expect(all.map(({ pageId, outcome }) => [pageId, outcome])).toEqual([
    ["1", "added"],
    ["3", "moved"],
    ["4", "failed"],
    ["5", "added"],
  ]);
  expect(all[0]).toMatchObject({
    reason: "A reason",
    error: null,
    chunksAdded: 3,
    chunksKept: 0,
    embeddingsCreated: 2,
  });
  expect(all[2]).toMatchObject({ reason: null, error: { code: "some_code", message: "A reason" } });
  expect(await ids({ outcome: "added" })).toEqual(["1", "5"]);
  expect(await ids({ outcome: "failed" })).toEqual(["4"]);
  expect(await ids({ kind: "attachment" })).toEqual(["5"]);
  expect(await ids({ after: "1", limit: 2 })).toEqual(["3", "4"]);
});

it("what operations used is counted by the day of their end, and of one source alone", async () => {
  await operation(SYNC_1, "completed");
  const since = world.now();
  await operation(SYNC_2, "completed");
  await operation(CHECK, "completed");
  const used = (from: Date, sourceId: string | null) => readUsage(database.sql, { since: from, sourceId });
  const of = { day: since.toISOString().slice(0, 10), model: "fake-embedder", apiCallsMade: 0 };
  expect(await used(since, null)).toMatchObject([{ ...of, operations: 3, embeddingTokens: 15 }]);
  expect(await used(new Date(since.getTime() + 1), SOURCE_ID)).toMatchObject([
    { ...of, operations: 2, embeddingTokens: 10 },
  ]);
  expect(await used(since, "another")).toEqual([]);
  expect(await modelsInUse(database.sql, null)).toEqual(["fake-embedder"]);
  expect(await modelsInUse(database.sql, "another")).toEqual([]);
});

const PAGES_LINE = "1 added, 0 updated, 0 moved, 0 deleted, 0 hidden, 0 failed";
it.each<[string, string, Record<string, Work>, string]>([
  ["pages alone", "completed", {}, PAGES_LINE],
  [
    "a page that failed",
    "completed_with_errors",
    { "2": failed() },
    PAGES_LINE.replace("0 failed", "1 failed"),
  ],
  [
    "files",
    "completed",
    { "2": done("added", { kind: "attachment" }) },
    `${PAGES_LINE}; files: 1 added, 0 updated, 0 deleted, 0 failed`,
  ],
  [
    "a file that failed",
    "completed_with_errors",
    { "2": failed({ kind: "attachment" }) },
    `${PAGES_LINE}; files: 0 added, 0 updated, 0 deleted, 1 failed`,
  ],
  [
    "comments that failed",
    "completed_with_errors",
    { "2": failed({ kind: "comments" }) },
    `${PAGES_LINE}; pages whose comments failed: 1`,
  ],
])("an operation with %s ends as %s, and its log sums it up", async (_, status, more, line) => {
  await operation(SYNC_1, "processing", { "1": done("added"), ...more });
  expect(await finishOperation(SYNC_1, world.outside)).toBe(true);
  const ended = await readProgress(database.sql, SYNC_1);
  expect(ended?.status).toBe(status);
  expect(ended?.log.at(-1)?.message).toBe(line);
  expect(await finishOperation(SYNC_1, world.outside)).toBe(false);
});

it("an operation with open work does not end", async () => {
  await operation(SYNC_1, "processing", { "1": { state: "pending", outcome: "added" } });
  expect(await finishOperation(SYNC_1, world.outside)).toBe(false);
});

it("only the operation that runs is cancelled, and its log says by whom", async () => {
  const request = { sourceId: SOURCE_ID, now: world.now(), actor: "a person" };
  expect(await cancelOperation(database.sql, request)).toBeNull();
  const id = await world.startSync();
  expect(await cancelOperation(database.sql, { ...request, operationId: NO_ID })).toBeNull();
  expect(await cancelOperation(database.sql, { ...request, operationId: id })).toBe(id);
  const ended = await readProgress(database.sql, id);
  expect(ended).toMatchObject({ status: "cancelled", error: { code: "cancelled" } });
  expect(ended?.log.at(-1)?.message).toBe("cancelled: Cancelled by a person");
  expect(await cancelOperation(database.sql, request)).toBeNull();
});

it("of pages that fail side by side the first is the warning, until it is tried again; success ends it", async () => {
  await operation(SYNC_1);
  const retryAt = new Date(world.now().getTime() + MINUTE_MS);
  const fail = (code: string, unlessKnown?: boolean) =>
    recordFailing(database.sql, SYNC_1, failingAfter(new TransientError(code, "It failed"), 1, 5, retryAt), {
      now: world.now(),
      ...(unlessKnown === undefined ? {} : { unlessKnown }),
    });
  const lines = async () =>
    (await readProgress(database.sql, SYNC_1))?.log.map(
      ({ message }) => /\((\w+)\)/.exec(message)?.[1] ?? message,
    );
  await fail("first", true);
  await fail("second", true);
  expect(await lines()).toEqual(["first"]);
  await fail("third");
  world.pass(MINUTE_MS);
  await fail("fourth", true);
  expect(await lines()).toEqual(["first", "third", "fourth"]);
  await clearFailing(database.sql, SYNC_1, world.now());
  await clearFailing(database.sql, SYNC_1, world.now());
  expect(await lines()).toEqual(["first", "third", "fourth", "Recovered: an attempt succeeded"]);
  expect((await readProgress(database.sql, SYNC_1))?.warnings).toEqual([]);
});
