import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { addPage, editPage } from "#infra/local/confluence-site/edits.ts";
import type { Fault } from "#infra/local/confluence-site/faults.ts";
import type { SitePage } from "#infra/local/confluence-site/site.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { makeSyncWorld, SPACE, type SyncWorld } from "#test/support/sync-world.ts";

const HOUR_MS = 60 * 60_000;
const jira = (text: string) =>
  `<p>${text}</p><p><ac:structured-macro ac:name="jira"><ac:parameter ac:name="key">OPS-17</ac:parameter></ac:structured-macro></p>`;

describe("a page whose rendered body cannot be had", () => {
  let database: TestDatabase;
  let world: SyncWorld;
  let page: SitePage;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    world = await makeSyncWorld(database.sql, { pages: 1 });
    page = addPage(world.site, {
      space: SPACE,
      title: "Incident",
      body: jira("The lighthouse lamp failed."),
    });
  });
  afterAll(() => database.close());

  const always = { times: 1000, skip: 0 };
  const path = "body-format=export_view";
  const broken: Fault = { effect: "status", status: 500, retry_after: null, path, ...always };
  const FAULTS: [string, Fault][] = [
    ["500", broken],
    ["403", { ...broken, status: 403 }],
    ["a missing scope", { effect: "scope_missing", said_in: "both", path, ...always }],
    ["no JSON", { effect: "not_json", path, ...always }],
    ["an ended connection", { effect: "reset", path, ...always }],
  ];
  const missing = async () => {
    const [row] =
      await database.sql`select rendered_missing from confluence_pages where page_id = ${page.id}`;
    return row?.rendered_missing;
  };
  const renderings = () =>
    world.takeRequests().filter((request) => request.query.includes("export_view")).length;

  it.each(FAULTS)(
    "a page that cannot be rendered (%s) is stored from its storage, marked, and delays nothing",
    async (_, fault) => {
      world.site.faults.push({ ...fault });
      const before = world.now().getTime();
      expect(await world.sync()).toMatchObject({
        status: "completed",
        sync_metrics: { pages_added: 2, pages_failed: 0 },
      });
      expect(world.now().getTime() - before).toBeLessThan(60_000);
      expect((await world.find("lighthouse"))[0]?.title).toBe("Incident");
      expect(await missing()).toMatchObject({ attempts: 1, code: expect.any(String) });
      expect((await world.source()).status).toBe("active");
    },
  );

  it("a page that cannot be rendered shows its new text after an edit, not its old one", async () => {
    await world.sync();
    world.site.faults.push({ ...broken });
    editPage(world.site, page.id, { body: jira("The harbour crane failed.") });
    world.pass(HOUR_MS);
    await world.sync();
    expect((await world.find("harbour"))[0]?.title).toBe("Incident");
    expect(await world.find("lighthouse")).toEqual([]);
  });

  it("a page that cannot be rendered is rendered by a later sync, and its mark is removed", async () => {
    world.site.faults.push({ ...broken });
    await world.sync();
    world.site.faults.length = 0;
    world.takeRequests();
    world.pass(30 * 60_000);
    await world.sync();
    expect(renderings()).toBe(0);
    world.pass(HOUR_MS);
    expect((await world.sync()).sync_metrics).toMatchObject({ pages_updated: 1, pages_failed: 0 });
    expect(renderings()).toBe(1);
    expect(await missing()).toBeNull();
    expect((await world.find("lighthouse"))[0]?.content).toContain("OPS-17");
    world.pass(30 * 24 * HOUR_MS);
    await world.sync();
    expect(renderings()).toBe(0);
  });

  it("rendering is retried after an hour, four, a day, and then once a week", async () => {
    world.site.faults.push({ ...broken });
    await world.sync();
    const gaps: number[] = [];
    for (let attempt = 2; attempt <= 6; attempt += 1) {
      const { next_attempt_at } = await missing();
      const wait = Date.parse(next_attempt_at) - world.now().getTime();
      gaps.push(Math.ceil(wait / HOUR_MS));
      world.pass(wait + 1000);
      expect((await world.sync()).sync_metrics).toMatchObject({ pages_failed: 0, pages_updated: 0 });
      expect(await missing()).toMatchObject({ attempts: attempt });
    }
    expect(gaps).toEqual([1, 4, 24, 7 * 24, 7 * 24]);
  });
});
