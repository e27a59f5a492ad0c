import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { processPageBatch } from "#functions/sync/process-page.ts";
import { editPage, labelPage } from "#infra/local/confluence-site/edits.ts";
import type { PageServices } from "#shared/syncs/pages/page-batch.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { bodyOf, makeSyncWorld, SOURCE_ID, type SyncWorld } from "#test/support/sync-world.ts";

const PAGES = 6;
const HOUR_MS = 60 * 60_000;

describe("the warning of an operation that fails for a while", () => {
  let database: TestDatabase;
  let world: SyncWorld;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    world = await makeSyncWorld(database.sql, { pages: PAGES });
  });
  afterAll(() => database.close());

  const warnings = async (id: string) => (await world.progress(id)).warnings.map(({ code }) => code);
  const storePages = async (operation_id: string, ...titles: string[]) => {
    const tasks = titles.map((title) => ({
      operation_id,
      source_id: SOURCE_ID,
      page_id: world.page(title).id,
    }));
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the world fills in all that a worker uses
    await processPageBatch(tasks, world.services(null) as PageServices, { remainingMs: () => 60_000 });
  };

  it("the warning of a listing that fails stays while pages beside it are stored", async () => {
    world.site.settings.max_page_size = 2;
    // The second part of the listing fails, in every size.
    const listing = { status: 500, retry_after: null, path: "cursor=", times: 1000, skip: 0 } as const;
    world.site.faults.push({ effect: "status", ...listing });
    const id = await world.startSync({ mode: "full" });
    await world.deliverOne("plan");
    expect(await warnings(id)).toEqual(["confluence_failing"]);
    const open = await database.sql<{ title: string }[]>`select title from sync_work where state = 'pending'`;
    expect(open).toHaveLength(2);
    await storePages(id, ...open.map(({ title }) => title));
    expect((await world.progress(id)).pages_processed).toBe(2);
    expect(await warnings(id)).toEqual(["confluence_failing"]);
    world.site.faults.length = 0;
    expect(await world.ended(id)).toMatchObject({ status: "completed", warnings: [] });
  });

  it("one page that fails by itself is no warning of its operation", async () => {
    await world.sync();
    world.pass(HOUR_MS);
    editPage(world.site, world.page("Page 1").id, { body: bodyOf("news") });
    const id = await world.startSync();
    await world.deliverOne("plan");
    // The replica that sends the body has not seen the edit yet.
    world.site.faults.push({
      effect: "old_version",
      behind_seconds: 3600,
      path: "body-format=storage",
      times: 1,
      skip: 0,
    });
    await world.deliverOne("page");
    expect(world.logged.filter(({ event }) => event === "page.retrying")).toHaveLength(1);
    expect(await warnings(id)).toEqual([]);
    expect((await world.ended(id)).sync_metrics.pages_updated).toBe(1);
  });

  it("the warning of an embedding model stays when a page is stored that needs none of it", async () => {
    await world.sync();
    world.pass(HOUR_MS);
    editPage(world.site, world.page("Page 1").id, { body: bodyOf("news") });
    editPage(world.site, world.page("Page 2").id, { body: bodyOf("word2") });
    const id = await world.startSync();
    await world.deliverOne("plan");
    Object.assign(world.embedding, { failures: 1000, permanent: false });
    await storePages(id, "Page 1");
    expect(await warnings(id)).toEqual(["embedding_failing"]);
    await storePages(id, "Page 2");
    expect((await world.progress(id)).pages_processed).toBe(1);
    expect(await warnings(id)).toEqual(["embedding_failing"]);
    world.embedding.failures = 0;
    expect(await world.ended(id)).toMatchObject({ status: "completed", warnings: [] });
  });

  it("labels are searched for in addresses that no proxy refuses, however many and long they are", async () => {
    const names = Array.from({ length: 120 }, (_, n) => `label-${n}-${"x".repeat(100)}`);
    labelPage(world.site, world.page("Page 1").id, { add: names });
    await world.sync({ mode: "full" });
    const searches = world
      .takeRequests()
      .filter(({ path, query }) => path.endsWith("/content/search") && query.includes("label"));
    expect(searches.length).toBeGreaterThan(5);
    for (const { path, query } of searches) expect((path + query).length).toBeLessThan(8000);
    const [row] = await database.sql`
      select cardinality(labels) as labels from confluence_pages where title = 'Page 1'`;
    expect(row?.labels).toBe(names.length);
  });
});
