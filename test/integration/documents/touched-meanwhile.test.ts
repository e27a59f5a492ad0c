import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { asChanged, touchIncluders } from "#shared/documents/includers.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { addSource, NOW } from "#test/support/stored-pages.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

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

/** Until a session waits for a row: on a server; the embedded database has one transaction at a time. */
const waits = async () => {
  if (!process.env.DATABASE_URL) return;
  const look = () => database.sql`
    select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
  await vi.waitUntil(async () => (await look()).length > 0, { timeout: 30_000 });
};

it("a page that is gone hides what shows it, although that is marked for another page at the same time", async () => {
  let second = Promise.resolve<unknown>(null);
  await touch("edited", false, async () => {
    second = touch("deleted", true);
    await waits();
  });
  expect(await second).toEqual([{ sourceId: "docs", pageId: "includer" }]);
  const [rendering] = await database.sql`
    select shows_gone, shown_revision, refresh_after from page_renderings where page_id = 'includer'`;
  expect(rendering).toEqual({ shows_gone: true, shown_revision: 2, refresh_after: NOW });
});
