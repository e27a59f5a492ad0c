import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { type FileToRecord, leftContainers, outdatedFiles, recordFiles } from "#shared/documents/files.ts";
import { foldersToAsk, upsertFolders } from "#shared/documents/folders.ts";
import {
  addLabel,
  followLabels,
  type ListedMetadata,
  pagesInDoubt,
  setLabels,
  upsertListedPages,
} from "#shared/documents/listed-pages.ts";
import { findKnownPages, findPageIds } from "#shared/documents/page-ids.ts";
import { readPageStates, recordPageError } from "#shared/documents/page-states.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { addSource, NOW, store } from "#test/support/stored-pages.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const embedder = fakeEmbedder();
const OPERATION_ID = "00000000-0000-4000-8000-000000000001";
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  await database.clear();
  await addSource(database.sql, embedder, { sourceId: "docs" });
  await store(database.sql, embedder, { pageId: "1", parentId: "8", labels: ["a", "b"], chunks: ["Text."] });
});
afterAll(() => database.close());

const listed = (pageId: string, page: Partial<ListedMetadata> = {}): ListedMetadata => ({
  kind: "page",
  pageId,
  title: `Page ${pageId}`,
  parentId: "8",
  parentType: null,
  subtype: null,
  url: `https://site.example/wiki/spaces/DOCS/pages/${pageId}`,
  labels: ["a", "b"],
  ...page,
});
const list = (...pages: ListedMetadata[]) => upsertListedPages(database.sql, "docs", pages);
const state = async (pageId: string) => (await readPageStates(database.sql, "docs", [pageId])).get(pageId);
const labelsOf = async (pageId: string) => (await state(pageId))?.labels.toSorted();

it("a listing that says what is stored changes nothing", async () => {
  expect(await list(listed("1"))).toEqual({ moved: [], changed: [] });
});

it("a page that moved has left one list of pages and joined another, with the labels that it lost and got", async () => {
  const unchanged = { pageId: "1", isShown: false, titles: [], isTextOnly: false };
  expect(await list(listed("1", { parentId: "9" }))).toEqual({
    moved: ["1"],
    changed: [{ ...unchanged, labels: [], parentIds: ["8", "9"] }],
  });
  expect(await list(listed("1", { parentId: null, labels: ["b", "c"] }))).toEqual({
    moved: ["1"],
    changed: [{ ...unchanged, labels: ["a", "c"], parentIds: ["9"] }],
  });
  expect(await list(listed("1", { parentId: null, labels: [] }))).toEqual({
    moved: [],
    changed: [{ ...unchanged, labels: ["b", "c"], parentIds: [] }],
  });
});

it("a listing without labels leaves those that are stored, and a page that is not stored has its title and kind", async () => {
  await list(listed("1", { labels: null, url: "https://site.example/other" }), listed("2", { labels: null }));
  expect(await state("1")).toMatchObject({ labels: ["a", "b"], url: "https://site.example/other" });
  expect(await list(listed("2", { title: "New", kind: "blogpost" }))).toEqual({ moved: [], changed: [] });
  await list(listed("1", { title: "New", kind: "blogpost" }));
  expect(await state("2")).toMatchObject({ title: "New", kind: "blogpost", version: 0, labels: ["a", "b"] });
  expect(await state("1")).toMatchObject({ title: "Page 1", kind: "page", version: 1 });
});

it("what is on a page has the page's labels, whichever way they change", async () => {
  const { sql } = database;
  await sql`
    insert into confluence_pages (source_id, page_id, kind, title, version, container_id) values
      ('docs', 'att1', 'attachment', 'plan.pdf', 1, '1'), ('docs', 'att2', 'attachment', 'plan.pdf', 1, '2')`;
  await list(listed("1", { labels: ["c"] }), listed("2", { labels: null }));
  expect([await labelsOf("att1"), await labelsOf("att2")]).toEqual([["c"], []]);
  expect(await addLabel(sql, "docs", "d", { kind: "page", ids: ["1", "2"] })).toBe(true);
  expect(await addLabel(sql, "docs", "d", { kind: "page", ids: ["1", "2"] })).toBe(false);
  expect(await addLabel(sql, "docs", "d", { kind: "blogpost", ids: ["1"] })).toBe(false);
  expect([await labelsOf("1"), await labelsOf("2")]).toEqual([["c", "d"], ["d"]]);
  const own = [
    { pageId: "1", labels: ["d"] },
    { pageId: "2", labels: ["d"] },
  ];
  expect(await setLabels(sql, "docs", own)).toEqual(["c"]);
  expect(await setLabels(sql, "docs", own)).toEqual([]);
  expect([await labelsOf("1"), await labelsOf("2")]).toEqual([["d"], ["d"]]);
  await followLabels(sql, "docs", null);
  expect([await labelsOf("att1"), await labelsOf("att2")]).toEqual([["d"], ["d"]]);
});

it("labels are in doubt on visible pages that the lists leave out", async () => {
  const { sql } = database;
  await sql`
    insert into confluence_pages (source_id, page_id, kind, title, version, labels, is_deleted, missing_since, container_id) values
      ('docs', '2', 'page', 'Page', 1, '{a,b}', false, null, null), ('docs', '3', 'blogpost', 'Post', 1, '{a}', false, null, null),
      ('docs', '4', 'page', 'Hidden', 1, '{a}', false, now(), null), ('docs', '5', 'page', 'Deleted', 1, '{a}', true, null, null),
      ('docs', 'att1', 'attachment', 'plan.pdf', 1, '{a}', false, null, '2')`;
  const inDoubt = (doubted: Parameters<typeof pagesInDoubt>[2], after: string | null = null, limit = 9) =>
    pagesInDoubt(sql, "docs", doubted, { after, limit });
  expect(await inDoubt({ label: "a", kinds: ["page"], ids: ["1"] })).toEqual(["2"]);
  expect(await inDoubt({ label: "a", kinds: ["page", "blogpost"], ids: ["2"] })).toEqual(["1", "3"]);
  expect(await inDoubt({ allLabels: ["a"] })).toEqual(["1", "2"]);
  expect(await inDoubt({ allLabels: ["a", "b"] })).toEqual([]);
  expect(await inDoubt({ allLabels: [] }, "1", 1)).toEqual(["2"]);
});

