import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { registerModel } from "#shared/embeddings/embedding-models.ts";
import { countGoneRecently, pagesBelow, setAside } from "#shared/syncs/hints/gone-pages.ts";
import {
  addHints,
  countFalseAlarms,
  countHints,
  dueHints,
  MAX_WAITING,
  nextHintAt,
  removeHints,
  sourcesOfSpaces,
  UNPLACED,
} from "#shared/syncs/hints/page-hints.ts";
import { later } from "#shared/syncs/later.ts";
import { getOperation, type Operation } from "#shared/syncs/operations/operation.ts";
import { insertOperation } from "#shared/syncs/operations/start-operation.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { NOW, store, type TestPage } from "#test/support/stored-pages.ts";
import { makeSweptSource, SOURCE_ID } from "#test/support/swept-source.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const OPERATION_ID = "00000000-0000-4000-8000-000000000001";
const HOUR_MS = 3_600_000;

let database: TestDatabase;
let operation: Operation;
let siteId: string;
beforeAll(async () => {
  database = await createTestDatabase();
  const { model, dimensions } = fakeEmbedder();
  await registerModel(database.sql, { model, dimensions, now: NOW });
});
beforeEach(async () => {
  await database.clear();
  const { sql } = database;
  await makeSweptSource(sql);
  await insertOperation(sql, {
    operationId: OPERATION_ID,
    sourceId: SOURCE_ID,
    type: "page_sync",
    actor: "hook",
    now: NOW,
  });
  const started = await getOperation(sql, OPERATION_ID);
  if (!started) throw new Error("The operation was not inserted");
  operation = started;
  const [source] = await sql<{ site_id: string }[]>`select site_id from archon_sources`;
  siteId = source?.site_id ?? "";
});
afterAll(() => database.close());

const seconds = (count: number) => later(NOW, count * 1000);
const page = (pageId: string) => ({ sourceId: SOURCE_ID, pageId });
const hint = async (pageIds: string[], at = NOW, more: Partial<Parameters<typeof addHints>[2]> = {}) =>
  addHints(database.sql, pageIds.map(page), { reason: "hook", atOnce: false, now: at, ...more });
const dueOf = async (pageId: string) => {
  const [row] = await database.sql<{ due_at: Date }[]>`
    select due_at from page_hints where page_id = ${pageId}`;
  return row?.due_at;
};
const addWork = async (pageId: string, state: string, outcome: string | null = null) => {
  await database.sql`
    insert into sync_work (operation_id, source_id, page_id, state, outcome, updated_at)
    values (${OPERATION_ID}, ${SOURCE_ID}, ${pageId}, ${state}, ${outcome}, ${NOW})`;
};
const addHook = async (hookId: string) => {
  await database.sql`
    insert into confluence_hooks (hook_id, site_id, kind, secret_hash, created_at)
    values (${hookId}, ${siteId}, 'generic', 'hash', ${NOW})`;
};
const storePage = async (stored: Omit<TestPage, "chunks">) =>
  store(database.sql, fakeEmbedder(), {
    sourceId: SOURCE_ID,
    chunks: [`text of ${stored.pageId}`],
    ...stored,
  });

