import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { searchDocuments, type SearchRequest } from "#shared/documents/search.ts";
import { filterOf, findAskedPages, wordsMissing } from "#shared/documents/asked-page.ts";
import { correctQuery } from "#shared/documents/correct-query.ts";
import { removedByFilter } from "#shared/documents/removed-by-filter.ts";
import type { SearchedQuery } from "#shared/documents/scored-chunks.ts";
import { findStoredPages } from "#shared/documents/stored-text.ts";
import { passedNodes } from "#shared/access/readers/passed-nodes.ts";
import type { Readable } from "#shared/access/readers/readable.ts";
import { registerModel } from "#shared/embeddings/embedding-models.ts";
import { addNode } from "#test/support/access-nodes.ts";
import { startExplainedDatabase, type ExplainedDatabase, rowsRead } from "#test/support/explained-queries.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { stopAutovacuum } from "#test/support/stop-autovacuum.ts";
import { addSource, NOW } from "#test/support/stored-pages.ts";

const first = fakeEmbedder({ model: "first", dimensions: 16 });
const second = fakeEmbedder({ model: "second", dimensions: 16 });
const CHUNKS_A_PAGE = 4;
/** Chunks of the first source: more than are compared one by one (2,000), and enough for the planner to be tempted. */
const MANY = 6000;
const TABLES = [
  "archon_sources",
  "confluence_pages",
  "archon_crawled_pages",
  "archon_chunk_embeddings",
  "access_nodes",
  "content_access",
];

let database: ExplainedDatabase;
beforeAll(async () => {
  database = await startExplainedDatabase();
  // A server would analyze these tables a minute from now, but for `archon_sources`, which is too small for it.
  await stopAutovacuum(database.sql, TABLES);
}, 60_000);
afterAll(() => database.close());

/**
 * Every chunk holds `everywhere`, one in a hundred `rare`; every third page is labelled `common`, one in a hundred `rare`, and another
 * one in a hundred is a post.
 */
async function addChunks(sourceId: string, embedder: { model: string }, chunks: number): Promise<void> {
  const { sql } = database;
  await sql`
    insert into confluence_pages (source_id, page_id, title, version, representation_revision, kind, labels, chunk_count, modified_at,
      shows_unguarded)
    select ${sourceId}, 'p' || n, 'Page ' || n, 1, 1, case when n % 100 = 50 then 'blogpost' else 'page' end,
      case when n % 100 = 0 then '{rare}' when n % 3 = 0 then '{common}' else '{}' end::text[],
      ${CHUNKS_A_PAGE}, ${NOW}::timestamptz - n * interval '1 hour', false
    from generate_series(0, ${chunks / CHUNKS_A_PAGE - 1}::int) n`;
  await sql`
    with made as (
      insert into archon_crawled_pages (source_id, page_id, url, chunk_number, content, input_hash, search_vector, created_at)
      select ${sourceId}, 'p' || n / ${CHUNKS_A_PAGE}::int, '', n % ${CHUNKS_A_PAGE}::int, 'everywhere ' || repeat(md5(n::text), 20), md5(n::text),
        to_tsvector('english', 'everywhere only' || n || case when n % 100 = 0 then ' rare' else '' end), ${NOW}
      from generate_series(0, ${chunks - 1}::int) n returning id
    )
    insert into archon_chunk_embeddings (chunk_id, model, source_id, embedding)
    select id, ${embedder.model}, ${sourceId}, array(
      select sin(id * n)::real from generate_series(1, ${first.dimensions}::int) n)::vector from made`;
}

/** One page in a hundred is under a node of its own, the others under the space's. */
async function addNodes(sourceId: string): Promise<void> {
  const { sql } = database;
  const space = await addNode(sql, { sourceId, groups: ["staff"] });
  await sql`
    insert into access_nodes (source_id, content_id, parent_node, users, state)
    select source_id, page_id, ${space}, '{ann}', 'known' from confluence_pages
    where source_id = ${sourceId} and substr(page_id, 2)::int % 100 = 0`;
  await sql`
    insert into content_access (source_id, content_id, ancestor_ids, node_id)
    select p.source_id, p.page_id, '{}', coalesce(n.node_id, ${space})
    from confluence_pages p left join access_nodes n on n.source_id = p.source_id and n.content_id = p.page_id
    where p.source_id = ${sourceId}`;
}

/** A reader of all nodes of the spaces, of all others, or of those and of one source that everybody may read. */
async function readerOf(which: "spaces" | "few" | "open"): Promise<Readable> {
  const rows = await database.sql<{ node: number }[]>`
    select node_id as node from access_nodes where (content_id is null) = ${which === "spaces"}`;
  return {
    openSources: which === "open" ? ["s1"] : [],
    nodes: passedNodes({ nodes: rows.map(({ node }) => node), parents: rows.map(() => 0) }),
  };
}

