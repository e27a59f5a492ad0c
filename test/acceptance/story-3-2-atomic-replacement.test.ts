import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type postgres from "postgres";
import { observeSql } from "#infra/local/runner/observe-sql.ts";
import { connect } from "#shared/db/connect.ts";
import { registerModel } from "#shared/embeddings/embedding-models.ts";
import { searchDocuments } from "#shared/documents/search.ts";
import { storePage } from "#shared/documents/store-page.ts";
import { insertSource } from "#shared/sources/sources.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { createTestDatabase, TEST_SCHEMA, type TestDatabase } from "#test/support/test-database.ts";

const NOW = new Date("2026-03-04T10:00:00Z");
const SOURCE = "space-a";
const embedder = fakeEmbedder();

describe("story 3.2: atomic chunk replacement", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
    await registerModel(database.sql, { model: embedder.model, dimensions: embedder.dimensions, now: NOW });
  });
  beforeEach(async () => {
    await database.clear();
    await insertSource(
      database.sql,
      {
        sourceId: SOURCE,
        title: "A",
        baseUrl: "https://a.atlassian.net",
        spaceKey: "A",
        spaceId: "1",
        spaceName: "A",
        accountId: "x",
        email: null,
        encryptedToken: "x",
        syncIntervalMinutes: null,
        searchLanguage: "english",
        embeddingModel: embedder.model,
        deletionStrategy: "on_demand",
      },
      NOW,
    );
    await store(database.sql, 1, ["alpha one", "shared part"]);
  });
  afterAll(() => database.close());

  const chunks = () => database.sql<{ content: string; pending: string | null }[]>`
    select content, metadata ->> '_pending_deletion' as pending from archon_crawled_pages
    where source_id = ${SOURCE} order by chunk_number, id`;
  const contents = async () => (await chunks()).map((row) => row.content);

  async function store(sql: postgres.Sql, version: number, texts: readonly string[]) {
    return storePage(
      sql,
      embedder,
      {
        sourceId: SOURCE,
        pageId: "1",
        title: "Page",
        version,
        representationRevision: 1,
        status: "current",
        parentId: null,
        parentType: null,
        kind: "page",
        url: "https://a.atlassian.net/wiki/1",
        labels: [],
        contentHash: String(version),
        modifiedAt: NOW,
        textLost: null,
        chunks: texts.map((content) => ({ content, headingPath: [], input: content })),
      },
      { now: NOW, model: embedder.model, language: "english", expectedStateRevision: null },
    );
  }

  /** Runs a swap and answers its statements in order; `failAt`: the one before which the connection is lost. */
  async function observedSwap(failAt?: RegExp) {
    const statements: { text: string; transaction: number | null; marked: number }[] = [];
    const sql = observeSql(database.sql, {
      onStatement: ({ text, transaction }) => {
        statements.push({ text, transaction, marked: 0 });
        if (failAt?.test(text)) throw new Error("The connection was lost here");
      },
    });
    const outcome = await store(sql, 2, ["beta two", "shared part"]).catch((error: unknown) => error);
    return { statements, outcome };
  }
  const position = (statements: { text: string }[], pattern: RegExp) =>
    statements.findIndex(({ text }) => pattern.test(text));

  it("3.2 AC1: old chunks are marked _pending_deletion before new ones are inserted", async () => {
    const { statements } = await observedSwap();
    const marked = position(statements, /_pending_deletion/);
    expect(marked).toBeGreaterThan(-1);
    expect(marked).toBeLessThan(position(statements, /insert into archon_crawled_pages/));
  });

  it("3.2 AC2: new chunks are inserted", async () => {
    await observedSwap();
    expect(await contents()).toContain("beta two");
  });

  it("3.2 AC3: old chunks are deleted only in the transaction that inserts the new ones, after them", async () => {
    const { statements } = await observedSwap();
    const inserted = position(statements, /insert into archon_crawled_pages/);
    const deleted = position(statements, /delete from archon_crawled_pages/);
    expect(deleted).toBeGreaterThan(inserted);
    expect(statements[deleted]?.transaction).toBe(statements[inserted]?.transaction);
    expect(position(statements, /^commit$/)).toBeGreaterThan(deleted);
  });

  it("3.2 AC4: one transaction, all or nothing", async () => {
    const { statements } = await observedSwap();
    const writes = statements.filter(({ text }) => /^\s*(insert|update|delete|with)/i.test(text));
    expect(writes.length).toBeGreaterThan(2);
    expect(new Set(writes.map(({ transaction }) => transaction)).size).toBe(1);
    expect(writes[0]?.transaction).not.toBeNull();
  });

  it("3.2 AC5: whichever statement fails, the old chunks are active again", async () => {
    for (const failAt of [
      /insert into archon_crawled_pages/,
      /delete from archon_crawled_pages/,
      /^commit$/,
    ]) {
      const { outcome } = await observedSwap(failAt);
      expect(outcome).toBeInstanceOf(Error);
      expect(await chunks()).toEqual([
        { content: "alpha one", pending: null },
        { content: "shared part", pending: null },
      ]);
    }
  });

  it("3.2 AC6: search skips marked chunks if the page has others, and returns them if it has none", async () => {
    const find = async () => (await search("alpha shared")).map((hit) => hit.content);
    await database.sql`
      update archon_crawled_pages set metadata = metadata || '{"_pending_deletion": true}' where content = 'alpha one'`;
    expect(await find()).toEqual(["shared part"]);
    await database.sql`update archon_crawled_pages set metadata = metadata || '{"_pending_deletion": true}'`;
    expect((await find()).toSorted()).toEqual(["alpha one", "shared part"]);
  });

  it("3.2 IV1: a search before each statement of a swap finds the old chunks or the new ones, never none", async () => {
    if (!database.concurrent) {
      // One session: what another one would read between two statements is what is committed, and that is the old page.
      await observedSwap(/^commit$/);
      expect((await search("shared part")).map((hit) => hit.content)).toContain("shared part");
      return;
    }
    const found: string[][] = [];
    // Another session: what a reader sees while the writer's transaction is open.
    const reader = connect({ ...database.address, schema: TEST_SCHEMA, maxConnections: 1 });
    const sql = observeSql(database.sql, {
      onStatement: async () => {
        found.push((await search("part alpha beta", reader)).map((hit) => hit.content).toSorted());
      },
    });
    await store(sql, 2, ["beta two", "shared part"]);
    await reader.end();
    expect(found.length).toBeGreaterThan(4);
    for (const hits of found) expect(hits).toEqual(["alpha one", "shared part"]);
    expect((await search("part alpha beta")).map((hit) => hit.content).toSorted()).toEqual([
      "beta two",
      "shared part",
    ]);
  });

  it("3.2 IV2: a failed sync keeps the old chunks", async () => {
    const failing = { ...embedder, embed: () => Promise.reject(new Error("The model does not answer")) };
    await expect(
      storePage(
        database.sql,
        failing,
        {
          sourceId: SOURCE,
          pageId: "1",
          title: "Page",
          version: 2,
          representationRevision: 1,
          status: "current",
          parentId: null,
          parentType: null,
          kind: "page",
          url: "",
          labels: [],
          contentHash: "2",
          modifiedAt: NOW,
          textLost: null,
          chunks: [{ content: "gamma", headingPath: [], input: "gamma" }],
        },
        { now: NOW, model: embedder.model, language: "english", expectedStateRevision: null },
      ),
    ).rejects.toThrow();
    expect(await contents()).toEqual(["alpha one", "shared part"]);
  });

  it("3.2 IV3: a successful sync leaves no orphans: no marked chunk, no vector without its chunk", async () => {
    await store(database.sql, 2, ["beta two"]);
    expect(await chunks()).toEqual([{ content: "beta two", pending: null }]);
    const [row] = await database.sql`
      select count(*)::int as vectors, count(c.id)::int as chunks
      from archon_chunk_embeddings e left join archon_crawled_pages c on c.id = e.chunk_id`;
    expect(row).toEqual({ vectors: 1, chunks: 1 });
  });

  async function search(query: string, sql: postgres.Sql = database.sql) {
    const [vector = []] = await embedder.embed([query]);
    const result = await searchDocuments(sql, {
      query,
      embedding: { model: embedder.model, vector },
      sources: [SOURCE],
      matchCount: 10,
      returnMode: "chunks",
      readable: null,
    });
    return result.hits;
  }
});