describe("hints of pages that may have changed", () => {
  it("a page that is announced is asked for two seconds later, or at once", async () => {
    await hint(["1"]);
    await hint(["2"], NOW, { atOnce: true });
    expect(await dueOf("1")).toEqual(seconds(2));
    expect(await dueOf("2")).toEqual(NOW);
    expect(await nextHintAt(database.sql, SOURCE_ID)).toEqual(NOW);
  });

  it("each announcement puts a page off, until fifteen seconds after the first", async () => {
    await hint(["1"]);
    await hint(["1"], seconds(10));
    expect(await dueOf("1")).toEqual(seconds(12));
    await hint(["1"], seconds(14));
    expect(await dueOf("1")).toEqual(seconds(15));
  });

  it("a page that must be asked for at once is not put off by that", async () => {
    await hint(["1"]);
    await hint(["1"], seconds(1), { atOnce: true });
    expect(await dueOf("1")).toEqual(seconds(1));
    await hint(["1"], seconds(9), { atOnce: true });
    expect(await dueOf("1")).toEqual(seconds(1));
  });

  it("nothing is recorded where no page is named", async () => {
    await hint([]);
    expect(await countHints(database.sql, SOURCE_ID)).toEqual({ all: 0, replaceable: 0 });
    expect(await nextHintAt(database.sql, SOURCE_ID)).toBeNull();
  });

  it("a page of which nobody knows the space is asked for, whatever else lists what changed", async () => {
    await hint(["1"]);
    const unplaced = { ...page("2"), isUnplaced: true };
    await addHints(database.sql, [unplaced], { reason: "hook", atOnce: false, now: NOW });
    expect(await countHints(database.sql, SOURCE_ID)).toEqual({ all: 2, replaceable: 1 });
    const rows = await database.sql`select reasons from page_hints order by page_id`;
    expect(rows.map((row) => row["reasons"])).toEqual([["hook"], ["hook", UNPLACED]]);
  });

  it("a page keeps all reasons, and the hook that announced it last", async () => {
    await hint(["1"], NOW, { hookId: "first" });
    await hint(["1"], NOW, { reason: "parent_gone" });
    const [row] = await database.sql`select reasons, hook_id, deliveries from page_hints`;
    expect(row).toEqual({
      reasons: expect.toSatisfy((reasons: string[]) => reasons.toSorted().join() === "hook,parent_gone"),
      hook_id: "first",
      deliveries: 2,
    });
  });

  it.each([
    ["hook", true],
    ["api", true],
    ["parent_gone", false],
    ["shows_gone", false],
  ] as const)("rights are read again soon after what comes by %s: %s", async (reason, isSwept) => {
    await database.sql`update access_sweeps set due_at = ${seconds(600)}`;
    await hint(["1"], NOW, { reason });
    const [sweep] = await database.sql`select due_at from access_sweeps`;
    expect(sweep?.["due_at"]).toEqual(isSwept ? NOW : seconds(600));
  });

  it("no page is added to a thousand that wait, and one of them may be announced again", async () => {
    await hint(Array.from({ length: MAX_WAITING }, (_, n) => `p${n}`));
    await hint(["p1", "further"], seconds(1));
    expect(await countHints(database.sql, SOURCE_ID)).toMatchObject({ all: MAX_WAITING });
    expect(await dueOf("p1")).toEqual(seconds(3));
    expect(await dueOf("further")).toBeUndefined();
  });

  it("pages are asked for when they are due, longest waiting first, without those that are being worked on", async () => {
    await hint(["3"], seconds(-10), { hookId: "h" });
    await hint(["1", "2", "4"], seconds(-5));
    await hint(["5"], NOW);
    await addWork("1", "pending");
    const due = async (limit: number) =>
      (await dueHints(database.sql, operation, { now: NOW, limit, isStorm: false })).map(
        ({ pageId }) => pageId,
      );
    expect(await due(9)).toEqual(["3", "2", "4"]);
    expect(await due(2)).toEqual(["3", "2"]);
    expect((await dueHints(database.sql, operation, { now: NOW, limit: 1, isStorm: false }))[0]).toEqual({
      pageId: "3",
      hookId: "h",
      deliveries: 1,
      isRequested: false,
    });
  });

  it("a page that somebody asked for is known as such, also when a hook announces it too", async () => {
    await hint(["1"], seconds(-5), { reason: "api" });
    await hint(["1", "2"], seconds(-5));
    const due = await dueHints(database.sql, operation, { now: seconds(60), limit: 9, isStorm: false });
    expect(due.map(({ pageId, isRequested }) => [pageId, isRequested])).toEqual([
      ["1", true],
      ["2", false],
    ]);
  });

  it("in a storm only pages that somebody asked for, or of unknown spaces, are asked for", async () => {
    await hint(["1"], seconds(-5), { reason: "api" });
    await hint(["2"], seconds(-5));
    await addHints(database.sql, [{ sourceId: SOURCE_ID, pageId: "3", isUnplaced: true }], {
      reason: "hook",
      atOnce: true,
      now: seconds(-5),
    });
    const due = await dueHints(database.sql, operation, { now: NOW, limit: 9, isStorm: true });
    expect(due.map(({ pageId }) => pageId).toSorted()).toEqual(["1", "3"]);
    expect(await countHints(database.sql, SOURCE_ID)).toEqual({ all: 3, replaceable: 1 });
  });

  it("a hint that was repeated since it was taken stays", async () => {
    await hint(["1", "2"], seconds(-5));
    const taken = await dueHints(database.sql, operation, { now: NOW, limit: 9, isStorm: false });
    await hint(["2"]);
    await removeHints(database.sql, SOURCE_ID, taken);
    expect(await countHints(database.sql, SOURCE_ID)).toMatchObject({ all: 1 });
    expect(await dueOf("2")).toBeDefined();
    await removeHints(database.sql, SOURCE_ID, []);
    expect(await countHints(database.sql, SOURCE_ID)).toMatchObject({ all: 1 });
  });

  it("pages found as they are stored are counted on the hooks that announced them", async () => {
    for (const hookId of ["a", "b"]) await addHook(hookId);
    const of = (pageId: string, hookId: string | null) => ({
      pageId,
      hookId,
      deliveries: 1,
      isRequested: false,
    });
    await countFalseAlarms(database.sql, [of("1", "a"), of("2", "a"), of("3", null)]);
    await countFalseAlarms(database.sql, [of("4", null)]);
    const rows =
      await database.sql`select hook_id, false_alarms::int as n from confluence_hooks order by hook_id`;
    expect(rows.map((row) => row["n"])).toEqual([2, 0]);
  });

  it("the source of a space is found by its id, unless it is being deleted", async () => {
    const found = async (...spaceIds: string[]) =>
      Object.fromEntries(await sourcesOfSpaces(database.sql, siteId, spaceIds));
    expect(await found("1", "2")).toEqual({ "1": SOURCE_ID });
    expect(await found()).toEqual({});
    await database.sql`update archon_sources set status = 'deleting'`;
    expect(await found("1")).toEqual({});
  });
});

