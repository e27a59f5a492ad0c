import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { addPage, labelPage } from "#infra/local/confluence-site/edits.ts";
import { restrictPage } from "#infra/local/confluence-site/page-status-edits.ts";
import { makeHook } from "#test/support/hook-sender.ts";
import { bodyOf, makeSyncWorld, SOURCE_ID, SPACE, type SyncWorld } from "#test/support/sync-world.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const DAY_MS = 24 * 60 * 60_000;

let database: TestDatabase;
let world: SyncWorld;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  await database.clear();
});

const labelsOf = async (id: string) => {
  const [row] = await database.sql<{ labels: string[] }[]>`
    select labels from confluence_pages where page_id = ${id}`;
  return row?.labels;
};
/** The ids of `count` guides with a label, among sixteen pages that are synced. */
const syncGuides = async (count: number) => {
  world = await makeSyncWorld(database.sql, { pages: 16 - count });
  const guides = Array.from({ length: count }, (_, n) =>
    addPage(world.site, {
      space: SPACE,
      title: `Guide ${n}`,
      body: bodyOf(`guide${n}`),
      labels: ["runbook"],
    }),
  );
  world.pass(60 * 60_000);
  await world.sync();
  world.pass(DAY_MS);
  return guides.map(({ id }) => id);
};
const findRunbooks = async (query: string) => {
  const body = { query, source: SOURCE_ID, match_count: 20, labels: ["runbook"] };
  const found = (await world.api("POST", "/api/rag/query", { body })).body.results;
  return JSON.stringify(found);
};

it("pages whose deletion is held keep their labels, and are found by them afterwards", async () => {
  const guides = await syncGuides(12);
  for (const id of guides) restrictPage(world.site, id, "nobody");
  expect((await world.check()).status).toBe("held");
  expect(await labelsOf(guides[3] ?? "")).toEqual(["runbook"]);
  for (const id of guides) restrictPage(world.site, id, "everyone");
  world.pass(DAY_MS);
  await world.sync();
  expect(await findRunbooks("guide3")).toContain("Guide 3");
});

it("a hidden page is back with its labels when a hook announces it", async () => {
  const [id = ""] = await syncGuides(2);
  const hook = await makeHook(world);
  restrictPage(world.site, id, "nobody");
  await world.check();
  restrictPage(world.site, id, "everyone");
  world.pass(DAY_MS);
  await hook.deliver({ page_ids: [id], space_key: SPACE });
  for (let n = 0; n < 8; n += 1) {
    world.pass(2500);
    await world.drain();
  }
  expect(await findRunbooks("guide0")).toContain("Guide 0");
});

it.each(["check", "full sync"])("a label that a page lost is taken from it by the next %s", async (how) => {
  const [id = ""] = await syncGuides(2);
  labelPage(world.site, id, { remove: ["runbook"] });
  world.pass(DAY_MS);
  await (how === "check" ? world.check() : world.sync({ mode: "full" }));
  expect(await labelsOf(id)).toEqual([]);
});
