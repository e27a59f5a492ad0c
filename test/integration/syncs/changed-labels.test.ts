import { afterAll, beforeAll, expect, it } from "vitest";
import type { ConfluenceClient } from "#shared/confluence/client.ts";
import { PAGES_ONLY } from "#shared/content-kinds.ts";
import { changedLabels } from "#shared/syncs/listing/changed-labels.ts";
import type { StepContext } from "#shared/syncs/operations/step.ts";
import { makeSyncWorld, SOURCE_ID, SPACE } from "#test/support/sync-world.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

// 26 labels fit into one query; a response holds 250 pages.
it.each([
  { labelled: 3000, searches: 13 },
  { labelled: 3001, searches: 0 },
])("with $labelled labelled pages, 26 labels cost $searches searches", async ({ labelled, searches }) => {
  const labels = Array.from({ length: 26 }, (_, n) => ({ id: `${n}`, name: `topic-${n}` }));
  await database.clear();
  await makeSyncWorld(database.sql);
  await database.sql`
      insert into confluence_pages (source_id, page_id, title, version, labels)
      select ${SOURCE_ID}, id::text, 'Page', 1, array['topic-' || id % 26] from generate_series(1, ${labelled}::int) id`;
  let calls = 0;
  const pages = Array.from({ length: labelled }, (_, n) => ({
    id: `${n + 1}`,
    labels: [`topic-${(n + 1) % 26}`],
  }));
  const searchContent = (_: string, cursor: string | null) => {
    calls++;
    const from = Number(cursor ?? 0);
    const to = from + 250;
    return Promise.resolve({
      pages: pages.slice(from, to),
      next: to < labelled ? String(to) : null,
    });
  };
  const context = {
    client: { searchContent } as unknown as ConfluenceClient,
    source: { sourceId: SOURCE_ID, spaceKey: SPACE, content: PAGES_ONLY },
    services: { sql: database.sql },
  } as unknown as StepContext;
  expect(await changedLabels(context, "page", labels)).toEqual(searches === 0 ? labels : []);
  expect(calls).toBe(searches === 0 ? 0 : labelled / 250);
});
