import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { editPage } from "#infra/local/confluence-site/edits.ts";
import { restorePage, restrictPage, trashPage } from "#infra/local/confluence-site/page-status-edits.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { bodyOf, makeSyncWorld, type SyncWorld } from "#test/support/sync-world.ts";

const HOUR_MS = 60 * 60_000;

describe("a page that is back", () => {
  let database: TestDatabase;
  let world: SyncWorld;
  let pageId: string;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    world = await makeSyncWorld(database.sql, { pages: 3 });
    await world.sync();
    world.pass(HOUR_MS);
    pageId = world.page("Page 1").id;
  });
  afterAll(() => database.close());

  const row = async () => {
    const [page] = await database.sql`
      select version, is_deleted, missing_since, sync_error from confluence_pages where page_id = ${pageId}`;
    return page;
  };
  const restored = () =>
    world.logged
      .filter(({ event }) => event === "page.restored")
      .map(({ level, fields }) => [level, fields.page_id]);
  const found = async (word: string) => (await world.find(word)).map((hit) => hit.title);

  it("a page that is back from the trash and could not be stored is retried by the next sync, whatever that one lists", async () => {
    trashPage(world.site, pageId);
    await world.check();
    expect(await row()).toMatchObject({ is_deleted: true });
    restorePage(world.site, pageId);
    editPage(world.site, pageId, { body: bodyOf("backagain") });
    // Long before this sync: the next one, overlap and all, looks back to it no more.
    world.pass(2 * HOUR_MS);
    Object.assign(world.embedding, { failures: 1, permanent: true });
    expect(await world.sync()).toMatchObject({
      status: "completed_with_errors",
      failed_pages: [{ page_id: pageId, code: "embedding_refused" }],
    });
    expect(restored()).toEqual([]);
    world.pass(5 * HOUR_MS);
    await world.sync();
    expect(await row()).toMatchObject({ version: 2, is_deleted: false, sync_error: null });
    expect(restored()).toEqual([["info", pageId]]);
    expect(await found("backagain")).toEqual(["Page 1"]);
    world.pass(5 * HOUR_MS);
    expect((await world.sync()).sync_metrics).toMatchObject({ pages_updated: 0, pages_failed: 0 });
  });

  it("a hidden page that is visible again and edited is restored by the sync that stores the edit", async () => {
    restrictPage(world.site, pageId, "nobody");
    await world.check();
    expect((await row())?.missing_since).not.toBeNull();
    restrictPage(world.site, pageId, "everyone");
    editPage(world.site, pageId, { body: bodyOf("backagain") });
    await world.sync();
    expect(await row()).toMatchObject({ version: 2, missing_since: null });
    expect(await found("backagain")).toEqual(["Page 1"]);
    expect(restored()).toEqual([["info", pageId]]);
  });

  it("a hidden page that is visible again without an edit is logged by the check that restores it", async () => {
    restrictPage(world.site, pageId, "nobody");
    await world.check();
    restrictPage(world.site, pageId, "everyone");
    await world.check();
    expect(await row()).toMatchObject({ version: 1, missing_since: null });
    expect(restored()).toEqual([["info", pageId]]);
  });

  it("a restored page is stored with a line at debug, like any page", async () => {
    world.logged.length = 0;
    editPage(world.site, pageId, { body: bodyOf("tamarind") });
    await world.sync();
    expect(world.logged.filter(({ event }) => event === "page.stored")).toMatchObject([
      { level: "debug", fields: { page_id: pageId, version: 2, chunks: 2 } },
    ]);
  });
});