async function search(request: Partial<SearchRequest>) {
  return searchDocuments(database.sql, {
    ...(await searched()),
    matchCount: 10,
    returnMode: "chunks",
    readable: null,
    ...request,
  });
}

/** What is searched for. */
async function searched(): Promise<SearchedQuery> {
  const vectors = await Promise.all(
    [first, second].map(async (embedder) => ({
      model: embedder.model,
      vector: (await embedder.embed(["x"]))[0] ?? [],
    })),
  );
  return { query: "everywhere rare", embedding: vectors };
}

const SHAPES: {
  shape: string;
  request: Partial<SearchRequest>;
  few?: true;
  reader?: "spaces" | "few" | "open";
}[] = [
  { shape: "a reader of an open source and of few pages", request: {}, reader: "open" },
  {
    shape: "a reader of an open source, and a label of few pages",
    request: { labels: ["rare"] },
    reader: "open",
    few: true,
  },
  { shape: "words alone", request: { retrievers: "keyword" } },
  { shape: "words alone, and a label of few pages", request: { retrievers: "keyword", labels: ["rare"] } },
  { shape: "a kind of many pages", request: { kinds: ["page"] } },
  { shape: "a kind of few pages", request: { kinds: ["blogpost"] }, few: true },
  { shape: "a reader of most pages", request: {}, reader: "spaces" },
  { shape: "a reader of few pages", request: {}, reader: "few", few: true },
  {
    shape: "a reader of few pages of a label of many",
    request: { labels: ["common", "rare"] },
    reader: "few",
    few: true,
  },
  { shape: "no filter", request: {} },
  { shape: "a source", request: { sources: ["s1"] } },
  { shape: "a space", request: { spaces: ["S1"] } },
  { shape: "a label of many pages", request: { labels: ["common", "rare"] } },
  { shape: "a label of few pages", request: { labels: ["rare"] }, few: true },
  { shape: "a time long ago", request: { updatedSince: new Date("2000-01-01") } },
  {
    shape: "a time just now",
    request: { updatedSince: new Date(NOW.getTime() - 20 * 3_600_000) },
    few: true,
  },
];

