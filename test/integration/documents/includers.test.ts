import { afterAll, beforeAll, expect, it } from "vitest";
import { asChanged, touchIncluders } from "#shared/documents/includers.ts";
import { writeRendering } from "#shared/documents/renderings.ts";
import { queueRefreshes } from "#shared/syncs/refreshes/queue-refreshes.ts";
import { startExplainedDatabase, type ExplainedDatabase, rowsRead } from "#test/support/explained-queries.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { stopAutovacuum } from "#test/support/stop-autovacuum.ts";
import { addSource, NOW } from "#test/support/stored-pages.ts";

const PAGES = 10_000;
const INCLUDERS = 2000;
const OPERATION_ID = "00000000-0000-4000-8000-000000000001";
const TABLES = [
  "confluence_pages",
  "page_dependencies",
  "page_renderings",
  "sync_work",
  "confluence_folders",
];

let database: ExplainedDatabase;
beforeAll(async () => {
  database = await startExplainedDatabase();
  const { sql } = database;
  await stopAutovacuum(sql, TABLES);
  await addSource(sql, fakeEmbedder(), { sourceId: "docs", spaceKey: "DOCS" });
  // Each page is below the one before and carries one of ten labels. Of the first 4,000, half include page 9,000 and half one another.
  await sql`
    insert into confluence_pages (source_id, page_id, title, version, parent_id, labels, url)
    select 'docs', n::text, 'Page ' || n, 1, (n - 1)::text, array['label-' || n % 10], '' from generate_series(1, ${PAGES}::int) n`;
  await sql`
    insert into page_dependencies (source_id, page_id, kind, target, space_key, shows_text)
    select 'docs', n::text, 'page', case when n <= ${INCLUDERS} then 'Page 9000' else 'Page ' || (n + 1) end, 'DOCS', true
    from generate_series(1, ${2 * INCLUDERS}::int) n`;
  await sql`
    insert into page_renderings (source_id, page_id, rendered_at)
    select 'docs', n::text, ${NOW} from generate_series(1, ${2 * INCLUDERS}::int) n`;
  await sql`
    insert into archon_progress (operation_id, source_id, operation_type, status, actor, created_at, updated_at)
    values (${OPERATION_ID}, 'docs', 'confluence_sync', 'processing', 'api', ${NOW}, ${NOW})`;
}, 60_000);
afterAll(() => database.close());

/** Rows read of all tables of what pages show. */
const read = async (work: () => Promise<unknown>): Promise<number> => {
  const nodes = await database.explain(work);
  return TABLES.reduce((sum, table) => sum + rowsRead(nodes, table), 0);
};
const touch = (pageId: string) => async () =>
  database.sql.begin(async (tx) => {
    const changes = await asChanged(tx, "docs", [pageId]);
    const includers = await touchIncluders(tx, "docs", changes, {
      isGone: false,
      mayShowTooMuch: false,
      editedAt: null,
      now: NOW,
    });
    touched = includers.length;
  });
let touched = 0;
const operation = { operationId: OPERATION_ID, sourceId: "docs" };

it("before the first analyze, a change of a page reads what shows it, not all pages", async () => {
  expect(await read(touch("3500"))).toBeLessThan(200);
  // Five levels of pages that include one another.
  expect(touched).toBe(5);
});

it("before the first analyze, a change of a page with 2,000 includers reads each a few times", async () => {
  expect(await read(touch("9000"))).toBeLessThan(6 * INCLUDERS);
  expect(touched).toBe(INCLUDERS);
});

it("before the first analyze, looking at one outdated page reads that page, however many are", async () => {
  expect(await read(() => queueRefreshes(database.sql, operation, NOW))).toBeLessThan(6 * INCLUDERS);
  expect(await read(() => queueRefreshes(database.sql, operation, NOW, { only: "7" }))).toBeLessThan(20);
});

it("before the first analyze, storing what a page shows reads its targets, not all pages", async () => {
  const target = { target: "Page 9000", targetId: "", spaceKey: "DOCS" };
  const rendering = {
    revision: 1,
    at: NOW,
    startedAt: NOW,
    failedMacros: [],
    dependencies: [{ kind: "page", ...target, depth: null, showsText: true }] as const,
  };
  const page = { sourceId: "docs", pageId: "7" };
  expect(await read(() => writeRendering(database.sql, page, rendering, NOW))).toBeLessThan(20);
});
