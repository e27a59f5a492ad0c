import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { editPage } from "#infra/local/confluence-site/edits.ts";
import { INDEX_LAG_OVERLAP_MS } from "#shared/syncs/listing/watermark.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { bodyOf, makeSyncWorld, type SyncWorld } from "#test/support/sync-world.ts";

const PAGES = 12;
const HOUR_MS = 60 * 60_000;
const BEFORE = "Europe/Berlin";
const AFTER = "America/Los_Angeles";

describe("a sync whose account's time zone changes while it lists", () => {
  let database: TestDatabase;
  let world: SyncWorld;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    world = await makeSyncWorld(database.sql, { pages: PAGES });
    world.site.settings.max_page_size = 3;
    world.site.settings.time_zone = BEFORE;
  });
  afterAll(() => database.close());

  const watermark = async () => String((await world.source()).metadata.last_sync_timestamp);
  const editAll = () => {
    for (const page of world.site.pages.values())
      editPage(world.site, page.id, { body: bodyOf(`edited${page.id}`) });
  };
  const outdated = async () => {
    const rows = await database.sql`select page_id from confluence_pages where version < 2`;
    return rows.length;
  };
  /** Starts a sync whose worker crashes after this many pages; the account's zone is another one when the next goes on. */
  const syncWithChange = async (listed: number) => {
    world.takeRequests();
    const id = await world.startSync();
    await world.deliverUntil("plan", async () => {
      const { stage, pages_listed } = await world.progress(id);
      return stage === "listing" && pages_listed === listed;
    });
    world.site.settings.time_zone = AFTER;
    world.pass(7 * 60_000);
    return id;
  };
  const literals = () => {
    const searches = world.takeRequests().filter((request) => request.path.endsWith("/content/search"));
    return [...new Set(searches.map(({ query }) => new URLSearchParams(query).get("cql")))].map(
      (cql) => /lastModified >= "([^"]*)"/.exec(cql ?? "")?.[1],
    );
  };
  const wall = (instant: number, timeZone: string) =>
    new Date(instant).toLocaleString("sv-SE", { timeZone }).slice(0, 16);

  it("a sync whose account's time zone changes asks with the same instant in both zones, as far back as the overlap", async () => {
    await world.sync();
    const since = Date.parse(await watermark()) - INDEX_LAG_OVERLAP_MS;
    world.pass(5 * HOUR_MS);
    editAll();
    world.pass(60_000);
    expect(await world.ended(await syncWithChange(3))).toMatchObject({ status: "completed" });
    expect(literals()).toEqual([wall(since, BEFORE), wall(since, AFTER)]);
    expect(await outdated()).toBe(0);
  });

  it("a sync whose account's time zone changes finds what the index did not show yet to the sync before", async () => {
    await world.sync();
    world.pass(5 * HOUR_MS);
    world.site.settings.index_lag_seconds = 25 * 60;
    editAll();
    world.pass(20 * 60_000);
    expect(await world.sync()).toMatchObject({ status: "completed", pages_listed: 0 });
    world.site.settings.index_lag_seconds = 0;
    world.pass(3 * HOUR_MS);
    // Nothing is listed in the old zone: the same literal means hours later by now.
    expect(await world.ended(await syncWithChange(0))).toMatchObject({
      status: "completed",
      pages_listed: PAGES,
      sync_metrics: { pages_updated: PAGES },
    });
    expect(await outdated()).toBe(0);
  });

  it("a sync whose account's time zone changes counts only the second listing: truncated, it moves no watermark", async () => {
    await world.sync();
    world.pass(5 * HOUR_MS);
    editAll();
    world.pass(60_000);
    const before = await watermark();
    const id = await syncWithChange(PAGES - 3);
    // The rest of the first listing passes; the second one ends after a page.
    world.site.faults.push({ effect: "drop_next", path: "/content/search", times: 1, skip: 1 });
    const sync = await world.ended(id);
    expect(world.site.faults).toEqual([]);
    expect(sync).toMatchObject({ pages_listed: 3 });
    expect(sync.log.map((line) => line.message).join("\n")).toContain(`3 of ${PAGES} pages were listed`);
    expect(await watermark()).toBe(before);
    world.pass(5 * HOUR_MS);
    await world.sync();
    expect(await outdated()).toBe(0);
    expect(await watermark()).not.toBe(before);
  });

  it("a sync whose account's time zone changes counts unchanged pages once", async () => {
    editAll();
    await world.sync();
    world.pass(60_000);
    // Within the overlap: all are listed once more, in both zones.
    const sync = await world.ended(await syncWithChange(3));
    expect(sync).toMatchObject({ pages_listed: PAGES, sync_metrics: { pages_unchanged: PAGES } });
  });
});
