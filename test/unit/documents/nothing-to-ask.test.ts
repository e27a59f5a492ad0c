import { afterAll, expect, it } from "vitest";
import { connect } from "#shared/db/connect.ts";
import { wordsMissing } from "#shared/documents/asked-page.ts";
import { markListed } from "#shared/documents/checked-comments.ts";
import { readComments, touchComments, upsertComments } from "#shared/documents/comments.ts";
import { correctQuery } from "#shared/documents/correct-query.ts";
import { cutHeadlines } from "#shared/documents/cut-headlines.ts";
import { deletePages, hidePages, showPages } from "#shared/documents/delete-pages.ts";
import { containersOfFiles, leftContainers, recordFiles } from "#shared/documents/files.ts";
import { findReusable } from "#shared/documents/find-reusable.ts";
import { upsertFolders } from "#shared/documents/folders.ts";
import { touchIncluders } from "#shared/documents/includers.ts";
import { queriedWords } from "#shared/documents/index-words.ts";
import { upsertListedPages } from "#shared/documents/listed-pages.ts";
import { findKnownPages, findPageIds } from "#shared/documents/page-ids.ts";
import { readPageStates } from "#shared/documents/page-states.ts";
import { removedByFilter } from "#shared/documents/removed-by-filter.ts";
import { removeRenderings } from "#shared/documents/renderings.ts";
import { discardStaged } from "#shared/documents/staged-chunks.ts";
import { NOW } from "#test/support/stored-pages.ts";

/** No server listens there: each statement fails. */
const sql = connect({ url: "postgres://127.0.0.1:1/none", schema: "none", maxConnections: 1 });
afterAll(() => sql.end());

const operation = { sourceId: "docs", operationId: "00000000-0000-4000-8000-000000000001" };
const decided = { ...operation, pages: [], now: NOW, actor: "api" };
const changed = { isGone: true, mayShowTooMuch: true, editedAt: null, now: NOW };
const chunk = { content: "Text.", headingPath: [], inputHash: "a", embedding: null };
const corrected = (query: string) => correctQuery(sql, { query, readable: null, readableElsewhere: null });

it.each<[string, () => Promise<unknown>, unknown]>([
  ["no comments are read", () => readComments(sql, "docs", []), new Map()],
  [
    "no comments are stored",
    () => upsertComments(sql, "docs", []),
    { containerIds: [], added: 0, updated: 0 },
  ],
  ["no comments changed", () => touchComments(sql, "docs", []), []],
  ["no comments were listed", () => markListed(sql, operation, []), undefined],
  ["no states are read", () => readPageStates(sql, "docs", []), new Map()],
  ["no ids are known", () => findKnownPages(sql, "docs", []), new Set()],
  ["no pages are named", () => findPageIds(sql, "docs", []), new Map()],
  ["no pages were listed", () => upsertListedPages(sql, "docs", []), { moved: [], changed: [] }],
  ["no files were listed", () => recordFiles(sql, "docs", []), { added: 0 }],
  ["no files moved", () => leftContainers(sql, "docs", []), []],
  ["no files are looked up", () => containersOfFiles(sql, "docs", []), new Map()],
  ["no folders are stored", () => upsertFolders(sql, operation, []), undefined],
  ["no renderings are removed", () => removeRenderings(sql, "docs", []), undefined],
  ["nothing that pages show changed", () => touchIncluders(sql, "docs", [], changed), []],
  ["no pages are deleted", () => deletePages(sql, decided), []],
  ["no pages are hidden", () => hidePages(sql, decided), []],
  ["no pages are shown", () => showPages(sql, { sourceId: "docs", pageIds: [], now: NOW }), []],
  ["no vectors are reused", () => findReusable(sql, "docs", "model", []), new Map()],
  [
    "pages have no chunks",
    () => findReusable(sql, "docs", "model", [{ pageId: "1", inputHashes: [] }]),
    new Map(),
  ],
  ["no chunks were staged", () => discardStaged(sql, [chunk, { ...chunk, stagedId: null }]), undefined],
  [
    "snippets need no other text",
    () =>
      cutHeadlines(sql, [{ chunkId: "1", sourceId: "docs", content: "Plain text." }], queriedWords("text")),
    new Map(),
  ],
  ["a query has no words", () => wordsMissing(sql, { sourceId: "docs", pageId: "1" }, "?! …"), []],
  [
    "a search has no filter",
    () => removedByFilter(sql, { query: "text", embedding: null, readable: null, sources: null }, 60),
    { source: 0, space: 0, labels: 0, updatedSince: 0, kinds: 0 },
  ],
  ["a query with a name is not corrected", () => corrected("kuberntes err_conn_42"), null],
  ["a query with a phrase is not corrected", () => corrected('the "kuberntes"'), null],
  ["a query of short words is not corrected", () => corrected("kub ern tes"), null],
  ["a query of digits in words is not corrected", () => corrected("kubernetes1 1kubernetes"), null],
  [
    "a query of nine words is not corrected",
    () => corrected("kuberntes aaaaa bbbbb ccccc ddddd eeeee fffff ggggg hhhhh"),
    null,
  ],
])("where %s, the database is not asked", async (_, work, result) => {
  expect(await work()).toEqual(result);
});

it("where there is anything to do, the database is asked", async () => {
  await expect(readComments(sql, "docs", ["1"])).rejects.toMatchObject({ code: "ECONNREFUSED" });
  await expect(corrected("kuberntes aaaaa bbbbb ccccc ddddd eeeee fffff ggggg")).rejects.toMatchObject({
    code: "ECONNREFUSED",
  });
});
