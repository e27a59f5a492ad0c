import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { observeSql, type Statement } from "#infra/local/runner/observe-sql.ts";
import { deleteSourceRows } from "#shared/documents/delete-source.ts";
import { searchDocuments } from "#shared/documents/search.ts";
import { discardAbandoned, stageChunks } from "#shared/documents/staged-chunks.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { addSource, NOW, pageFacts, store, type TestPage } from "#test/support/stored-pages.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const embedder = fakeEmbedder({ dimensions: 8 });
/** Three vectors in a statement. */
const steps = { vectorNumbersAtOnce: 3 * 8 + 1 };
const HOUR_MS = 3_600_000;
const before = { pageId: "1", chunks: ["kept one", "stale two", "kept three"] };
const after = {
  pageId: "1",
  version: 2,
  chunks: ["new zero", "kept one", "new two", "new two", "kept three", "new five", "new six", "C# new seven"],
};

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  await database.clear();
  await addSource(database.sql, embedder, { sourceId: "docs" });
});
afterAll(() => database.close());

const chunks = () => database.sql`
  select c.chunk_number, c.content, c.heading_path, c.input_hash, c.search_vector::text, c.words_revision, c.url, c.metadata,
    c.created_at, e.model, e.embedding::text
  from archon_crawled_pages c left join archon_chunk_embeddings e on e.chunk_id = c.id order by c.page_id, c.chunk_number`;

/** Vectors without a chunk, and what is staged. */
async function left() {
  const [row] = await database.sql`
    select (select count(*)::int from archon_staged_chunks) as staged,
      (select count(*)::int from archon_chunk_embeddings e
        where not exists (select from archon_crawled_pages c where c.id = e.chunk_id)) as vectors`;
  return row;
}
const nothing = { staged: 0, vectors: 0 };

async function embedded(page: TestPage) {
  const contents = page.chunks.map(String);
  const vectors = await embedder.embed(contents);
  const facts = pageFacts(page);
  return {
    ...facts,
    chunks: contents.map((content, n) => ({
      content,
      headingPath: [],
      inputHash: content,
      embedding: vectors[n] ?? null,
    })),
  };
}
const stage = async (page: TestPage, sql = database.sql) =>
  stageChunks(sql, await embedded(page), {
    now: NOW,
    model: embedder.model,
    language: "english",
    numbersAtOnce: 8,
  });

