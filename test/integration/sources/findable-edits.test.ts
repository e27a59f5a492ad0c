import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { findableSeconds } from "#shared/sources/findable-edits.ts";
import { markSourceDeleting } from "#shared/sources/sources.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { addSource, NOW, store } from "#test/support/stored-pages.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const embedder = fakeEmbedder();
const seconds = (count: number) => new Date(NOW.getTime() + count * 1000);

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  await database.clear();
  const { sql } = database;
  for (const sourceId of ["docs", "team"]) {
    await addSource(sql, embedder, { sourceId });
    await sql`
      insert into archon_progress (operation_id, source_id, operation_type, status, mode, dry_run, actor, created_at, updated_at, finished_at)
      values (gen_random_uuid(), ${sourceId}, 'confluence_sync', 'completed', 'full', false, 'api', ${NOW}, ${NOW}, ${NOW})`;
  }
});
afterAll(() => database.close());

let pages = 0;
/** An edit at `at` that search finds `after` seconds later. */
async function edit(sourceId: string, at: number, after: number) {
  pages += 1;
  await store(
    database.sql,
    embedder,
    { sourceId, pageId: String(pages), chunks: ["text"], modifiedAt: seconds(at) },
    { now: seconds(at + after) },
  );
}
const siteOf = async (sourceId: string) => {
  const [row] = await database.sql<{ id: string }[]>`
    select site_id as id from archon_sources where source_id = ${sourceId}`;
  return row?.id ?? "";
};

it("where nothing was edited since the first sync nobody waited", async () => {
  await edit("docs", -100, 300);
  expect(await findableSeconds(database.sql, { sourceId: "docs" })).toBeNull();
  expect(await findableSeconds(database.sql, { siteId: await siteOf("docs") })).toBeNull();
});

it("how long edits took to be found is known of each source, and of all of a site", async () => {
  for (const after of [10, 20, 60]) await edit("docs", 0, after);
  await edit("team", 0, 100);
  expect(await findableSeconds(database.sql, { sourceId: "docs" })).toEqual({
    p50: 20,
    p95: expect.closeTo(56, 5) as number,
    max: 60,
  });
  expect(await findableSeconds(database.sql, { sourceId: "team" })).toEqual({ p50: 100, p95: 100, max: 100 });
  expect(await siteOf("team")).toBe(await siteOf("docs"));
  expect(await findableSeconds(database.sql, { siteId: await siteOf("docs") })).toMatchObject({
    p50: 40,
    max: 100,
  });
});

it("what is only known of a source that is being deleted counts no more", async () => {
  await edit("docs", 0, 10);
  await markSourceDeleting(database.sql, "docs", NOW);
  expect(await findableSeconds(database.sql, { sourceId: "docs" })).toBeNull();
});
