import { afterAll, beforeAll, expect, it } from "vitest";
import { findSpaces } from "#shared/sources/find-spaces.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { addSource } from "#test/support/stored-pages.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  const { sql } = database;
  for (const [sourceId, spaceKey, spaceName, title, status] of [
    ["key-ops", "OPS", "Operations", "Ours", "active"],
    ["named-ops", "TEAM", "Ops", "Team", "active"],
    ["titled-ops", "THIRD", "Third", "OPS", "active"],
    ["other-site", "TEAM2", "Operations", "Theirs", "space_unavailable"],
    ["deleting", "GONE", "Operations", "Gone", "deleting"],
  ] as const) {
    await addSource(sql, fakeEmbedder(), { sourceId, spaceKey, status });
    await sql`update archon_sources set space_name = ${spaceName}, title = ${title} where source_id = ${sourceId}`;
  }
});
afterAll(() => database.close());

const find = (name: string, request: Partial<Parameters<typeof findSpaces>[1]> = {}) =>
  findSpaces(database.sql, { name, readable: null, withheldSources: [], ...request });

it.each([
  ["OPS", ["key-ops"]],
  ["ops", ["key-ops"]],
  ["operations", ["key-ops", "other-site"]],
  ["OURS", ["key-ops"]],
  ["team", ["named-ops"]],
  ["oper", []],
  ["gone", []],
])("the space %j is the one with this key, or else those with this name or title", async (name, found) => {
  expect(await find(name)).toEqual(found);
});

it("a space is found by whoever may read of it, or is told that it is withheld", async () => {
  const nobody = { openSources: [], nodes: new Uint8Array() };
  expect(await find("operations", { readable: nobody })).toEqual([]);
  expect(await find("operations", { readable: { ...nobody, openSources: ["other-site"] } })).toEqual([
    "other-site",
  ]);
  expect(await find("operations", { readable: nobody, withheldSources: ["key-ops"] })).toEqual(["key-ops"]);
  // That another space, which the reader does not know, has this name as its key takes nothing from what they know.
  expect(await find("ops", { readable: { ...nobody, openSources: ["named-ops", "titled-ops"] } })).toEqual([
    "named-ops",
    "titled-ops",
  ]);
});
