import { afterAll, beforeAll, expect, it } from "vitest";
import { asChanged, touchIncluders } from "#shared/documents/includers.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { addSource, NOW } from "#test/support/stored-pages.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { untilASessionWaits } from "#test/support/waiting-session.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase({ maxConnections: 3 });
  const { sql } = database;
  await addSource(sql, fakeEmbedder(), { sourceId: "docs", spaceKey: "DOCS" });
  await sql`
    insert into confluence_pages (source_id, page_id, title, version, url)
    select 'docs', id, id, 1, '' from unnest('{edited, deleted, includer}'::text[]) id`;
  await sql`
    insert into page_dependencies (source_id, page_id, kind, target, space_key, shows_text)
    select 'docs', 'includer', 'page', target, 'DOCS', true from unnest('{edited, deleted}'::text[]) target`;
  await sql`insert into page_renderings (source_id, page_id, rendered_at) values ('docs', 'includer', ${NOW})`;
});
afterAll(() => database.close());

const touch = async (pageId: string, isGone: boolean, meanwhile = async () => {}) =>
  database.sql.begin(async (tx) => {
    const changes = await asChanged(tx, "docs", [pageId]);
    const touched = await touchIncluders(tx, "docs", changes, {
      isGone,
      mayShowTooMuch: false,
      editedAt: null,
      now: NOW,
    });
    await meanwhile();
    return touched;
  });

it("a page that is gone hides what shows it, although that is marked for another page at the same time", async () => {
  let second = Promise.resolve<unknown>(null);
  await touch("edited", false, async () => {
    second = touch("deleted", true);
    await untilASessionWaits(database.sql);
  });
  expect(await second).toEqual([{ sourceId: "docs", pageId: "includer" }]);
  const [rendering] = await database.sql`
    select shows_gone, shown_revision, refresh_after from page_renderings where page_id = 'includer'`;
  expect(rendering).toEqual({ shows_gone: true, shown_revision: 2, refresh_after: NOW });
});
