import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import {
  claimSuspect,
  claimWork,
  findSuspect,
  releaseLostClaims,
} from "#shared/syncs/operations/work-claims.ts";
import { addWork, completeWork, queueOf, requeueWork, type WorkItem } from "#shared/syncs/operations/work.ts";
import { makeSyncWorld, SOURCE_ID, type SyncWorld } from "#test/support/sync-world.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

let database: TestDatabase;
let world: SyncWorld;
let operation: { operationId: string; sourceId: string };
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  await database.clear();
  world = await makeSyncWorld(database.sql);
  operation = { operationId: await world.startSync(), sourceId: SOURCE_ID };
});
afterAll(() => database.close());

const item = (pageId: string, more: Partial<WorkItem> = {}): WorkItem => ({
  pageId,
  title: "Page",
  state: "pending",
  outcome: "added",
  reason: "new page",
  listedVersion: 1,
  ...more,
});
const seen = (pageId: string, listedVersion = 1) =>
  item(pageId, { state: "seen", outcome: null, reason: "listed", listedVersion });
const add = (...items: WorkItem[]) => addWork(database.sql, operation, items, world.now());
const rows = () => database.sql`
  select page_id, kind, state, outcome, reason, listed_version, attempts, crashes, suspect, counters
  from sync_work order by page_id`;
const claim = (queue: "page" | "file", ...pageIds: string[]) =>
  claimWork(database.sql, operation.operationId, pageIds, { queue, now: world.now() });
const claimedSeconds = async () => {
  const [row] = await database.sql`select claimed_until from sync_work where claimed_until is not null`;
  return (row?.claimed_until.getTime() - world.now().getTime()) / 1000;
};
const complete = (counters: Record<string, number>, outcome = "updated") =>
  completeWork(
    database.sql,
    { operationId: operation.operationId, pageId: "1" },
    { state: "done", outcome, reason: null, counters, now: world.now() },
  );

it("work is of a page unless it says otherwise", async () => {
  await add(item("1"), item("2", { kind: "attachment" }));
  expect(await rows()).toMatchObject([{ kind: "page" }, { kind: "attachment" }]);
});

it("of a page that one response lists twice the open work counts, in either order", async () => {
  await add(item("1"), seen("1", 2));
  await add(seen("2", 2), item("2"));
  expect(await rows()).toMatchObject([{ state: "pending" }, { state: "pending" }]);
});

it("of a page that one response lists in two versions the newer one counts, in either order", async () => {
  await add(
    item("1", { listedVersion: 3 }),
    item("1", { listedVersion: 2 }),
    item("1", { listedVersion: null }),
  );
  await add(
    item("2", { listedVersion: null }),
    item("2", { listedVersion: 2 }),
    item("2", { listedVersion: 3 }),
  );
  expect(await rows()).toMatchObject([{ listed_version: 3 }, { listed_version: 3 }]);
});

it("a page that was done is work again only in a newer version", async () => {
  await add(item("1"));
  await complete({ chunks_added: 1 });
  await add(item("1"));
  expect(await rows()).toMatchObject([{ state: "done", listed_version: 1 }]);
  await add(item("1", { listedVersion: 2 }));
  expect(await rows()).toMatchObject([{ state: "pending", listed_version: 2 }]);
});

it("work that has ended is not ended again", async () => {
  await add(item("1"));
  expect(await complete({ chunks_added: 1 })).toBe(true);
  expect(await complete({ chunks_added: 9 })).toBe(false);
  expect(await rows()).toMatchObject([{ outcome: "updated", counters: { chunks_added: 1 } }]);
});

it.each([
  ["page", "page"],
  ["comments", "page"],
  ["attachment", "file"],
] as const)("work on a %s is sent to the queue of a %s", (kind, queue) => {
  expect(queueOf(kind)).toBe(queue);
});

it("each queue claims its own kinds of work only, files for longer", async () => {
  await add(item("1"), item("2", { kind: "comments" }), item("3", { kind: "attachment" }));
  const files = await claim("file", "1", "2", "3");
  expect(files.map(({ pageId }) => pageId)).toEqual(["3"]);
  expect(await claimedSeconds()).toBe(240);
  await database.sql`update sync_work set claimed_until = null`;
  const pages = await claim("page", "1", "2", "3");
  expect(pages.map(({ pageId }) => pageId).toSorted()).toEqual(["1", "2"]);
  expect(await claimedSeconds()).toBe(90);
  expect(await claim("page", "1", "2")).toEqual([]);
});

it("waiting is no attempt, a failure is one, and claims of other workers are left alone", async () => {
  await add(item("1"), item("2"));
  const now = world.now();
  const requeue = (countsAttempt: boolean, holdsClaims = true) =>
    requeueWork(database.sql, operation.operationId, ["1"], {
      notBefore: now,
      holdsClaims,
      countsAttempt,
      now,
    });
  await claim("page", "1");
  await requeue(false, false);
  expect(await claim("page", "1")).toEqual([]);
  await requeue(true);
  expect(await claim("page", "1")).toMatchObject([{ attempts: 2 }]);
  await requeue(false);
  expect(await claim("page", "1")).toMatchObject([{ attempts: 2 }]);
});

it("pages that a worker had together when it was lost are suspects, and are claimed one at a time", async () => {
  const { operationId } = operation;
  await add(item("1"), item("2"));
  await claim("page", "1", "2");
  expect(await releaseLostClaims(database.sql, { operationId, now: world.now() })).toBe(0);
  world.pass(91_000);
  expect(await releaseLostClaims(database.sql, { operationId, now: world.now() })).toBe(2);
  const now = world.now();
  expect(await claim("page", "1", "2")).toEqual([]);
  expect(await findSuspect(database.sql, operationId, { queue: "file", now })).toBeNull();
  expect(await findSuspect(database.sql, operationId, { queue: "page", now })).toBe("1");
  const suspect = await claimSuspect(database.sql, operationId, { queue: "page", untried: true, now });
  expect(suspect).toMatchObject({ pageId: "1", crashes: 0 });
  expect(await claimSuspect(database.sql, operationId, { queue: "page", untried: true, now })).toBeNull();
  expect(await findSuspect(database.sql, operationId, { queue: "page", now })).toBeNull();
});

it("a worker that is lost with one page alone is a crash of that page; a restart of the process is one only each third time", async () => {
  const { operationId } = operation;
  await add(item("1"));
  await database.sql`update sync_work set suspect = true`;
  const suspect = { queue: "page", untried: false } as const;
  const claimAlone = () => claimSuspect(database.sql, operationId, { ...suspect, now: world.now() });
  for (let restart = 1; restart <= 3; restart += 1) {
    await claimAlone();
    expect(await releaseLostClaims(database.sql, "all")).toBe(1);
    expect(await rows()).toMatchObject([{ crashes: restart === 3 ? 1 : 0 }]);
  }
  await claimAlone();
  world.pass(91_000);
  await releaseLostClaims(database.sql, { operationId, now: world.now() });
  expect(await rows()).toMatchObject([{ crashes: 2, attempts: 4 }]);
});
