import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
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

type Labelled = { id: string; labels: string[] };

const labelled = (...pages: [string, ...string[]][]): Labelled[] =>
  pages.map(([id, ...labels]) => ({ id, labels }));
const named = (...names: string[]) => names.map((name, n) => ({ id: `${n}`, name }));
const many = (count: number) => named(...Array.from({ length: count }, (_, n) => `topic-${n}`));

/** A site whose search finds these pages, 250 in a response. */
function searchedSite(found: readonly Labelled[]) {
  const searched: string[] = [];
  const searchContent = async (cql: string, cursor: string | null) => {
    searched.push(cql);
    const to = Number(cursor ?? 0) + 250;
    return { pages: found.slice(to - 250, to), next: to < found.length ? String(to) : null };
  };
  const context = {
    client: { searchContent } as unknown as ConfluenceClient,
    source: { sourceId: SOURCE_ID, spaceKey: SPACE, content: PAGES_ONLY },
    services: { sql: database.sql },
  } as unknown as StepContext;
  return { context, searched };
}

const store = async (pages: readonly Labelled[], { kind = "page", isDeleted = false } = {}) => {
  for (const { id, labels } of pages)
    await database.sql`
      insert into confluence_pages (source_id, page_id, title, version, kind, labels, is_deleted)
      values (${SOURCE_ID}, ${id}, 'Page', 1, ${kind}, ${labels}, ${isDeleted})`;
};

beforeEach(async () => {
  await database.clear();
  await makeSyncWorld(database.sql);
});

// 26 labels fit into one query; a response holds 250 pages.
it.each([
  { count: 3000, searches: 13 },
  { count: 3001, searches: 0 },
])("with $count labelled pages, 26 labels cost $searches searches", async ({ count, searches }) => {
  const labels = many(26);
  await database.sql`
    insert into confluence_pages (source_id, page_id, title, version, labels)
    select ${SOURCE_ID}, id::text, 'Page', 1, array['topic-' || id % 26] from generate_series(1, ${count}::int) id`;
  const pages = Array.from({ length: count }, (_, n) => ({
    id: `${n + 1}`,
    labels: [`topic-${(n + 1) % 26}`],
  }));
  const { context, searched } = searchedSite(pages);
  expect(await changedLabels(context, "page", labels)).toEqual(searches === 0 ? labels : []);
  expect(searched).toHaveLength(searches === 0 ? 0 : count / 250);
});

it("25 labels of pages are listed one by one, whatever a search would find", async () => {
  const { context, searched } = searchedSite([]);
  expect(await changedLabels(context, "page", many(25))).toEqual(many(25));
  expect(searched).toEqual([]);
});

it("where no blog post has a label, one search says so of any number of labels", async () => {
  await store(labelled(["1", "howto"]));
  const { context, searched } = searchedSite([]);
  expect(await changedLabels(context, "blogpost", named("howto"))).toEqual([]);
  expect(searched).toEqual([expect.stringContaining('type = blogpost and label in ("howto")')]);
});

// One search for the names, one for the pages that have them: listing three labels costs three calls.
it.each([
  { count: 4, searches: 1 },
  { count: 3, searches: 0 },
])("$count labels of blog posts, one of which has a post, cost $searches searches", async (labels) => {
  await store(labelled(["1", "topic-0"]), { kind: "blogpost" });
  const { context, searched } = searchedSite(labelled(["1", "topic-0"]));
  const changed = await changedLabels(context, "blogpost", many(labels.count));
  expect(changed).toEqual(labels.searches === 0 ? many(labels.count) : []);
  expect(searched).toHaveLength(labels.searches);
});

it("a space without labels is not searched for them", async () => {
  const { context, searched } = searchedSite([]);
  expect(await changedLabels(context, "blogpost", [])).toEqual([]);
  expect(searched).toEqual([]);
});

it("labels changed that were added, removed or moved to another page, or whose page is deleted here", async () => {
  await store(labelled(["1", "same", "moved"], ["2", "removed", "same"]));
  await store(labelled(["3", "restored"]), { isDeleted: true });
  const { context } = searchedSite([
    ...labelled(["1", "same"], ["2", "same", "moved"], ["3", "restored"], ["4", "added"]),
    // Of one that came without its labels nothing is known.
    { id: "5" } as Labelled,
  ]);
  const names = ["same", "moved", "removed", "restored", "added", "unused"];
  const changed = await changedLabels(context, "page", [...named(...names), ...many(20)]);
  expect(changed.map(({ name }) => name)).toEqual(["moved", "removed", "restored", "added"]);
});

// Two names of 750 characters fit into one query; sixty queries fit into one step.
it.each([
  { count: 120, searches: 60 },
  { count: 122, searches: 0 },
])("$count labels with long names cost $searches searches", async ({ count, searches }) => {
  const labels = named(...Array.from({ length: count }, (_, n) => String(n).padEnd(750, "x")));
  const { context, searched } = searchedSite([]);
  expect(await changedLabels(context, "page", labels)).toEqual(searches === 0 ? labels : []);
  expect(searched).toHaveLength(searches);
});
