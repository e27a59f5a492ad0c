import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { searchDocuments } from "#shared/documents/search.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { addSource, store } from "#test/support/stored-pages.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { churnedPage, judge, tokenOf } from "./churned-pages.ts";
import { underFire, type FireCounts, type FireOptions } from "./fire.ts";

const embedder = fakeEmbedder({ dimensions: 128 });
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase({ maxConnections: 12 });
});
beforeEach(async () => {
  await database.clear();
  await addSource(database.sql, embedder, { sourceId: "docs" });
});
afterAll(() => database.close());

const seed = Number(process.env.SEED ?? Date.now() % 100_000);
const fire: FireOptions = {
  pages: 500,
  processes: 4,
  writersPerProcess: 4,
  readers: 8,
  minSwaps: 1500,
  minSearches: 1500,
  kills: 0,
  terminations: 0,
  transaction: true,
  seed,
};

/** Stored equals expected: of every page one whole version, each chunk with its vector, no mark and no orphan. */
async function expectConsistent() {
  const rows = await database.sql<
    { version: number; chunk_count: number; contents: string[]; vectors: number; marked: number }[]
  >`
    select p.version, p.chunk_count, array_agg(c.content order by c.chunk_number) as contents,
      count(e.chunk_id)::int as vectors, (count(*) filter (where c.metadata ? '_pending_deletion'))::int as marked
    from confluence_pages p join archon_crawled_pages c using (source_id, page_id)
    left join archon_chunk_embeddings e on e.chunk_id = c.id
    group by p.source_id, p.page_id`;
  for (const row of rows) {
    expect(row).toMatchObject({ vectors: row.chunk_count, marked: 0 });
    expect(row.contents).toHaveLength(row.chunk_count);
    expect(judge(row.contents)).toBe("whole");
    expect(row.contents[1]).toContain(`version=${row.version} `);
  }
  return rows.length;
}

async function fill(pages: number) {
  for (let page = 0; page < pages; page += 1) await store(database.sql, embedder, churnedPage(page, 1));
}

async function whatASearchSees(page: number, retrievers: "keyword" | "hybrid" = "keyword") {
  const [vector = []] = await embedder.embed([tokenOf(page)]);
  const { hits, candidates } = await searchDocuments(database.sql, {
    query: tokenOf(page),
    embedding: { model: embedder.model, vector },
    retrievers,
    matchCount: 50,
    returnMode: "chunks",
    readable: null,
  });
  const contents = hits.filter((hit) => hit.pageId === `p${page}`).map((hit) => hit.content);
  return judge(contents, candidates.duplicates);
}

describe("a page that is replaced over and over", () => {
  it("a page that is replaced repeatedly is one whole version after every swap, and after every swap that fails at its end", async () => {
    for (let version = 1; version <= 30; version += 1) {
      const page = churnedPage(1, version);
      const failing = store(database.sql, embedder, page, {
        afterSwap: () => Promise.reject(new Error("lost")),
      });
      await expect(failing).rejects.toThrow("lost");
      expect(await whatASearchSees(1)).toBe(version === 1 ? "none" : "whole");
      await store(database.sql, embedder, page);
      expect(await whatASearchSees(1, "hybrid")).toBe("whole");
    }
    expect(await expectConsistent()).toBe(1);
  });
});

/** No page is without vectors at any moment. The index itself is approximate: one search in some thousand missed one. */
function expectFoundByVector(counts: FireCounts) {
  expect(counts.withoutVectors).toBe(0);
  expect(counts.missedByIndex).toBeLessThanOrEqual(counts.vectorSearches / 100);
}

async function seeWholeVersionsOnly() {
  await fill(fire.pages);
  const counts = await underFire(database, fire);
  console.log(JSON.stringify({ test: "under fire", seed, ...counts }));
  expect(counts.sightings).toEqual(NOTHING_BUT_WHOLE);
  expectFoundByVector(counts);
  expect(counts.errors).toEqual({});
  expect(await expectConsistent()).toBe(fire.pages);
}

async function seeTheSameThroughFaults() {
  await fill(fire.pages);
  const counts = await underFire(database, { ...fire, kills: 12, terminations: 40 });
  console.log(JSON.stringify({ test: "under fire with faults", seed, ...counts }));
  expect(counts.sightings).toEqual(NOTHING_BUT_WHOLE);
  expectFoundByVector(counts);
  expect(counts.kills).toBe(12);
  expect(counts.terminations).toBeGreaterThan(10);
  expect(await expectConsistent()).toBe(fire.pages);
}

async function comeBackEmptyWithoutTransaction() {
  const own = await createTestDatabase({ maxConnections: 12 });
  try {
    await addSource(own.sql, embedder, { sourceId: "docs" });
    // Checked at commit, that is, now after each statement: it would refuse the new rows beside the old.
    await own.sql`alter table archon_crawled_pages drop constraint archon_crawled_pages_source_id_page_id_chunk_number_key`;
    for (let page = 0; page < 60; page += 1) await store(own.sql, embedder, churnedPage(page, 1));
    const control = { ...fire, pages: 60, minSwaps: 600, minSearches: 1000, transaction: false };
    const counts = await underFire(own, control);
    console.log(JSON.stringify({ test: "negative control: no transaction", seed, ...counts }));
    expect(counts.sightings.none).toBeGreaterThan(0);
  } finally {
    await own.close();
  }
}

const NOTHING_BUT_WHOLE = { whole: expect.any(Number), none: 0, mixed: 0, duplicate: 0, incomplete: 0 };

// Two sessions are needed to disturb each other: on PGlite, which has one, the suite above is what can be shown.
const withTwoSessions = [
  { name: "one whole version of a page, always", run: seeWholeVersionsOnly },
  {
    name: "also while writers are killed",
    run: seeTheSameThroughFaults,
  },
  {
    name: "empty at times without the transaction",
    run: comeBackEmptyWithoutTransaction,
  },
];
it.each(process.env.DATABASE_URL ? withTwoSessions : [])(
  "8 readers beside 16 writers see only whole pages: $name",
  ({ run }) => run(),
  180_000,
);
