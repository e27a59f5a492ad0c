import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { addPage, editPage } from "#infra/local/confluence-site/edits.ts";
import { trashPage } from "#infra/local/confluence-site/page-status-edits.ts";
import type { Fault } from "#infra/local/confluence-site/faults.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { addDemoPages, makeSyncWorld, SPACE, type SyncWorld } from "#test/support/sync-world.ts";

const PATHS = { names: "users-bulk", labels: "content/labels", "labelled pages": "/api/v2/labels/" };
const always = { times: 1000, skip: 0 };
const status = (code: number, path: string): Fault => ({
  effect: "status",
  status: code,
  retry_after: null,
  path,
  ...always,
});
const scopeMissing = (path: string, said_in: "header" | "body" | "both" = "both"): Fault => ({
  effect: "scope_missing",
  said_in,
  path,
  ...always,
});

describe("calls that content does without", () => {
  let database: TestDatabase;
  let world: SyncWorld;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    world = await makeSyncWorld(database.sql);
    world.site.people.set("u-1", "Ilse Kaltwasser");
    addPage(world.site, {
      space: SPACE,
      title: "Boilers",
      body: '<p>Ask <ac:link><ri:user ri:account-id="u-1"/></ac:link> about boilers.</p>',
      labels: ["heating"],
    });
    addDemoPages(world.site, 1);
  });
  afterAll(() => database.close());

  const refused = async (what: string) => {
    const [row] = await database.sql`select refused_calls -> ${what} as refusal from archon_sources`;
    return row?.refusal;
  };
  const logged = () => world.logged.filter((line) => line.event === "confluence.call_refused");
  const labels = async () => {
    const [row] = await database.sql`select labels from confluence_pages where title = 'Boilers'`;
    return row?.labels;
  };

  const refusals = [401, 403, 404, 410, 500].map((code) => [
    String(code),
    (path: string) => status(code, path),
  ]);
  const scopes = (["header", "body"] as const).map((where) => [
    `401 with the scope in its ${where}`,
    (path: string) => scopeMissing(path, where),
  ]);
  describe.each(Object.entries(PATHS))("%s", (_, path) => {
    it.each([...refusals, ...scopes] as [string, (path: string) => Fault][])(
      "an optional call refused with %s: every page is stored, and the source stays active",
      async (_answer, fault) => {
        world.site.faults.push(fault(path));
        for (const mode of ["full", "incremental"] as const) {
          expect(await world.sync({ mode })).toMatchObject({ status: "completed", error: null });
          world.pass(60 * 60_000);
        }
        expect((await world.check()).status).toBe("completed");
        expect((await world.source()).status).toBe("active");
        expect((await world.find("boilers"))[0]?.title).toBe("Boilers");
        expect((await world.find("word1"))[0]?.title).toBe("Page 1");
      },
    );
  });

  it("refused optional calls are reported once, on the source and in the log, with the missing scope, until it is granted", async () => {
    world.site.faults.push(scopeMissing(PATHS.names), scopeMissing(PATHS.labels));
    await world.sync({ mode: "full" });
    await world.sync({ mode: "full" });
    expect(await refused("labels")).toMatchObject({
      code: "scope_missing",
      scope: "read:label:confluence",
      call: "GET /wiki/api/v2/spaces/{id}/content/labels",
    });
    expect(await refused("names")).toMatchObject({
      code: "scope_missing",
      scope: "read:user:confluence",
      call: "POST /wiki/api/v2/users-bulk",
    });
    expect(logged().map((line) => line.fields)).toMatchObject([
      { wanted: "labels", scope: "read:label:confluence" },
      { wanted: "names", scope: "read:user:confluence" },
    ]);
    world.site.faults.length = 0;
    world.pass(60 * 60_000);
    editPage(world.site, world.page("Boilers").id, {
      body: '<p>Ask <ac:link><ri:user ri:account-id="u-1"/></ac:link> about new boilers.</p>',
    });
    await world.sync({ mode: "full" });
    expect(await refused("labels")).toBeNull();
    expect(await refused("names")).toBeNull();
    expect((await world.find("boilers"))[0]?.content).toContain("Ilse Kaltwasser");
  });

  it.each([
    ["refused", scopeMissing(PATHS.labels)],
    ["failing", status(500, PATHS.labels)],
    ["failing half-way", status(500, PATHS["labelled pages"])],
  ])("labels stay unchanged while their listing is %s", async (_, fault) => {
    await world.sync();
    expect(await labels()).toEqual(["heating"]);
    world.site.faults.push(fault);
    await world.check();
    await world.sync({ mode: "full" });
    expect(await labels()).toEqual(["heating"]);
  });

  it("failing optional calls delay a full sync by a minute at most", async () => {
    world.site.faults.push(status(500, PATHS.labels), status(500, PATHS.names));
    const before = world.now().getTime();
    await world.sync({ mode: "full" });
    expect(world.now().getTime() - before).toBeLessThan(2 * 60_000);
  });

  it.each([
    ["pages by id", "body-format=storage", "read:page:confluence"],
    ["the listing", "space-id=", "read:page:confluence"],
    ["the account", "user/current", "read:content-details:confluence"],
  ])(
    "calls for %s are not optional: without their scope the sync fails and names it",
    async (_, path, scope) => {
      world.site.faults.push(scopeMissing(path));
      const operation = await world.sync();
      expect(operation).toMatchObject({ status: "failed", error: { code: "scope_missing" } });
      expect(operation.error?.message).toContain(scope);
      expect((await world.source()).status).toBe("active");
      world.site.faults.length = 0;
      expect((await world.sync()).status).toBe("completed");
    },
  );
});

