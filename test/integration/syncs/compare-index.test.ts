import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { addPage, editPage, labelPage, movePage, trashPage } from "#infra/local/confluence-site/edits.ts";
import { compareIndex } from "#shared/verify/compare-index.ts";
import { openSite } from "#shared/syncs/sync-services.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { bodyOf, makeSyncWorld, SOURCE_ID, SPACE, type SyncWorld } from "#test/support/sync-world.ts";

describe("verify", () => {
  let database: TestDatabase;
  let world: SyncWorld;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    world = await makeSyncWorld(database.sql, { pages: 4 });
    labelPage(world.site, world.page("Page 1").id, { add: ["guide"] });
    movePage(world.site, world.page("Page 2").id, { parentId: world.page("Page 1").id });
    await world.sync({ mode: "full" });
    world.takeRequests();
  });
  afterAll(() => database.close());

  async function verify(options: { bodies: boolean } = { bodies: true }) {
    const source = await world.source();
    const { confluence, cipher } = world.services(null);
    if (!confluence || !cipher) throw new Error("The world has no site");
    const client = await openSite({ confluence, cipher }, source);
    const { pages, differences } = await compareIndex(database.sql, client, source, {
      ...options,
      now: world.now(),
    });
    return { pages, found: differences.map(({ title, kind }) => `${title}: ${kind}`).toSorted() };
  }

  it("verify finds no difference after a sync", async () => {
    expect(await verify()).toEqual({ pages: 4, found: [] });
  });

  it("verify finds what people have changed since the sync", async () => {
    const { site } = world;
    editPage(site, world.page("Page 1").id, { body: bodyOf("other") });
    labelPage(site, world.page("Page 2").id, { add: ["later"] });
    movePage(site, world.page("Page 3").id, { parentId: world.page("Page 1").id });
    trashPage(site, world.page("Page 4").id);
    addPage(site, { space: SPACE, title: "New", body: bodyOf("new") });
    expect((await verify()).found).toEqual([
      "New: missing",
      "Page 1: outdated",
      "Page 2: labels",
      "Page 3: parent",
      "Page 4: surplus",
    ]);
  });

  it("verify finds chunks that are missing, doubled or changed; changed ones only with bodies", async () => {
    const { sql } = database;
    const id = (n: number) => world.page(`Page ${n}`).id;
    await sql`delete from archon_crawled_pages where source_id = ${SOURCE_ID} and page_id = ${id(1)}`;
    await sql`
      insert into archon_crawled_pages (source_id, page_id, url, chunk_number, content, input_hash, search_vector, created_at)
      select source_id, page_id, url, chunk_number + 100, content, input_hash, search_vector, created_at
      from archon_crawled_pages where source_id = ${SOURCE_ID} and page_id = ${id(2)} and chunk_number = 0`;
    await sql`
      update archon_crawled_pages set content = 'something else'
      where source_id = ${SOURCE_ID} and page_id = ${id(3)} and chunk_number = 0`;
    await sql`update confluence_pages set missing_since = ${world.now()}, url = 'elsewhere' where page_id = ${id(4)}`;
    const seen = ["Page 1: without_chunks", "Page 2: chunk_count", "Page 4: hidden", "Page 4: url"];
    expect((await verify({ bodies: false })).found).toEqual(seen);
    expect(world.takeRequests().some((request) => request.query.includes("body-format"))).toBe(false);
    expect((await verify()).found).toEqual(
      [...seen, "Page 1: content", "Page 2: content", "Page 3: content"].toSorted(),
    );
  });
});