describe("pages that may have gone with an announced one", () => {
  it("pages below one that went are asked for at any depth, without those that are or were asked for", async () => {
    await storePage({ pageId: "child", parentId: "top" });
    await storePage({ pageId: "grandchild", parentId: "child" });
    await storePage({ pageId: "asked", parentId: "top" });
    await storePage({ pageId: "deleted", parentId: "top" });
    await storePage({ pageId: "elsewhere", parentId: "other" });
    await database.sql`update confluence_pages set is_deleted = true where page_id = 'deleted'`;
    await addWork("asked", "candidate");
    const below = await pagesBelow(database.sql, operation, ["top"]);
    expect(below.toSorted((a, b) => a.pageId.localeCompare(b.pageId))).toEqual([
      { sourceId: SOURCE_ID, pageId: "child" },
      { sourceId: SOURCE_ID, pageId: "grandchild" },
    ]);
    expect(await pagesBelow(database.sql, operation, [])).toEqual([]);
  });

  it("what went within a day counts, by kind, without what the operation decides on", async () => {
    for (const pageId of ["deleted", "hidden", "candidate", "before", "stays"]) await storePage({ pageId });
    const { sql } = database;
    await sql`update confluence_pages set is_deleted = true, deleted_at = ${later(NOW, -HOUR_MS)} where page_id = 'deleted'`;
    await sql`update confluence_pages set missing_since = ${later(NOW, -23 * HOUR_MS)} where page_id in ('hidden', 'candidate')`;
    await sql`update confluence_pages set missing_since = ${later(NOW, -25 * HOUR_MS)} where page_id = 'before'`;
    await addWork("candidate", "candidate");
    expect(await countGoneRecently(sql, operation, NOW)).toEqual([{ kind: "page", gone: 2, deleted: 1 }]);
  });

  it("candidates that are set aside are left as they are", async () => {
    await addWork("1", "candidate", "deleted");
    await addWork("2", "pending", "updated");
    await setAside(database.sql, operation);
    const rows = await database.sql`select state, outcome from sync_work order by page_id`;
    expect([...rows]).toEqual([
      { state: "seen", outcome: null },
      { state: "pending", outcome: "updated" },
    ]);
  });
});