describe("an item of a listing that is odd", () => {
  let database: TestDatabase;
  let world: SyncWorld;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    world = await makeSyncWorld(database.sql, { pages: 3 });
  });
  afterAll(() => database.close());

  it.each([
    ["title", null],
    ["version", null],
    ["id", null],
    ["status", 7],
  ] as const)(
    "an invalid item in %s of a listing is skipped, and the others are stored",
    async (field, value) => {
      world.site.faults.push({ effect: "odd_item", field, value, path: "space-id=", times: 1, skip: 0 });
      expect((await world.sync()).status).toMatch(/^completed/);
      expect((await world.find("word2"))[0]?.title).toBe("Page 2");
      expect((await world.find("word3"))[0]?.title).toBe("Page 3");
      world.pass(60 * 60_000);
      await world.check();
      expect((await world.find("word1"))[0]?.title).toBe("Page 1");
    },
  );

  it("a permanently invalid item is not treated as a page that is gone", async () => {
    await world.sync();
    world.site.faults.push({
      effect: "odd_item",
      field: "title",
      value: null,
      path: "/api/v2/pages?",
      ...always,
    });
    for (let n = 0; n < 3; n += 1) {
      expect((await world.check()).sync_metrics).toMatchObject({ pages_deleted: 0, pages_hidden: 0 });
      world.pass(60 * 60_000);
    }
    expect((await world.find("word1"))[0]?.title).toBe("Page 1");
  });

  it("an invalid item among pages requested by id neither hides nor deletes its page", async () => {
    await world.sync();
    trashPage(world.site, world.page("Page 1").id);
    world.site.faults.push({
      effect: "odd_item",
      field: "title",
      value: null,
      path: "/api/v2/pages?id=",
      ...always,
    });
    expect((await world.check()).sync_metrics).toMatchObject({ pages_deleted: 0, pages_hidden: 0 });
    expect((await world.find("word1"))[0]?.title).toBe("Page 1");
    world.site.faults.length = 0;
    world.pass(60 * 60_000);
    expect((await world.check()).sync_metrics).toMatchObject({ pages_deleted: 1 });
  });

  it("an invalid item does not hold back the watermark", async () => {
    await world.sync();
    const before = (await world.source()).metadata.last_sync_timestamp;
    world.pass(10 * 60_000);
    world.site.faults.push({
      effect: "odd_item",
      field: "version",
      value: null,
      path: "space-id=",
      times: 1,
      skip: 0,
    });
    await world.sync({ mode: "full" });
    expect((await world.source()).metadata.last_sync_timestamp).not.toBe(before);
  });
});
