import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import type { ConfluenceClient } from "#shared/confluence/client.ts";
import { transaction } from "#shared/db/connect.ts";
import { PermanentError, TransientError } from "#shared/errors.ts";
import { listFolders } from "#shared/syncs/listing/list-folders.ts";
import type { StepContext } from "#shared/syncs/operations/step.ts";
import { makeSyncWorld, SOURCE_ID, type SyncWorld } from "#test/support/sync-world.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

let database: TestDatabase;
let world: SyncWorld;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  await database.clear();
  world = await makeSyncWorld(database.sql);
});
afterAll(() => database.close());

type Site = Record<string, Error | { parentId: string; parentType: string }>;

/** A site that has every folder, at the top and called by its id, unless `site` says otherwise of the id or of the kind. */
async function siteWith(site: Site = {}, { dryRun = false, operationId = "operation-1" } = {}) {
  const asked: string[] = [];
  const client = {
    folder: async (id: string, kind: string) => {
      asked.push(id);
      const folder = site[id] ?? site[kind] ?? { parentId: null, parentType: null };
      if (folder instanceof Error) throw folder;
      return { title: `The ${kind} ${id}`, ...folder };
    },
  } as unknown as ConfluenceClient;
  const operation = { sourceId: SOURCE_ID, operationId, dryRun };
  const source = await world.source();
  const context = { client, source, operation, services: world.outside } as unknown as StepContext;
  return { context, asked };
}

/** Pages below these folders, one each. */
const below = async (...folders: [id: string, kind: string][]) => {
  for (const [id, kind] of folders)
    await database.sql`
      insert into confluence_pages (source_id, page_id, title, version, parent_id, parent_type)
      values (${SOURCE_ID}, ${`in ${id}`}, 'Page', 1, ${id}, ${kind})`;
};
const folder = (n: number): [string, string] => [`f${String(n).padStart(2, "0")}`, "folder"];
const folders = (count: number) => Array.from({ length: count }, (_, n) => folder(n + 1));
const stored = async () => {
  const rows = await database.sql<{ folder_id: string; title: string | null }[]>`
    select folder_id, title from confluence_folders order by folder_id`;
  return rows.map((row) => [row.folder_id, row.title]);
};
/** Steps until the listing says that it is done: how many folders were known after each. */
async function allSteps(context: StepContext, { again = true } = {}) {
  const known: number[] = [];
  for (let done = false; !done && known.length < 10;) {
    const step = await listFolders(context, { again });
    await transaction(database.sql, step.write);
    known.push((await stored()).length);
    ({ done } = step);
  }
  return known;
}
const refusal = (code: string, kind = "folder") =>
  new PermanentError(code, "Confluence refuses", { details: { path: `/wiki/api/v2/${kind}s/1` } });

it("each step requests twenty folders at most, and each of them once", async () => {
  await below(...folders(21));
  const { context, asked } = await siteWith();
  expect(await allSteps(context)).toEqual([20, 21, 21]);
  expect(asked).toEqual(folders(21).map(([id]) => id));
});

it("folders above folders are requested too", async () => {
  await below(folder(1));
  const { context, asked } = await siteWith({ f01: { parentId: "top", parentType: "whiteboard" } });
  expect(await allSteps(context)).toEqual([1, 2, 2]);
  expect(asked).toEqual(["f01", "top"]);
  expect(await stored()).toEqual([
    ["f01", "The folder f01"],
    ["top", "The whiteboard top"],
  ]);
});

it("a complete listing requests known folders again and forgets those that are above nothing", async () => {
  await below(...folders(2));
  await allSteps((await siteWith()).context);
  await database.sql`delete from confluence_pages where page_id = 'in f02'`;
  const { context, asked } = await siteWith({}, { operationId: "operation-2" });
  await allSteps(context);
  expect(asked).toEqual(["f01"]);
  expect(await stored()).toEqual([["f01", "The folder f01"]]);
});

it("a listing of changes requests only folders that are not known, and forgets none", async () => {
  await below(...folders(2));
  await allSteps((await siteWith()).context);
  await database.sql`delete from confluence_pages where page_id = 'in f02'`;
  await below(folder(3));
  const { context, asked } = await siteWith({}, { operationId: "operation-2" });
  await allSteps(context, { again: false });
  expect(asked).toEqual(["f03"]);
  expect((await stored()).map(([id]) => id)).toEqual(["f01", "f02", "f03"]);
});

it("a dry run requests no folder", async () => {
  await below(folder(1));
  const { context, asked } = await siteWith({}, { dryRun: true });
  expect(await allSteps(context)).toEqual([0]);
  expect(asked).toEqual([]);
});

it.each(["not_found", "forbidden"])("a folder that is '%s' is kept without its title", async (code) => {
  await below(...folders(2));
  const { context } = await siteWith({ f01: refusal(code) });
  expect(await allSteps(context)).toEqual([2, 2]);
  expect(await stored()).toEqual([
    ["f01", null],
    ["f02", "The folder f02"],
  ]);
});

it("a kind for which the token has no scope is asked for once in a step, the others are listed, and stored folders stay", async () => {
  await below(...folders(3), ["w1", "whiteboard"]);
  await allSteps((await siteWith()).context);
  await database.sql`delete from confluence_pages where page_id = 'in f03'`;
  const { context, asked } = await siteWith(
    { folder: refusal("scope_missing") },
    { operationId: "operation-2" },
  );
  expect(await allSteps(context)).toEqual([4, 4]);
  expect(asked).toEqual(["f01", "w1", "f01"]);
});

it("a refusal of one kind is on the source until that kind is granted, whatever others are", async () => {
  await below(folder(1), ["w1", "whiteboard"]);
  const refused = async () => Object.keys((await world.source()).refusedCalls);
  await allSteps((await siteWith({ folder: refusal("scope_missing") })).context);
  expect(await refused()).toEqual(["folders"]);
  const again = await siteWith({ folder: refusal("scope_missing") }, { operationId: "operation-2" });
  await allSteps(again.context);
  expect(await refused()).toEqual(["folders"]);
  await allSteps((await siteWith({}, { operationId: "operation-3" })).context);
  expect(await refused()).toEqual([]);
});

it("where a call fails, the folders before it are stored, and the rest follows with the next listing", async () => {
  await below(...folders(3));
  const { context, asked } = await siteWith({ f02: new TransientError("timeout", "Too late") });
  expect(await allSteps(context)).toEqual([1]);
  expect(asked).toEqual(["f01", "f02"]);
});
