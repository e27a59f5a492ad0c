import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { editPage } from "#infra/local/confluence-site/edits.ts";
import type { Fault } from "#infra/local/confluence-site/faults.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { bodyOf, makeSyncWorld, SOURCE_ID, type SyncWorld } from "#test/support/sync-world.ts";

const PAGES = 12;

describe("the listing of a sync", () => {
  let database: TestDatabase;
  let world: SyncWorld;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    world = await makeSyncWorld(database.sql, { pages: PAGES });
    world.site.settings.max_page_size = 3;
  });
  afterAll(() => database.close());

  const fault = (spec: Partial<Fault>) => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a spread of a union is none of its members
    world.site.faults.push({ times: 1, skip: 0, ...spec } as Fault);
  };
  const listings = () =>
    world
      .takeRequests()
      .filter((request) => request.query.includes("space-id=") || request.path.endsWith("/content/search"));
  const stored = async () => {
    const [row] = await database.sql`
      select count(*)::int as pages, count(*) filter (where version > 0)::int as stored,
        count(*) filter (where sync_error is not null)::int as failed from confluence_pages`;
    return row;
  };
  const watermark = async () => (await world.source()).metadata.last_sync_timestamp;
  const editAll = () => {
    for (const page of world.site.pages.values())
      editPage(world.site, page.id, { body: bodyOf(`new${page.id}`) });
  };

  it("a sync's listing continues from its checkpoint wherever a worker is killed between or within listing pages, and counts once", async () => {
    const id = await world.startSync();
    let killed = 0;
    // Each worker crashes a few steps later than the one before: at every kind of statement and call of a step.
    for (let lifetime = 5; lifetime < 120; lifetime += 5) {
      if ((await world.progress(id)).status !== "listing" && lifetime > 5 && killed > 3) break;
      if (await world.deliverOne("plan", lifetime)) killed += 1;
      world.pass(7 * 60_000);
    }
    expect(killed).toBeGreaterThan(3);
    const operation = await world.ended(id);
    expect(operation).toMatchObject({
      status: "completed",
      pages_listed: PAGES,
      sync_metrics: { pages_added: PAGES, pages_failed: 0 },
    });
    expect(await stored()).toEqual({ pages: PAGES, stored: PAGES, failed: 0 });
  });

  it("a sync's listing does not request the first page again when its worker is killed after the second", async () => {
    const id = await world.startSync();
    await world.deliverUntil("plan", async () => (await world.progress(id)).pages_listed === 6);
    const [row] = await database.sql`select checkpoint from archon_progress where operation_id = ${id}`;
    const reached = String(row?.checkpoint.cursor);
    expect(row?.checkpoint).toMatchObject({ phase: "listing", cursor: expect.any(String) });
    world.takeRequests();
    expect((await world.ended(id)).status).toBe("completed");
    const [first] = listings();
    expect(new URLSearchParams(first?.query).get("cursor")).toBe(reached);
  });

  it.each<[string, Partial<Fault>]>([
    ["a cursor that comes again", { effect: "repeat_cursor", path: "cursor=" }],
    ["a next link to another host", { effect: "foreign_next", path: "space-id=" }],
  ])(
    "a sync's listing does not treat %s as its end: the operation fails or continues, and is never taken for complete",
    async (_, spec) => {
      fault({ ...spec, times: 100_000 });
      const operation = await world.sync();
      expect(operation).toMatchObject({ status: "failed", error: { code: expect.any(String) } });
      expect(await watermark()).toBeNull();
      expect(world.takeRequests().every((request) => request.path.startsWith("/wiki/"))).toBe(true);
      world.site.faults.length = 0;
      expect(await world.sync()).toMatchObject({ status: "completed", pages_listed: PAGES });
      expect(await stored()).toEqual({ pages: PAGES, stored: PAGES, failed: 0 });
    },
  );

  it("a sync's listing reads short and empty pages to the end", async () => {
    world.site.settings.max_page_size = 1;
    expect(await world.sync()).toMatchObject({ status: "completed", pages_listed: PAGES });
    editAll();
    world.pass(60_000);
    expect(await world.sync()).toMatchObject({ status: "completed", sync_metrics: { pages_updated: PAGES } });
  });

  it("a sync keeps what was listed when the site fails half-way, and lists the rest later", async () => {
    fault({ effect: "status", status: 503, retry_after: null, path: "cursor=", times: 9, skip: 2 });
    const id = await world.startSync();
    await world.drain();
    expect(await world.progress(id)).toMatchObject({ status: "listing", pages_listed: 9 });
    expect((await stored())?.stored).toBe(9);
    expect(await world.ended(id)).toMatchObject({ status: "completed", pages_listed: PAGES });
    expect((await stored())?.stored).toBe(PAGES);
  });

  it.each<[string, Partial<Fault>, "full" | "incremental"]>([
    ["a full listing", { effect: "drop_next", path: "space-id=", skip: 1 }, "full"],
    ["a search", { effect: "drop_next", path: "/content/search", skip: 1 }, "incremental"],
    ["a search that shows nothing", { effect: "empty_listing", path: "/content/search" }, "incremental"],
  ])("a sync moves no watermark when %s is truncated; the next sync gets the rest", async (_, spec, mode) => {
    await world.sync();
    const before = await watermark();
    world.pass(2 * 60 * 60_000);
    editAll();
    world.pass(2 * 60 * 60_000);
    fault(spec);
    const operation = await world.sync({ mode });
    expect(operation.pages_listed).toBeLessThan(PAGES);
    expect(operation.log.some((line) => line.message.includes("starts from the same watermark"))).toBe(true);
    expect(await watermark()).toBe(before);
    // Far beyond the overlap: only a watermark that stayed finds these edits.
    world.pass(2 * 60 * 60_000);
    await world.sync();
    const rows = await database.sql`select page_id from confluence_pages where version < 2`;
    expect(rows).toEqual([]);
    expect(await watermark()).not.toBe(before);
  });

  it("all listing pages of a sync use one time, in the account's zone, less the overlap", async () => {
    world.site.settings.time_zone = "America/Los_Angeles";
    await world.sync();
    const start = new Date(String(await watermark()));
    editAll();
    world.takeRequests();
    world.pass(10 * 60_000);
    await world.sync();
    const cql = listings().map((request) => new URLSearchParams(request.query).get("cql"));
    expect(cql.length).toBe(PAGES / 3);
    expect(new Set(cql).size).toBe(1);
    const wall = new Date(start.getTime() - 30 * 60_000)
      .toLocaleString("sv-SE", { timeZone: "America/Los_Angeles" })
      .slice(0, 16);
    expect(cql[0]).toContain(`space = "DEMO" and type in (page, folder) and lastModified >= "${wall}"`);
  });

  it("a sync goes back 26 hours when the account's zone is hidden", async () => {
    world.site.settings.time_zone_hidden = true;
    await world.sync();
    const start = Date.parse(String(await watermark()));
    world.takeRequests();
    await world.sync();
    const [search] = listings();
    const literal = new Date(start - 30 * 60_000 - 26 * 60 * 60_000)
      .toISOString()
      .slice(0, 16)
      .replace("T", " ");
    expect(new URLSearchParams(search?.query).get("cql")).toContain(`lastModified >= "${literal}"`);
  });

  it("the watermark is the start of the sync by Confluence's clock, whatever the local clock", async () => {
    world.site.settings.clock_offset_seconds = -2 * 60 * 60;
    const started = world.site.now().getTime();
    await world.sync();
    const mark = Date.parse(String(await watermark()));
    expect(mark).toBeGreaterThanOrEqual(Math.floor(started / 1000) * 1000);
    expect(mark).toBeLessThan(started + 5000);
  });

  it("a sync lists again when the account's zone changed during the listing", async () => {
    await world.sync();
    world.pass(5 * 60 * 60_000);
    editAll();
    world.pass(60_000);
    world.takeRequests();
    const id = await world.startSync();
    // Killed once the query has been written in the old zone.
    await world.deliverUntil("plan", async () => (await world.progress(id)).pages_listed === 3);
    world.pass(7 * 60_000);
    world.site.settings.time_zone = "America/Los_Angeles";
    const operation = await world.ended(id);
    expect(operation).toMatchObject({ status: "completed", sync_metrics: { pages_updated: PAGES } });
    expect(operation.log.some((line) => line.message.includes("time zone changed"))).toBe(true);
    const cql = new Set(listings().map((request) => new URLSearchParams(request.query).get("cql")));
    expect(cql.size).toBe(2);
  });

  it("a page edited during the listing is listed once, and the edit arrives", async () => {
    await world.sync();
    world.pass(60 * 60_000);
    editAll();
    world.pass(60_000);
    const id = await world.startSync();
    await world.deliverUntil("plan", async () => (await world.progress(id)).pages_listed === 6);
    editPage(world.site, world.page("Page 1").id, { body: bodyOf("pepper") });
    expect((await world.ended(id)).status).toBe("completed");
    await world.sync();
    expect((await world.find("pepper")).map((hit) => hit.title)).toEqual(["Page 1"]);
    const [row] = await database.sql`
      select count(*)::int as count from confluence_pages where source_id = ${SOURCE_ID} and version < 2`;
    expect(row?.count).toBe(0);
  });
});
