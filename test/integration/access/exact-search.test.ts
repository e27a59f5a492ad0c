import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { passedNodes } from "#shared/access/readers/passed-nodes.ts";
import type { Readable } from "#shared/access/readers/readable.ts";
import { searchDocuments, type SearchRequest } from "#shared/documents/search.ts";
import { addNode, putUnder } from "#test/support/access-nodes.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { addSource, store } from "#test/support/stored-pages.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const embedder = fakeEmbedder({ dimensions: 16 });
const QUERY = "zeppelin gearbox oil";
/** More than are compared one by one when nothing is known of the index (2,000). */
const FAR_PAGES = 11;
const CHUNKS = 200;
/** One in a hundred of all chunks. */
const FEW = 30;

let database: TestDatabase;
let far: Readable;
let one: Readable;
let space: number;
beforeAll(async () => {
  database = await createTestDatabase();
  const { sql } = database;
  await addSource(sql, embedder, { sourceId: "docs" });
  space = await addNode(sql, { sourceId: "docs" });
  const hidden = await addNode(sql, { sourceId: "docs", contentId: "near-0", parent: space });
  const single = await addNode(sql, { sourceId: "docs", contentId: "one", parent: space });
  const near = ["near-0", "near-1", "near-2", "near-3"];
  const others = Array.from({ length: FAR_PAGES }, (_, page) => `far-${page}`);
  await putUnder(sql, "docs", near, hidden);
  await putUnder(sql, "docs", others, space);
  await putUnder(sql, "docs", ["one"], single);
  for (const page of near) await put(page, (chunk) => `${QUERY} ${page} ${chunk}`);
  for (const page of others) await put(page, (chunk) => `sails ropes anchor ${page} ${chunk}`);
  await put("one", (chunk) => `mast and keel ${chunk}`, 3);
  far = readerOf([space]);
  one = readerOf([single]);
}, 120_000);
afterAll(() => database.close());

const put = (pageId: string, text: (chunk: number) => string, chunks = CHUNKS) =>
  store(database.sql, embedder, {
    pageId,
    chunks: Array.from({ length: chunks }, (_, chunk) => text(chunk)),
  });

const readerOf = (nodes: number[]): Readable => ({
  openSources: [],
  nodes: passedNodes({ nodes, parents: nodes.map(() => 0) }),
});

async function find(request: Partial<SearchRequest>) {
  const [vector = []] = await embedder.embed([QUERY]);
  return searchDocuments(database.sql, {
    query: QUERY,
    embedding: { model: embedder.model, vector },
    retrievers: "vector",
    matchCount: 10,
    returnMode: "chunks",
    readable: null,
    ...request,
  });
}

/** The chunks nearest to the query among those that the reader may see, compared one by one. */
async function nearest(readable: Readable): Promise<number[]> {
  const [vector = []] = await embedder.embed([QUERY]);
  const rows = await database.sql<{ similarity: number }[]>`
    select 1 - ((e.embedding::vector <=> ${`[${vector.join(",")}]`}::vector) + 0) as similarity
    from archon_chunk_embeddings e join archon_crawled_pages c on c.id = e.chunk_id
    join confluence_pages p on p.source_id = c.source_id and p.page_id = c.page_id
    where is_readable(p, ${[...readable.openSources]}, ${readable.nodes}) order by 1 desc limit 10`;
  return rows.map(({ similarity }) => similarity);
}

const rounded = (values: (number | null)[]) => values.map((value) => Number((value ?? 0).toFixed(6)));

/** Case 53 is of the table of cases in the specification of rights; `npm run bench -- access` measures it with 100,000 chunks. */
describe("a search for whoever may see little of what is near", () => {
  it("case 53: a search finds all ten nearest of what a reader may see although the vector index ends among what they may not", async () => {
    const { sql } = database;
    const [row] = await sql<{ signature: string }[]>`
      select p.oid::regprocedure::text as signature from pg_proc p where p.proname = 'nearest_chunks'`;
    const limit = (scanned: number) =>
      sql.unsafe(`alter function ${row?.signature} set hnsw.max_scan_tuples = ${scanned}`);
    // As if there were a hundred times as many hidden chunks near the query.
    await limit(1);
    try {
      const { hits } = await find({ readable: far });
      expect(hits).toHaveLength(10);
      expect(rounded(hits.map((hit) => hit.similarity))).toEqual(rounded(await nearest(far)));
      const unfiltered = await find({});
      expect(unfiltered.hits.every((hit) => hit.pageId.startsWith("near"))).toBe(true);
    } finally {
      await limit(40_000);
    }
  });

  it("a search compares all of the little that a reader may see", async () => {
    const { hits, totalFound, candidates } = await find({ readable: one });
    expect([hits.length, totalFound, candidates.byVector]).toEqual([3, 3, 3]);
    // What is far away is not ordered by it any more.
    expect(rounded(hits.map((hit) => hit.similarity).toSorted((a, b) => Number(b) - Number(a)))).toEqual(
      rounded(await nearest(one)),
    );
  });

  it("case 53: of the hundredth of all chunks that a reader may see a search finds what comparing each finds", async () => {
    const { sql } = database;
    const node = await addNode(sql, { sourceId: "docs", contentId: "few", parent: space });
    await putUnder(sql, "docs", ["few"], node);
    // Farther from the query than the hidden ones, and near enough to be ordered by that.
    await put("few", (chunk) => `zeppelin gearbox keel ${chunk}`, FEW);
    const few = readerOf([node]);
    const { hits, totalFound } = await find({ readable: few });
    expect([hits.length, totalFound]).toEqual([10, FEW]);
    expect(rounded(hits.map((hit) => hit.similarity))).toEqual(rounded(await nearest(few)));
    await sql`delete from confluence_pages where page_id = 'few'`;
  });

  it("a search by words finds what a reader may see behind any number of chunks with the same words that they may not", async () => {
    await store(database.sql, embedder, { pageId: "one", version: 2, chunks: ["the keel needs oil"] });
    const { hits, totalFound } = await find({ query: "oil", retrievers: "keyword", readable: one });
    expect([hits.map((hit) => hit.pageId), totalFound]).toEqual([["one"], 1]);
  });

  it("a reader of nothing finds nothing", async () => {
    const nothing = { openSources: [], nodes: new Uint8Array() };
    expect(await find({ readable: nothing, retrievers: "hybrid" })).toMatchObject({
      hits: [],
      totalFound: 0,
    });
    expect(await find({ readable: { ...nothing, openSources: ["other"] } })).toMatchObject({ hits: [] });
    expect((await find({ readable: { ...nothing, openSources: ["docs"] } })).hits).toHaveLength(10);
  });
});

describe("what the previous release calls", () => {
  it("functions of searches that know of no reader show sources that are open to all, and no others", async () => {
    const { sql } = database;
    const search = () => sql`
      select * from scored_chunks('oil', '{}', '', '{}', '{}', '{}', null, null, null, null, null::text[], 60, true)`;
    const words = () => sql`select * from texts_with_words('{oil}', '{docs}', null, null, null::text[])`;
    expect([(await search()).length > 0, (await words()).length]).toEqual([true, 1]);
    await sql`update archon_sources set access = 'unrestricted'`;
    expect([(await search()).length, (await words()).length]).toEqual([0, 0]);
    await sql`update archon_sources set access = 'everything'`;
  });
});