describe("a page stored in steps", () => {
  it("a page stored in steps becomes what it becomes at once, with the same counts", async () => {
    await store(database.sql, embedder, before);
    const atOnce = await store(database.sql, embedder, after);
    const expected = await chunks();
    await database.clear();
    await addSource(database.sql, embedder, { sourceId: "docs" });
    await store(database.sql, embedder, before, steps);
    expect(await store(database.sql, embedder, after, steps)).toEqual(atOnce);
    expect(await chunks()).toEqual(expected);
    expect(await left()).toEqual(nothing);
  });

  it("a page stored in steps is found as it was until its swap, and no statement outside stores more vectors than allowed", async () => {
    await store(database.sql, embedder, before);
    const old = await chunks();
    const outside: Statement[] = [];
    let moments = 0;
    let swapping = false;
    const sql = observeSql(database.sql, {
      onStatement: async (statement) => {
        swapping ||= statement.transaction !== null;
        if (swapping) return;
        outside.push(statement);
        moments += 1;
        expect(await chunks()).toEqual(old);
        const found = await searchDocuments(database.sql, {
          query: "new stale",
          embedding: { model: embedder.model, vector: (await embedder.embed(["new two"]))[0] ?? [] },
          matchCount: 10,
          returnMode: "chunks",
          readable: null,
        });
        expect(found.hits.map((hit) => hit.content).sort()).toEqual([...before.chunks].sort());
      },
    });
    await store(sql, embedder, after, steps);
    const stages = outside.filter(
      ({ text }) => text.includes("archon_staged_chunks") && text.includes("nextval"),
    );
    // Six new chunks: three and three.
    expect(stages).toHaveLength(2);
    expect(moments).toBeGreaterThan(3);
    expect((await chunks()).map((row) => String(row.content))).toEqual(after.chunks);
  });

  it("the swap of a page stored in steps stores no vector", async () => {
    const swap: string[] = [];
    const sql = observeSql(database.sql, {
      onStatement: ({ text, transaction }) => void (transaction !== null && swap.push(text)),
    });
    await store(sql, embedder, after, steps);
    expect(swap.filter((text) => text.includes("insert into archon_crawled_pages"))).toHaveLength(1);
    expect(swap.filter((text) => text.includes("insert into archon_chunk_embeddings"))).toEqual([]);
  });

  it("a page with few new chunks is stored at once", async () => {
    const texts: string[] = [];
    const sql = observeSql(database.sql, { onStatement: ({ text }) => void texts.push(text) });
    await store(sql, embedder, before, steps);
    expect(texts.filter((text) => text.includes("archon_staged_chunks"))).toEqual([]);
  });

  it.each([
    ["while it is staged", /nextval/, 2],
    ["in the swap", /update confluence_pages/, 1],
    ["at the commit", /^commit$/, 1],
  ])("a page stored in steps that fails %s stays as it was", async (_, pattern, nth) => {
    await store(database.sql, embedder, before);
    const old = await chunks();
    let seen = 0;
    const sql = observeSql(database.sql, {
      onStatement: ({ text }) => {
        if (pattern.test(text) && (seen += 1) === nth) throw new Error("lost");
      },
    });
    await expect(store(sql, embedder, after, steps)).rejects.toThrow("lost");
    expect(await chunks()).toEqual(old);
    await store(database.sql, embedder, after, steps);
    expect((await chunks()).map((row) => String(row.content))).toEqual(after.chunks);
  });

  it("a page stored in steps that another worker stored meanwhile leaves nothing staged, and takes no vector from it", async () => {
    let other = false;
    const faster = observeSql(database.sql, {
      onStatement: async ({ text, transaction }) => {
        if (transaction === null && text.includes("nextval") && !other) {
          other = true;
          await store(database.sql, embedder, after, steps);
        }
      },
    });
    expect(await store(faster, embedder, after, steps)).toMatchObject({ outcome: "superseded" });
    expect(await left()).toEqual(nothing);
    expect((await chunks()).filter((row) => row.model === null)).toEqual([]);
    expect((await chunks()).map((row) => String(row.content))).toEqual(after.chunks);
  });
});

describe("staged chunks of a worker that crashed", () => {
  it("staged chunks are discarded with their vectors after an hour", async () => {
    await stage(after);
    expect(await left()).toEqual({ staged: 8, vectors: 8 });
    expect(await discardAbandoned(database.sql, new Date(NOW.getTime() + HOUR_MS))).toBe(0);
    expect(await discardAbandoned(database.sql, new Date(NOW.getTime() + HOUR_MS + 1))).toBe(8);
    expect(await left()).toEqual(nothing);
  });

  it("staged chunks are deleted with their source", async () => {
    await store(database.sql, embedder, before);
    await stage(after);
    await addSource(database.sql, embedder, { sourceId: "other" });
    await stage({ ...after, sourceId: "other" });
    await database.sql`update archon_sources set status = 'deleting' where source_id = 'docs'`;
    while (!(await deleteSourceRows(database.sql, "docs")).done);
    expect(await left()).toEqual({ staged: 8, vectors: 8 });
    expect(await database.sql`select distinct source_id from archon_staged_chunks`).toMatchObject([
      { source_id: "other" },
    ]);
    expect(await database.sql`select distinct source_id from archon_chunk_embeddings`).toMatchObject([
      { source_id: "other" },
    ]);
  });
});
