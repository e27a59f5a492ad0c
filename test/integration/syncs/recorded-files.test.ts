import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import type { ListedFile } from "#shared/confluence/client.ts";
import { recordListedFiles } from "#shared/syncs/files/list-files.ts";
import { insertOperation } from "#shared/syncs/operations/start-operation.ts";
import type { StepContext } from "#shared/syncs/operations/step.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { addSource, NOW, store } from "#test/support/stored-pages.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const OPERATION_ID = "00000000-0000-4000-8000-000000000001";
const embedder = fakeEmbedder();
const file = (id: string, more: Partial<ListedFile> = {}): ListedFile => ({
  id,
  title: `${id}.md`,
  version: 1,
  spaceKey: "docs",
  containerId: "1",
  mediaType: "text/markdown",
  bytes: 1,
  fileId: null,
  url: "",
  modifiedAt: NOW,
  ...more,
});

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  await database.clear();
  const { sql } = database;
  await addSource(sql, embedder, { sourceId: "docs" });
  await store(sql, embedder, { pageId: "1", chunks: ["Text."] });
  await insertOperation(sql, {
    operationId: OPERATION_ID,
    sourceId: "docs",
    type: "confluence_sync",
    actor: "api",
    now: NOW,
  });
});
afterAll(() => database.close());

const record = async (listed: ListedFile[], { dryRun = false, keepSeen = false } = {}) =>
  recordListedFiles(
    database.sql,
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all that the function uses
    {
      operation: { operationId: OPERATION_ID, sourceId: "docs", dryRun },
      services: { sql: database.sql, now: () => NOW },
    } as StepContext,
    listed,
    { everything: false, keepSeen },
  );
const work = async () => [
  ...(await database.sql`
    select page_id, state, outcome, reason, title, listed_version from sync_work where kind = 'attachment' order by page_id`),
];
const NEW = { state: "pending", outcome: "added", reason: "new file", listed_version: 1 };

it("new files become work, and one of which no page is named is counted and waits for the next listing", async () => {
  expect(await record([file("att1"), file("att2", { containerId: null })])).toEqual({ files_listed: 2 });
  expect(await work()).toEqual([{ page_id: "att1", title: "att1.md", ...NEW }]);
});

it.each([
  ["the older one first", [1, 2]],
  ["the newer one first", [2, 1]],
])("a file that is listed twice, %s, is recorded in its newer version", async (_, versions) => {
  const listed = versions.map((version) => file("att1", { version, title: `v${version}.md` }));
  expect(await record(listed)).toEqual({ files_listed: 2 });
  expect(await work()).toEqual([{ page_id: "att1", title: "v2.md", ...NEW, listed_version: 2 }]);
});

it("what a deletion check lists is kept as seen, and what is new among it becomes work all the same", async () => {
  const seen = { state: "seen", outcome: null, reason: "listed", listed_version: 1 };
  await record([file("att1")], { keepSeen: true });
  await record([file("att2", { containerId: "2" })], { keepSeen: true });
  expect(await work()).toEqual([
    { page_id: "att1", title: "att1.md", ...NEW },
    // Its page is not stored: it waits for it.
    { page_id: "att2", title: "att2.md", ...seen },
  ]);
});

it("a sync keeps no files as seen", async () => {
  await record([file("att2", { containerId: "2" })]);
  expect(await work()).toEqual([]);
});

it("a dry run counts, and neither records a file nor makes work of it", async () => {
  expect(await record([file("att1")], { dryRun: true })).toEqual({ files_listed: 1 });
  expect(await work()).toEqual([]);
  expect(await database.sql`select from confluence_pages where kind = 'attachment'`).toHaveLength(0);
});
