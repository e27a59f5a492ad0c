import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { editPage, labelPage } from "#infra/local/confluence-site/edits.ts";
import { trashPage } from "#infra/local/confluence-site/page-status-edits.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { bodyOf, makeSyncWorld, type SyncWorld } from "#test/support/sync-world.ts";

const PAGES = 12;

let database: TestDatabase;
let world: SyncWorld;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  await database.clear();
  world = await makeSyncWorld(database.sql, { pages: PAGES });
  world.site.settings.max_page_size = 2;
  await world.sync();
  world.pass(60 * 60_000);
  world.takeRequests();
});
afterAll(() => database.close());

describe("a listing whose cursors go in a circle", () => {
  /** From now on the listing at `path`, as it was asked for lately, leads from its cursor number `from` back to number `to`. */
  const leadBack = (path: string, from: number, to: number) => {
    const addresses = world
      .takeRequests()
      .map((request) => `${request.path}?${request.query}`)
      .filter((address) => address.includes(path) && address.includes("cursor="));
    const cursor = new URL(addresses[to] ?? "", world.site.url).searchParams.get("cursor");
    const address = addresses[from];
    if (!cursor || !address) throw new Error(`The listing has ${addresses.length} cursors`);
    world.site.faults.push({ effect: "next_cursor", cursor, path: address, times: 1_000_000, skip: 0 });
  };
  const watermark = async () => (await world.source()).metadata.last_sync_timestamp;
  const editAll = () => {
    for (const page of world.site.pages.values()) editPage(world.site, page.id, { body: bodyOf("newword") });
    world.pass(60_000);
  };

  // A → B → A, and a longer one.
  it.each([
    [1, 0],
    [3, 0],
    [3, 1],
  ])("a listing whose cursors repeat never ends a sync: from cursor %i back to %i", async (from, to) => {
    await world.sync({ mode: "full" });
    leadBack("space-id=", from, to);
    const before = await watermark();
    const sync = await world.sync({ mode: "full" });
    expect(sync).toMatchObject({ status: "failed", error: { code: "repeated_cursor" } });
    expect(sync.pages_listed).toBe(2 * (from + 1));
    expect(await watermark()).toBe(before);
  });

  it("a search for changes whose cursors repeat never ends a sync", async () => {
    editAll();
    const dry = await world.sync({ dryRun: true });
    expect(dry.pages_listed).toBe(PAGES);
    leadBack("content/search", 2, 0);
    const before = await watermark();
    expect(await world.sync()).toMatchObject({ status: "failed", error: { code: "repeated_cursor" } });
    expect(await watermark()).toBe(before);
  });

  it("a listing whose cursors repeat ends no deletion check, which deletes nothing", async () => {
    await world.check();
    leadBack("space-id=", 1, 0);
    trashPage(world.site, world.page(`Page ${PAGES}`).id);
    expect(await world.check({ force: true })).toMatchObject({
      status: "failed",
      error: { code: "repeated_cursor" },
    });
    const gone =
      await database.sql`select page_id from confluence_pages where is_deleted or missing_since is not null`;
    expect(gone).toEqual([]);
  });

  describe("of labels", () => {
    const names = Array.from({ length: 8 }, (_, n) => `label-${n}`);
    const labelled = async () => {
      const rows = await database.sql<{ page_id: string; labels: string[] }[]>`
        select page_id, labels from confluence_pages where labels <> '{}' order by page_id`;
      return rows.map((row) => [row.page_id, row.labels.toSorted()]);
    };
    beforeEach(async () => {
      labelPage(world.site, world.page("Page 1").id, { add: names });
      for (let n = 2; n <= PAGES; n += 1)
        labelPage(world.site, world.page(`Page ${n}`).id, { add: ["label-0"] });
      await world.check();
    });

    it.each([
      ["the labels of the space", "/content/labels"],
      ["the pages of a label", "/labels/"],
    ])("a label listing whose cursors repeat removes no label, and stops no check: %s", async (_, path) => {
      const before = await labelled();
      expect(before).toHaveLength(PAGES);
      leadBack(path, 1, 0);
      expect(await world.check()).toMatchObject({ status: "completed", pages_listed: PAGES });
      expect(await labelled()).toEqual(before);
    });
  });
});

describe("a search for changes that is cut short", () => {
  const expectAllEdits = async () => {
    await world.sync();
    const [row] = await database.sql`select count(*)::int as current from confluence_pages where version = 2`;
    expect(row?.current).toBe(PAGES);
  };
  beforeEach(() => {
    for (const page of world.site.pages.values()) editPage(world.site, page.id, { body: bodyOf("newword") });
    world.pass(60 * 60_000);
  });

  it("a cut search for changes is noticed although Confluence counted nothing", async () => {
    const before = (await world.source()).metadata.last_sync_timestamp;
    let counts = 0;
    world.onTheWay.change = (text, url) =>
      url.includes("/rest/api/search") && counts++ === 0
        ? text.replace(/"totalSize":\d+/, '"totalSize":0')
        : text;
    world.site.faults.push({ effect: "drop_next", path: "/content/search", times: 1, skip: 0 });
    await world.sync();
    expect((await world.source()).metadata.last_sync_timestamp).toBe(before);
    await expectAllEdits();
  });

  it("a space that is out of sight while its changes are counted and searched, and then is not, loses no edit", async () => {
    const before = (await world.source()).metadata.last_sync_timestamp;
    const show = (visible: boolean) => {
      for (const space of world.site.spaces.values()) space.visible = visible;
    };
    show(false);
    world.onTheWay.change = (text, url) => {
      if (url.includes("/content/search")) show(true);
      return text;
    };
    await world.sync();
    show(true);
    expect((await world.source()).metadata.last_sync_timestamp).toBe(before);
    await expectAllEdits();
  });
});
