import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { asChanged, type ChangedContent, touchIncluders, touchUnknown } from "#shared/documents/includers.ts";
import { readPageStates } from "#shared/documents/page-states.ts";
import {
  isOutdated,
  type NewRendering,
  postponeRefresh,
  readRendering,
  type StoredDependency,
} from "#shared/documents/renderings.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { addSource, NOW, store } from "#test/support/stored-pages.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const embedder = fakeEmbedder();
const HOUR_S = 3600;
const seconds = (count: number) => new Date(NOW.getTime() + count * 1000);
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  await database.clear();
  await addSource(database.sql, embedder, { sourceId: "docs", spaceKey: "DOCS" });
});
afterAll(() => database.close());

const dependency = (fields: Partial<StoredDependency> = {}): StoredDependency => ({
  kind: "page",
  target: "Shown",
  targetId: "",
  spaceKey: "DOCS",
  depth: null,
  showsText: true,
  ...fields,
});
/** Stores a page whose body was requested and rendered at NOW, and shows these. */
const put = (
  pageId: string,
  dependencies: StoredDependency[],
  rendering: Partial<NewRendering> = {},
  version = 1,
) =>
  store(
    database.sql,
    embedder,
    {
      pageId,
      version,
      chunks: ["Text."],
      rendering: { revision: 0, at: NOW, startedAt: NOW, failedMacros: [], dependencies, ...rendering },
    },
    { now: NOW },
  );
const rendering = async (pageId: string) => {
  const [row] = await database.sql`
    select shown_revision as shown, shows_gone as gone, refresh_after as refresh from page_renderings where page_id = ${pageId}`;
  return row;
};
/** What syncs read of how the page's body was rendered. */
const readState = async (pageId: string) =>
  (await readPageStates(database.sql, "docs", [pageId])).get(pageId)?.rendering;
const untouched = { shown: 0, gone: false, refresh: null };
const touch = async (
  changes: ChangedContent[],
  options: Partial<Parameters<typeof touchIncluders>[3]> = {},
) =>
  database.sql.begin(async (tx) =>
    (
      await touchIncluders(tx, "docs", changes, {
        isGone: false,
        mayShowTooMuch: false,
        editedAt: null,
        now: seconds(1200),
        ...options,
      })
    )
      .map(({ pageId }) => pageId)
      .toSorted(),
  );
const changed = (fields: Partial<ChangedContent> = {}): ChangedContent => ({
  pageId: "shown",
  isShown: true,
  titles: ["Shown"],
  labels: [],
  parentIds: [],
  isTextOnly: false,
  ...fields,
});

it("only a page that shows content of others has a rendering in its state", async () => {
  await put("1", [dependency()], { revision: 3 });
  await store(database.sql, embedder, { pageId: "2", chunks: ["Text."] });
  expect(await readState("1")).toEqual({ revision: 3, at: NOW, shownRevision: 3, showsGone: false });
  expect(await readState("2")).toBeNull();
});

it("a rendering is outdated once what it shows changed after it", () => {
  const one = { revision: 2, at: NOW, showsGone: false };
  expect([null, undefined, { ...one, shownRevision: 2 }].map(isOutdated)).toEqual([false, false, false]);
  expect(isOutdated({ ...one, shownRevision: 3 })).toBe(true);
});

it.each([
  ["before an edit is outdated at once", -1, [], ["includer"], 1200],
  ["a minute after an edit, too: clocks differ", 60, [], ["includer"], 1200],
  ["later is rendered once more, an hour after the edit", 61, [], ["includer"], HOUR_S],
  ["a quarter of an hour after an edit, too: a replica may be behind", 900, [], ["includer"], HOUR_S],
  ["later still shows the edit", 901, [], [], null],
  ["with macros that failed is outdated whenever", 901, ["jira"], ["includer"], 1200],
])("a page that was rendered %s", async (_, at, failedMacros, touched, refresh) => {
  await put("includer", [dependency()], { at: seconds(at), failedMacros });
  expect(await touch([changed()], { editedAt: NOW })).toEqual(touched);
  expect(await rendering("includer")).toEqual(
    refresh === null ? untouched : { shown: 1, gone: false, refresh: seconds(refresh) },
  );
});

it("a page that was refreshed is refreshed again an hour later, at once where it may show too much", async () => {
  await put("includer", [dependency()]);
  await database.sql`update page_renderings set refreshed_at = ${seconds(600)}`;
  expect(await touch([changed()])).toEqual(["includer"]);
  expect(await rendering("includer")).toEqual({
    shown: 1,
    gone: false,
    refresh: seconds(600 + HOUR_S),
  });
  await touch([changed()], { mayShowTooMuch: true });
  expect(await rendering("includer")).toEqual({ shown: 2, gone: true, refresh: seconds(1200) });
});

it("pages are touched by what they show: titles, ids, labels, children and files", async () => {
  await put("by-title", [dependency({ showsText: false })]);
  await put("by-id", [dependency({ target: "", targetId: "shown" })]);
  await put("by-label", [dependency({ kind: "label", target: "ops" })]);
  await put("children", [dependency({ kind: "children", target: "", targetId: "parent" })]);
  await put("files", [dependency({ kind: "files", target: "", targetId: "container", showsText: false })]);
  await put("unknown", [dependency({ kind: "unknown", target: "" })]);
  const by = async (fields: Partial<ChangedContent>, options = {}) =>
    touch([changed({ titles: [], ...fields })], options);
  expect(await by({ titles: ["Shown", "Shown"] })).toEqual(["by-id", "by-title"]);
  expect(await by({ titles: ["Shown"], isTextOnly: true })).toEqual(["by-id"]);
  expect(await by({ isShown: false, titles: ["Shown"] })).toEqual([]);
  expect(await by({ labels: ["ops", "ops"] })).toEqual(["by-label"]);
  expect(await by({ parentIds: ["parent"] })).toEqual(["children"]);
  expect(await by({ containerIds: ["container"] })).toEqual(["files"]);
  expect(await by({ titles: ["Other"] }, { isGone: true })).toEqual(["by-id", "unknown"]);
});