describe.each([
  {
    tables: "with one source",
    add: async () => {
      await addSource(database.sql, first, { sourceId: "s1", spaceKey: "S1" });
      await registerModel(database.sql, { model: second.model, dimensions: second.dimensions, now: NOW });
      await addChunks("s1", first, MANY);
      await addNodes("s1");
    },
  },
  {
    tables: "with two sources of two models",
    add: async () => {
      await addSource(database.sql, second, { sourceId: "s2" });
      await addChunks("s2", second, MANY / 2);
      await addNodes("s2");
    },
  },
  {
    tables: "with fifty sources",
    add: async () => {
      for (let number = 3; number <= 50; number += 1) {
        await addSource(database.sql, first, { sourceId: `s${number}` });
        await addChunks(`s${number}`, first, 20);
        await addNodes(`s${number}`);
      }
    },
  },
])("a search of tables that were never analyzed, $tables,", ({ add }) => {
  beforeAll(add, 120_000);

  it.each(
    SHAPES.flatMap((shape) =>
      (["chunks", "pages"] as const).map((returnMode) => Object.assign({ returnMode }, shape)),
    ),
  )(
    "a search of tables that were never analyzed, with $shape, for $returnMode, reads only what it needs",
    async ({ request: asked, returnMode, few, reader }) => {
      const request = { ...asked, readable: reader ? await readerOf(reader) : null };
      const { sql, explain } = database;
      const [pages] = await sql<{ count: number }[]>`select count(*)::int from confluence_pages`;
      await search({ ...request, returnMode });
      const nodes = await explain(() => search({ ...request, returnMode }));
      const vectorScans = nodes.filter(
        (node) => node["Relation Name"] === "archon_chunk_embeddings" && node["Actual Loops"] > 0,
      );
      expect(vectorScans.length > 0).toBe(request.retrievers !== "keyword");
      const hnsw = vectorScans.filter((node) => node["Index Name"]?.startsWith("embeddings_hnsw_"));
      // Those of chunks that only words found.
      const byKey = vectorScans.filter((node) => node["Index Name"] === "archon_chunk_embeddings_pkey");
      if (few) expect(vectorScans).toEqual(byKey);
      else expect(new Set(vectorScans)).toEqual(new Set([...hnsw, ...byKey]));
      expect(hnsw.length > 0).toBe(!few && request.retrievers !== "keyword");
      // An index goes through all the vectors of a model, with their chunks, whose sources have few pages for the reader.
      const inVain = reader === "open" && !few ? MANY / 2 : 0;
      expect(rowsRead(nodes, "archon_chunk_embeddings")).toBeLessThan(inVain + (few ? 1500 : 1000));
      // What the indexes find, once to filter and once to compare, and the sample that tells a rare word from a common one.
      expect(rowsRead(nodes, "archon_crawled_pages")).toBeLessThan(inVain + 2500);
      // Once for the filter, and those of the chunks that were found.
      expect(rowsRead(nodes, "confluence_pages")).toBeLessThan((pages?.count ?? 0) + 1500);
    },
  );

  it.each([
    { filter: "a space", request: { spaces: ["S1"] } },
    { filter: "a label, and a reader of few pages", request: { labels: ["rare"] }, reader: "few" as const },
  ])(
    "an explanation of a search of tables that were never analyzed, with $filter, reads only what it needs",
    async ({ request: asked, reader }) => {
      const { sql, explain } = database;
      const [pages] = await sql<{ count: number }[]>`select count(*)::int from confluence_pages`;
      const readable = reader ? await readerOf(reader) : null;
      const request = { ...(await searched()), ...asked, readable };
      const asks = { sourceId: "s1", pageId: "p100" };
      const explained = async () => [
        await findAskedPages(sql, { ...asks, sourceId: null }),
        await filterOf(sql, asks, asked, readable),
        await wordsMissing(sql, asks, "everywhere rare absent"),
        await removedByFilter(sql, request, 50),
      ];
      const [found, filter, missing] = await explained();
      expect(found).toContainEqual(expect.objectContaining(asks));
      expect(filter).toEqual({ isReadable: true, unmet: null });
      expect(missing).toEqual(["absent"]);
      const nodes = await explain(explained);
      // The search without its filter, which the reader's few pages may also be found for one by one.
      expect(rowsRead(nodes, "archon_chunk_embeddings")).toBeLessThan(1500);
      expect(rowsRead(nodes, "archon_crawled_pages")).toBeLessThan(2500);
      expect(rowsRead(nodes, "confluence_pages")).toBeLessThan((pages?.count ?? 0) + 1500);
    },
  );

  it.each([{ reader: null }, { reader: "few" as const }, { reader: "open" as const }])(
    "a corrected query of tables that were never analyzed reads only what it needs, reader: $reader",
    async ({ reader }) => {
      const { sql, explain } = database;
      const readable = reader && (await readerOf(reader));
      const correct = () =>
        correctQuery(sql, { query: "everywere", readable, readableElsewhere: readable, sources: ["s1"] });
      expect(await correct()).toBe("everywhere");
      const [pages] = await sql<{ count: number }[]>`select count(*)::int from confluence_pages`;
      const nodes = await explain(correct);
      expect(rowsRead(nodes, "archon_chunk_embeddings")).toBe(0);
      expect(rowsRead(nodes, "archon_crawled_pages")).toBeLessThan(1000);
      // Once for the words, and once for the texts that hold them.
      expect(rowsRead(nodes, "confluence_pages")).toBeLessThan(2 * (pages?.count ?? 0) + 500);
    },
  );

  it("a page is read by its address, and by its title, without the others", async () => {
    const { sql, explain } = database;
    await sql`update confluence_pages set url = 'site/1400' where title = 'Page 1400'`;
    for (const find of [{ url: "site/1400" }, { title: "Page 1400" }]) {
      const read = explain(() => findStoredPages(sql, { ...find, readable: null }, 100));
      expect(rowsRead(await read, "confluence_pages")).toBeLessThan(20);
    }
  });

  it("whether a reader's pages are few is known when they are not: no more of them are read", async () => {
    const { sql, explain } = database;
    const { nodes: readable } = await readerOf("spaces");
    const count = () => sql`
      select f.pages, f.chunks::int from few_searched_pages('{s1}', null, null, null, '{}', ${readable}::bytea, 100) f`;
    const [found] = await count();
    expect(found).toMatchObject({ pages: null });
    const plan = await explain(count);
    expect(rowsRead(plan, "confluence_pages")).toBeLessThanOrEqual(110);
    expect(plan.filter((node) => node["Node Type"] === "Bitmap Index Scan")).toEqual([]);
  });

  it("searches of tables that were never analyzed do not analyze them", async () => {
    const rows = await database.sql<{ name: string }[]>`
      select tablename as name from pg_stats where tablename = any(${TABLES})`;
    expect(rows).toEqual([]);
  });
});