it("a failure counts as one more of its kind and version, and is one of its own for another", async () => {
  const { sql } = database;
  const fail = async (version?: number, permanent = false, pageId = "1") => {
    const error = { code: "slow", message: "too\u0000 slow", permanent };
    const failure = { sourceId: "docs", pageId, error, now: NOW };
    await recordPageError(sql, version === undefined ? failure : { ...failure, version });
    const { syncError } = (await state(pageId)) ?? {};
    return [syncError?.attempts, syncError?.version];
  };
  expect(await fail(2)).toEqual([1, 2]);
  expect(await fail(2)).toEqual([2, 2]);
  expect(await fail()).toEqual([3, 2]);
  expect(await fail(2, true)).toEqual([1, 2]);
  expect(await fail(3, true)).toEqual([1, 3]);
  expect(await fail(undefined, false, "9")).toEqual([1, 0]);
  expect(await state("9")).toMatchObject({
    title: "",
    version: 0,
    syncError: { code: "slow", message: "too slow", permanent: false, at: NOW.toISOString() },
    rendering: null,
  });
});

it("pages are known by their ids, and by kind and title, of several the last", async () => {
  const { sql } = database;
  for (const pageId of ["9", "10"]) await store(sql, embedder, { pageId, title: "Page 1", chunks: [] });
  await store(sql, embedder, { pageId: "11", kind: "blogpost", title: "Page 1", chunks: [] });
  await sql`update confluence_pages set is_deleted = true where page_id = '10'`;
  expect(await findKnownPages(sql, "docs", ["1", "10", "none"])).toEqual(new Set(["1"]));
  const named = await findPageIds(sql, "docs", [
    { kind: "page", title: "Page 1" },
    { kind: "blogpost", title: "Page 1" },
    { kind: "page", title: "page 1" },
  ]);
  expect([...named.values()].toSorted()).toEqual(["11", "9"]);
});

it("folders above pages are asked for once, or once more by each operation", async () => {
  const { sql } = database;
  await list(listed("1", { parentType: "folder" }), listed("2", { parentId: "7", parentType: "whiteboard" }));
  const asked = (again: boolean, kinds = ["folder", "whiteboard"], limit = 10) =>
    foldersToAsk(sql, { sourceId: "docs", operationId: OPERATION_ID, kinds, again, limit });
  const both = [
    { id: "7", kind: "whiteboard" },
    { id: "8", kind: "folder" },
  ];
  expect(await asked(false)).toEqual(both);
  expect(await asked(false, ["folder"])).toEqual(both.slice(1));
  expect(await asked(false, ["folder", "whiteboard"], 1)).toEqual(both.slice(0, 1));
  const folder = { id: "8", kind: "folder", title: "Top", parentId: "6", parentType: "folder" };
  const other = { sourceId: "docs", operationId: OPERATION_ID.replace("1", "2") };
  await upsertFolders(sql, other, [folder]);
  expect(await asked(false)).toEqual([{ id: "6", kind: "folder" }, both[0]]);
  expect(await asked(true)).toEqual([{ id: "6", kind: "folder" }, ...both]);
});

it("files are recorded as they are listed, in no older version, and are outdated until they are stored", async () => {
  const { sql } = database;
  const file = (fields: Partial<FileToRecord> = {}): FileToRecord => ({
    id: "att1",
    containerId: "1",
    title: "plan.pdf",
    version: 2,
    mediaType: "application/pdf",
    bytes: 9,
    fileId: null,
    url: "https://site.example/plan",
    modifiedAt: null,
    ...fields,
  });
  const outdated = (options: { containerIds?: string[]; ids?: string[] } = {}) =>
    outdatedFiles(sql, "docs", { ...options, revision: 1 });
  expect(await recordFiles(sql, "docs", [file(), file({ id: "att2", containerId: "2" })])).toEqual({
    added: 2,
  });
  const plan = { pageId: "att1", title: "plan.pdf", version: 2, isStored: false };
  expect(await outdated()).toEqual([plan]);
  expect(await outdated({ containerIds: ["1"], ids: ["att1"] })).toEqual([plan]);
  expect([await outdated({ containerIds: ["2"] }), await outdated({ ids: [] })]).toEqual([[], []]);
  expect(await recordFiles(sql, "docs", [file({ version: 1, title: "old.pdf" })])).toEqual({ added: 0 });
  expect(await outdated()).toEqual([plan]);
  await sql`update confluence_pages set version = 2, representation_revision = 1 where page_id = 'att1'`;
  expect(await outdated()).toEqual([]);
  expect(await leftContainers(sql, "docs", [file({ containerId: "2" })])).toEqual(["1"]);
  expect(await leftContainers(sql, "docs", [file()])).toEqual([]);
  expect(await recordFiles(sql, "docs", [file({ title: "renamed.pdf", modifiedAt: NOW })])).toEqual({
    added: 0,
  });
  expect(await outdated()).toEqual([{ ...plan, title: "renamed.pdf", isStored: true }]);
});