it("what is known of a page is what others may name it by, of a file what it is on", async () => {
  const { sql } = database;
  await store(sql, embedder, { pageId: "1", parentId: "8", labels: ["ops"], chunks: [] });
  await sql`
    insert into confluence_pages (source_id, page_id, kind, title, container_id, labels) values
      ('docs', 'att1', 'attachment', 'plan.pdf', '1', '{ops}')`;
  expect(
    (await asChanged(sql, "docs", ["1", "att1"])).toSorted((a, b) => (a.pageId < b.pageId ? -1 : 1)),
  ).toEqual([
    {
      pageId: "1",
      isShown: true,
      titles: ["Page 1"],
      labels: ["ops"],
      parentIds: ["8"],
      containerIds: [],
      isTextOnly: false,
    },
    {
      pageId: "att1",
      isShown: false,
      titles: ["plan.pdf"],
      labels: [],
      parentIds: [],
      containerIds: ["1"],
      isTextOnly: false,
    },
  ]);
});

it.each<[string, Partial<{ modifiedAt: Date }>, number, object]>([
  ["is new since the body was requested", { modifiedAt: NOW }, 0, { shown: 1, refresh: NOW }],
  ["is of the minute before", { modifiedAt: seconds(-60) }, 0, { shown: 1, refresh: NOW }],
  [
    "was edited in the quarter of an hour before",
    { modifiedAt: seconds(-61) },
    0,
    { shown: 1, refresh: seconds(HOUR_S) },
  ],
  [
    "was stored before the body was requested",
    { modifiedAt: seconds(-900) },
    1,
    { shown: 1, refresh: seconds(HOUR_S) },
  ],
  ["was edited before that", { modifiedAt: seconds(-901) }, 1, { shown: 0, refresh: null }],
])("a page that shows another, which %s, is rendered again in time", async (_, page, startedAt, expected) => {
  await store(database.sql, embedder, { pageId: "shown", title: "Shown", chunks: [], ...page });
  const others = [dependency({ kind: "label", target: "ops" }), dependency()];
  await put("includer", others, { startedAt: seconds(startedAt) });
  expect(await rendering("includer")).toEqual({ gone: false, ...expected });
  // Lists are not compared with what is stored.
  await put("list", [dependency({ kind: "label", target: "Shown" })]);
  expect(await rendering("list")).toEqual(untouched);
});

it("a page shows what its last body shows; nothing is known of one that shows nothing of others", async () => {
  const { sql } = database;
  const shownBy = async () =>
    (await sql<{ target: string }[]>`select target from page_dependencies order by 1`).map(
      (row) => row.target,
    );
  await put("includer", [dependency(), dependency({ target: "Other", depth: 2 })]);
  expect(await shownBy()).toEqual(["Other", "Shown"]);
  await put("includer", [dependency({ showsText: false })], { revision: 0 }, 2);
  expect(await shownBy()).toEqual(["Shown"]);
  const page = { sourceId: "docs", pageId: "includer" };
  expect(await readRendering(sql, page)).toEqual({
    revision: 0,
    at: NOW,
    shownRevision: 0,
    showsGone: false,
  });
  await store(sql, embedder, { pageId: "includer", version: 3, chunks: [] });
  expect([await shownBy(), await readRendering(sql, page)]).toEqual([[], null]);
});

it("what cannot be rendered again waits, and what is not understood is looked at once a day", async () => {
  const { sql } = database;
  await put("page", [dependency()]);
  await put("unknown", [dependency({ kind: "unknown", target: "" })]);
  await postponeRefresh(sql, { sourceId: "docs", pageId: "page" }, seconds(60));
  expect(await rendering("page")).toEqual(untouched);
  await touchUnknown(sql, "docs", seconds(20 * HOUR_S));
  expect(await rendering("unknown")).toEqual(untouched);
  await touchUnknown(sql, "docs", seconds(20 * HOUR_S + 1));
  expect(await rendering("unknown")).toEqual({ shown: 1, gone: false, refresh: seconds(20 * HOUR_S + 1) });
  expect(await rendering("page")).toEqual(untouched);
  await postponeRefresh(sql, { sourceId: "docs", pageId: "unknown" }, seconds(60));
  expect(await rendering("unknown")).toMatchObject({ refresh: seconds(60) });
});

it("pages that include one whose targets change unseen, also through others, are due with it, each a day after its own rendering", async () => {
  const { sql } = database;
  const day = seconds(24 * HOUR_S);
  await put("Page live", []);
  await sql`update confluence_pages set subtype = 'live' where page_id = 'Page live'`;
  await put("shows", [dependency({ target: "Page Page live" })]);
  await put("includes", [dependency({ target: "Page shows" })]);
  await put("by id", [dependency({ target: "", targetId: "includes" })]);
  await put("late", [dependency({ target: "Page shows" })], { at: seconds(10 * HOUR_S) });
  await put("lists", [dependency({ target: "Page shows", kind: "children" })]);
  await put("other", [dependency({ target: "Page other" })]);
  await sql`update page_renderings set refresh_after = null`;
  await touchUnknown(sql, "docs", day);
  const due = await sql`select page_id from page_renderings where refresh_after = ${day} order by 1`;
  expect(due.map((row) => row["page_id"])).toEqual(["by id", "includes", "shows"]);
});
