import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Embedder } from "#shared/embeddings/embedder.ts";
import { registerModel } from "#shared/embeddings/embedding-models.ts";
import { RateLimitedError, TransientError } from "#shared/errors.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { addSource, NOW, store } from "#test/support/stored-pages.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const embedder = fakeEmbedder();
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  await database.clear();
  await addSource(database.sql, embedder, { sourceId: "docs" });
});
afterAll(() => database.close());

const answering = (embed: Embedder["embed"]): Embedder => ({ ...embedder, embed });

async function contents() {
  const rows = await database.sql<{ content: string }[]>`
    select content from archon_crawled_pages c join archon_chunk_embeddings e on e.chunk_id = c.id order by chunk_number`;
  return rows.map((row) => row.content);
}

describe("storePage", () => {
  it("storePage embeds only the chunks whose input is new", async () => {
    const asked: string[] = [];
    const counting = answering((texts) => {
      asked.push(...texts);
      return embedder.embed(texts);
    });
    const chunks = Array.from({ length: 50 }, (_, index) => `paragraph ${index}`);
    await store(database.sql, counting, { pageId: "1", chunks });
    expect(asked.length).toBe(50);
    const edited = chunks.with(20, "paragraph rewritten");
    const result = await store(database.sql, counting, { pageId: "1", version: 2, chunks: edited });
    expect(asked.slice(50)).toEqual(["Page 1\n\nparagraph rewritten"]);
    expect(result).toMatchObject({ chunksAdded: 1, chunksRemoved: 1, chunksKept: 49, embeddingsReused: 49 });
    expect(await contents()).toEqual(edited);
  });

  it.each([
    [
      "too few vectors",
      answering(async (texts) => (await embedder.embed(texts)).slice(1)),
      "embedding_count_mismatch",
    ],
    ["a wrong dimension", answering(async (texts) => texts.map(() => [1])), "embedding_dimension_mismatch"],
    [
      "one vector of zeros",
      answering(async (texts) => (await embedder.embed(texts)).with(1, Array(64).fill(0) as number[])),
      "embedding_unusable",
    ],
    [
      "no answer",
      answering(() => Promise.reject(new TransientError("embedding_unreachable", "timeout"))),
      "embedding_unreachable",
    ],
    ["429", answering(() => Promise.reject(new RateLimitedError("wait", 1000))), "rate_limited"],
  ])(
    "with %s the page fails with a reason and its old chunks stay, nothing is half stored",
    async (_, failing, code) => {
      await store(database.sql, embedder, { pageId: "1", chunks: ["old one", "old two"] });
      const page = { pageId: "1", version: 2, chunks: ["old one", "new two", "new three"] };
      await expect(store(database.sql, failing, page)).rejects.toMatchObject({ code });
      expect(await contents()).toEqual(["old one", "old two"]);
      await expect(store(database.sql, failing, { ...page, pageId: "fresh" })).rejects.toMatchObject({
        code,
      });
      const [row] =
        await database.sql`select count(*)::int as n from confluence_pages where page_id = 'fresh'`;
      expect(row).toEqual({ n: 0 });
    },
  );

  it("storePage embeds again when vectors to be reused are deleted between planning and swap", async () => {
    await store(database.sql, embedder, { pageId: "1", chunks: ["kept", "old"] });
    let stolen = false;
    const thief = answering(async (texts) => {
      if (!stolen) await database.sql`delete from archon_crawled_pages`;
      stolen = true;
      return embedder.embed(texts);
    });
    const result = await store(database.sql, thief, { pageId: "1", version: 2, chunks: ["kept", "new"] });
    expect(result).toMatchObject({ outcome: "updated", chunksAdded: 2, embeddingsCreated: 2 });
    expect(await contents()).toEqual(["kept", "new"]);
  });

  it.each([
    [
      "takes a vector",
      "insert on archon_chunk_embeddings",
      "if new.chunk_id % 2 = 0 then return null; end if; return new;",
    ],
    ["keeps an old chunk", "delete on archon_crawled_pages", "return null;"],
  ])(
    "storePage notices in the middle that another process %s, and stores nothing",
    async (_, event, action) => {
      await store(database.sql, embedder, { pageId: "1", chunks: ["old"] });
      await database.sql.unsafe(`
      create function interfere() returns trigger language plpgsql as $$ begin ${action} end $$;
      create trigger interfere before ${event} for each row execute function interfere()`);
      try {
        const attempt = store(database.sql, embedder, { pageId: "1", version: 2, chunks: ["a", "b", "c"] });
        await expect(attempt).rejects.toMatchObject({
          name: "TransientError",
          code: "stored_count_mismatch",
        });
        expect(await contents()).toEqual(["old"]);
      } finally {
        await database.sql`drop function interfere cascade`;
      }
    },
  );

  it.each([
    ["lost", "delete from archon_chunk_embeddings"],
    ["has of another model only", "update archon_chunk_embeddings set model = 'other'"],
  ])("storePage gives a kept chunk the vector that it %s", async (_, statement) => {
    const { sql } = database;
    await registerModel(sql, { model: "other", dimensions: embedder.dimensions, now: NOW });
    await store(sql, embedder, { pageId: "1", chunks: ["stays", "goes"] });
    await sql.unsafe(statement);
    const result = await store(sql, embedder, { pageId: "1", version: 2, chunks: ["stays", "comes"] });
    expect(result).toMatchObject({
      chunksKept: 1,
      chunksAdded: 1,
      embeddingsCreated: 2,
      embeddingsReused: 0,
    });
    const rows = await sql`
      select content from archon_crawled_pages c
      join archon_chunk_embeddings e on e.chunk_id = c.id and e.model = ${embedder.model} order by chunk_number`;
    expect(rows.map((row) => row.content as string)).toEqual(["stays", "comes"]);
  });

  it("storePage embeds with the configured model where that of the source is not, and the source keeps its model", async () => {
    const { sql } = database;
    const next = fakeEmbedder({ model: "next" });
    await store(sql, embedder, { pageId: "1", chunks: ["stays", "goes"] });
    const edit = { pageId: "1", version: 2, chunks: ["stays", "comes"] };
    expect(await store(sql, next, edit, { model: embedder.model })).toMatchObject({
      chunksKept: 1,
      chunksAdded: 1,
      embeddingsCreated: 2,
    });
    const rows = await sql`
      select content, array_agg(model order by model) as models from archon_crawled_pages c
      join archon_chunk_embeddings e on e.chunk_id = c.id group by c.id order by chunk_number`;
    expect(rows.map((row) => [row.content, row.models] as unknown)).toEqual([
      ["stays", [embedder.model, "next"]],
      ["comes", ["next"]],
    ]);
    expect(await sql`select embedding_model from archon_sources`).toEqual([
      { embedding_model: embedder.model },
    ]);
  });
});
