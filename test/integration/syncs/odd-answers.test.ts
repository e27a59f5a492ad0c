import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { editPage, labelPage } from "#infra/local/confluence-site/edits.ts";
import { makeApiClient, type ApiClient } from "#test/support/api-client.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { bodyOf, makeSyncWorld, SOURCE_ID, type SyncWorld } from "#test/support/sync-world.ts";

const PAGES = 26;

describe("a space of which Confluence sends something odd", () => {
  let database: TestDatabase;
  let world: SyncWorld;
  let api: ApiClient;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    world = await makeSyncWorld(database.sql, { pages: PAGES });
    api = await makeApiClient(world.services(null));
  });
  afterAll(() => database.close());

  const idOf = (n: number) => world.page(`Page ${n}`).id;
  /** Every answer has this text in place of that. */
  const replace = (find: string, put: string) => {
    world.onTheWay.change = (text) => text.replaceAll(find, put);
  };
  const source = async () => (await api("GET", `/api/confluence/${SOURCE_ID}`)).body;
  const titles = async () => {
    const { pages } = (await api("GET", `/api/confluence/${SOURCE_ID}/pages`, { query: { limit: "200" } }))
      .body;
    return pages.map((page: { title: string }) => page.title);
  };

  it.each([
    ["U+0000", "Led\\u0000ger", "Ledger"],
    ["half a surrogate pair", "Led\\ud83dger", "Led\ufffdger"],
    ["100,000 letters", "word ".repeat(20_000), "word ".repeat(51)],
  ])("a space is stored completely when a title has %s", async (_, raw, stored) => {
    replace('"title":"Page 2"', `"title":"${raw}"`);
    expect(await world.sync()).toMatchObject({
      status: "completed",
      sync_metrics: { pages_added: PAGES, pages_failed: 0 },
    });
    expect(await titles()).toContain(stored);
    // Likewise by a search for what changed, and by a check.
    world.pass(60_000);
    editPage(world.site, idOf(2), { body: bodyOf("tamarind") });
    expect(await world.sync()).toMatchObject({ status: "completed", sync_metrics: { pages_updated: 1 } });
    expect(await world.check()).toMatchObject({ status: "completed", sync_metrics: { pages_hidden: 0 } });
  });

  it.each([
    ["U+0000", "a\\u0000b", "ab"],
    ["half a surrogate pair", "a\\udc00b", "a\ufffdb"],
  ])(
    "a space is stored completely when a label and a person have %s in their names",
    async (_, raw, stored) => {
      labelPage(world.site, idOf(1), { add: ["guide"] });
      world.site.people.set("p1", "guide");
      editPage(world.site, idOf(3), {
        body: '<p>By <ac:link><ri:user ri:account-id="p1" /></ac:link></p>',
      });
      replace('"guide"', `"${raw}"`);
      expect(await world.sync()).toMatchObject({
        status: "completed",
        sync_metrics: { pages_added: PAGES, pages_failed: 0 },
      });
      const [row] = await database.sql`select labels from confluence_pages where page_id = ${idOf(1)}`;
      expect(row?.labels).toEqual([stored]);
    },
  );

  it.each(["null", "17", '{"raw":"x"}'])(
    "a space is stored except for the page whose title is %s, which fails with the reason until it can be parsed",
    async (title) => {
      replace('"title":"Page 2"', `"title":${title}`);
      world.logged.length = 0;
      expect(await world.sync()).toMatchObject({
        status: "completed_with_errors",
        sync_metrics: { pages_added: PAGES - 1, pages_failed: 1 },
        failed_pages: [
          {
            page_id: idOf(2),
            code: "invalid_answer",
            message: expect.stringContaining("without its title"),
          },
        ],
      });
      const { drift } = await source();
      expect(drift).toEqual({
        count: expect.any(Number),
        last_at: expect.any(String),
        example: expect.stringMatching(/title: invalid_type/),
      });
      // The listing, and the page asked for by its id.
      expect(drift.count).toBeGreaterThanOrEqual(2);
      expect(world.logged).toContainEqual({
        level: "warn",
        event: "confluence.drift",
        fields: expect.objectContaining({ source_id: SOURCE_ID, skipped: 1 }),
      });
      world.onTheWay.change = null;
      world.pass(60_000);
      expect(await world.sync()).toMatchObject({ status: "completed" });
      expect(await titles()).toContain("Page 2");
    },
  );

  it("a page whose id is invalid does not stop the others of its batch", async () => {
    replace(`"id":"${idOf(2)}"`, '"id":"1 or 1=1"');
    expect(await world.sync()).toMatchObject({
      status: "completed",
      sync_metrics: { pages_added: PAGES - 1, pages_failed: 0 },
    });
    expect(await source()).toMatchObject({
      page_count: PAGES - 1,
      drift: { count: 1, example: expect.stringContaining("id: ") },
    });
  });

  it("a space is stored although an earlier sync recorded a page under an invalid id", async () => {
    await database.sql`
      insert into confluence_pages (source_id, page_id, title, sync_error)
      values (${SOURCE_ID}, '1 or 1=1', 'Odd', '{"code":"invalid_id","message":"x","attempts":1}')`;
    expect(await world.sync()).toMatchObject({
      status: "completed_with_errors",
      sync_metrics: { pages_added: PAGES, pages_failed: 1 },
    });
  });

  it.each([
    ["whose title cannot be read", () => ['"title":"Page 2"', '"title":null']],
    ["whose id is none", () => [`"id":"${idOf(2)}"`, '"id":"1 or 1=1"']],
    ["in whose place another is sent", () => [`"id":"${idOf(2)}"`, '"id":"4711"']],
  ])("a deletion check keeps a page %s instead of treating it as gone", async (_, change) => {
    await world.sync();
    const [find = "", put = ""] = change();
    replace(find, put);
    for (let checks = 0; checks < 2; checks += 1) {
      world.pass(60_000);
      expect((await world.check({ force: true })).sync_metrics).toMatchObject({
        pages_hidden: 0,
        pages_deleted: 0,
      });
    }
    expect((await world.find("word2")).map((hit) => hit.title)).toEqual(["Page 2"]);
  });

  it("case 15: a hit of an unknown type is skipped and counted, and stops no sync and no watermark", async () => {
    await world.sync();
    world.pass(60 * 60_000);
    await world.sync();
    world.pass(60 * 60_000);
    const before = await source();
    for (const n of [1, 2]) editPage(world.site, idOf(n), { body: bodyOf(`edited${n}`) });
    world.onTheWay.change = (text) =>
      text.replace(`"id":"${idOf(1)}","type":"page"`, `"id":"${idOf(1)}","type":"slide"`);
    const { status, sync_metrics } = await world.sync();
    expect(status).toBe("completed");
    expect(sync_metrics).toMatchObject({ pages_updated: 1, pages_failed: 0 });
    expect(await world.find("edited2")).toHaveLength(1);
    const after = await source();
    expect(after.drift).toMatchObject({ count: 1, example: "results.type: slide" });
    expect(after.last_sync_timestamp).not.toBe(before.last_sync_timestamp);
    expect(world.logged).toContainEqual(
      expect.objectContaining({ level: "warn", event: "confluence.drift" }),
    );
  });
});
