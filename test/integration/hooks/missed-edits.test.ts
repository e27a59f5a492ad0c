import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import type { ListedPage } from "#shared/confluence/client.ts";
import { registerModel } from "#shared/embeddings/embedding-models.ts";
import { countMissedEdits } from "#shared/syncs/hints/missed-edits.ts";
import { addHints } from "#shared/syncs/hints/page-hints.ts";
import { later } from "#shared/syncs/later.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { NOW, store } from "#test/support/stored-pages.ts";
import { makeSweptSource, SOURCE_ID } from "#test/support/swept-source.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

let database: TestDatabase;
let siteId: string;
beforeAll(async () => {
  database = await createTestDatabase();
  const { model, dimensions } = fakeEmbedder();
  await registerModel(database.sql, { model, dimensions, now: NOW });
});
beforeEach(async () => {
  await database.clear();
  await makeSweptSource(database.sql);
  const [source] = await database.sql<{ site_id: string }[]>`select site_id from archon_sources`;
  siteId = source?.site_id ?? "";
});
afterAll(() => database.close());

const seconds = (count: number) => later(NOW, count * 1000);
const addHook = async (createdAt: Date) => {
  await database.sql`
    insert into confluence_hooks (hook_id, site_id, kind, secret_hash, created_at)
    values ('a', ${siteId}, 'generic', 'hash', ${createdAt})`;
};
const storePage = async ({ pageId }: { pageId: string }) =>
  store(database.sql, fakeEmbedder(), { sourceId: SOURCE_ID, pageId, chunks: ["text"] });
const edit = (id: string, more: Partial<ListedPage> = {}) =>
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all that is counted by
  ({ id, status: "current", version: 2, modifiedAt: seconds(-60), ...more }) as ListedPage;
const missed = async (pages: ListedPage[], of: string | null = siteId) => {
  await countMissedEdits(database.sql, { sourceId: SOURCE_ID, siteId: of }, pages, NOW);
  const rows = await database.sql`
    select missed::int, missed_since_delivery::int as since, last_missed_at as at from confluence_hooks order by hook_id`;
  return rows.map((row) => row["missed"] as number);
};

it("a new page and a new version that nobody announced are counted on the site's hooks", async () => {
  await addHook(seconds(-90));
  await storePage({ pageId: "1" });
  expect(await missed([edit("1"), edit("2")])).toEqual([2]);
  const [hook] =
    await database.sql`select missed_since_delivery::int as since, last_missed_at as at from confluence_hooks`;
  expect(hook).toEqual({ since: 2, at: NOW });
});

it.each<[string, Partial<ListedPage>]>([
  ["is half a minute old at most", { modifiedAt: seconds(-29) }],
  ["is not dated", { modifiedAt: null }],
  ["is of a page that is not current", { status: "archived" }],
  ["is stored", { version: 1 }],
  ["is older than the hook", { modifiedAt: seconds(-100) }],
])("an edit that %s is not counted as missed", async (_, more) => {
  await addHook(seconds(-90));
  await storePage({ pageId: "1" });
  expect(await missed([edit("1", more)])).toEqual([0]);
});

it("an edit of exactly half a minute ago was not announced in time", async () => {
  await addHook(seconds(-90));
  expect(await missed([edit("1", { modifiedAt: seconds(-30) })])).toEqual([1]);
});

it("an edit whose hint is waiting, or whose page failed before, is not counted as missed", async () => {
  await addHook(seconds(-90));
  await addHints(database.sql, [{ sourceId: SOURCE_ID, pageId: "1" }], {
    reason: "hook",
    atOnce: false,
    now: NOW,
  });
  await storePage({ pageId: "2" });
  await database.sql`update confluence_pages set sync_error = '{"code":"x"}' where page_id = '2'`;
  expect(await missed([edit("1"), edit("2")])).toEqual([0]);
});

it("a source without a site has no hooks that could have missed an edit", async () => {
  await addHook(seconds(-90));
  expect(await missed([edit("1")], null)).toEqual([0]);
});
