import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { transaction } from "#shared/db/connect.ts";
import { addDocuments } from "#shared/documents/add-documents.ts";
import { deletePages } from "#shared/documents/delete-pages.ts";
import { readPageStates } from "#shared/documents/page-states.ts";
import { hashInput } from "#shared/documents/embed-pages.ts";
import type { ChunkPlace } from "#shared/documents/page-to-store.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { addSource, NOW, pageFacts, store, type TestPage } from "#test/support/stored-pages.ts";
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

const put = (page: Omit<TestPage, "pageId">, options = {}) =>
  store(database.sql, embedder, { pageId: "1", ...page }, options);

async function chunks() {
  return database.sql<{ id: string; content: string; number: number; marked: boolean; vectors: number }[]>`
    select id::text, content, chunk_number as number, metadata ? '_pending_deletion' as marked,
      (select count(*)::int from archon_chunk_embeddings e where e.chunk_id = c.id) as vectors
    from archon_crawled_pages c order by chunk_number`;
}

describe("addDocuments", () => {
  it("addDocuments stores a new page with a vector for each chunk", async () => {
    const result = await put({ chunks: ["alpha", "beta"] });
    expect(result).toEqual({
      outcome: "added",
      chunksAdded: 2,
      chunksKept: 0,
      chunksRemoved: 0,
      embeddingsCreated: 2,
      embeddingsReused: 0,
    });
    expect((await chunks()).map(({ content, vectors }) => [content, vectors])).toEqual([
      ["alpha", 1],
      ["beta", 1],
    ]);
  });

  it("addDocuments keeps row and vector of an unchanged chunk, and only renumbers it", async () => {
    await put({ chunks: ["alpha", "beta", "gamma"] });
    const before = await chunks();
    const result = await put({ version: 2, chunks: ["alpha", "new", "beta", "gamma"] });
    expect(result).toMatchObject({ outcome: "updated", chunksAdded: 1, chunksKept: 3, embeddingsCreated: 1 });
    const after = await chunks();
    expect(after.map(({ content }) => content)).toEqual(["alpha", "new", "beta", "gamma"]);
    const ids = (rows: typeof after) => rows.filter((row) => row.content !== "new").map((row) => row.id);
    expect(ids(after)).toEqual(ids(before));
  });

  it("addDocuments writes where a kept chunk stands in its file if that changed, and does not write the row otherwise", async () => {
    const stored = async (version: number, ...places: (ChunkPlace | undefined)[]) => {
      const chunks = places.map((place, n) => ({
        content: `text ${n}`,
        headingPath: [],
        ...(place && { place }),
      }));
      expect((await put({ version, chunks })).embeddingsCreated).toBe(version === 1 ? places.length : 0);
      return database.sql<{ place: ChunkPlace | null; row: string }[]>`
        select metadata -> 'place' as place, xmin::text as row from archon_crawled_pages order by chunk_number`;
    };
    const first = await stored(1, { page: 1 }, { page: 2 }, undefined, { page: 4 });
    const second = await stored(2, { page: 1 }, { page: 3 }, undefined, undefined);
    expect(second.map(({ place }) => place)).toEqual([{ page: 1 }, { page: 3 }, null, null]);
    expect(second.map(({ row }, n) => row === first[n]?.row)).toEqual([true, false, true, false]);
  });

  it("addDocuments gives a kept chunk the headings that it stands below now, for a model that embeds none", async () => {
    await database.clear();
    const local = fakeEmbedder({ inputHeadings: false });
    await addSource(database.sql, local, { sourceId: "docs" });
    const section = (heading: string, version: number) =>
      store(database.sql, local, {
        pageId: "1",
        version,
        chunks: [
          { content: `${heading} begins`, headingPath: [heading] },
          { content: "It goes on", headingPath: [heading] },
          { content: "Elsewhere", headingPath: ["Dingo"] },
        ],
      });
    await section("Quokka", 1);
    expect(await section("Wombat", 2)).toMatchObject({ chunksAdded: 1, chunksKept: 2, embeddingsCreated: 1 });
    const found = (word: string) => database.sql`
      select content, heading_path as headings from archon_crawled_pages
      where search_vector @@ to_tsquery('english', ${word}) order by chunk_number`;
    expect(await found("quokka")).toEqual([]);
    expect(await found("wombat")).toEqual([
      { content: "Wombat begins", headings: ["Wombat"] },
      { content: "It goes on", headings: ["Wombat"] },
    ]);
    expect(await found("dingo")).toEqual([{ content: "Elsewhere", headings: ["Dingo"] }]);
  });

  it("addDocuments keeps the labels when it gets none", async () => {
    await put({ labels: ["howto"], chunks: ["a"] });
    await put({ version: 2, labels: null, chunks: ["b"] });
    const labels = async () =>
      (await database.sql`select labels from confluence_pages`)[0]?.labels as unknown;
    expect(await labels()).toEqual(["howto"]);
    await put({ version: 3, labels: [], chunks: ["c"] });
    expect(await labels()).toEqual([]);
  });

  it("addDocuments reuses one vector for a text that a page now contains twice", async () => {
    await put({ chunks: ["same"] });
    const result = await put({ version: 2, chunks: ["same", "same"] });
    expect(result).toMatchObject({
      chunksAdded: 1,
      chunksKept: 1,
      embeddingsCreated: 0,
      embeddingsReused: 2,
    });
    expect((await chunks()).map((row) => row.vectors)).toEqual([1, 1]);
  });

  it.each([
    { stored: 3, revision: 1, incoming: 2, incomingRevision: 1, outcome: "superseded" },
    { stored: 3, revision: 1, incoming: 3, incomingRevision: 1, outcome: "superseded" },
    { stored: 3, revision: 1, incoming: 3, incomingRevision: 2, outcome: "updated" },
    { stored: 3, revision: 2, incoming: 4, incomingRevision: 1, outcome: "updated" },
    { stored: 3, revision: 2, incoming: 3, incomingRevision: 1, outcome: "superseded" },
  ])(
    "addDocuments of version $incoming (revision $incomingRevision) over $stored (revision $revision): $outcome",
    async (guard) => {
      await put({ version: guard.stored, representationRevision: guard.revision, chunks: ["old"] });
      const result = await put({
        version: guard.incoming,
        representationRevision: guard.incomingRevision,
        chunks: ["new"],
      });
      expect(result.outcome).toBe(guard.outcome);
      expect((await chunks()).map((row) => row.content)).toEqual([
        guard.outcome === "superseded" ? "old" : "new",
      ]);
    },
  );

  describe("a page deleted here", () => {
    const remove = async () => {
      const before = (await readPageStates(database.sql, "docs", ["1"])).get("1");
      await transaction(database.sql, (tx) =>
        deletePages(tx, {
          sourceId: "docs",
          pages: [{ pageId: "1", reason: "trashed", expectedStateRevision: before?.stateRevision ?? 0 }],
          now: NOW,
          actor: "test",
          operationId: "00000000-0000-4000-8000-000000000000",
        }),
      );
      return (await readPageStates(database.sql, "docs", ["1"])).get("1")?.stateRevision ?? null;
    };

    it("a deleted page is restored, whatever its version, when the writer knew that it was deleted", async () => {
      await put({ version: 5, chunks: ["old"] });
      const stateRevision = await remove();
      const result = await put({ version: 5, chunks: ["again"] }, { expectedStateRevision: stateRevision });
      expect(result.outcome).toBe("added");
      const state = (await readPageStates(database.sql, "docs", ["1"])).get("1");
      expect(state).toMatchObject({ isDeleted: false, missingSince: null, version: 5 });
    });

    it("a deleted page stays deleted when the body was fetched before the deletion", async () => {
      await put({ version: 5, chunks: ["old"] });
      const known = (await readPageStates(database.sql, "docs", ["1"])).get("1")?.stateRevision ?? null;
      await remove();
      const result = await put({ version: 6, chunks: ["late"] }, { expectedStateRevision: known });
      expect(result.outcome).toBe("superseded");
      expect(await chunks()).toEqual([]);
    });
  });

  it("addDocuments writes nothing when the caller's part of the transaction fails", async () => {
    await put({ chunks: ["old"] });
    const failing = put(
      { version: 2, chunks: ["new"] },
      { afterSwap: () => Promise.reject(new Error("no accounting")) },
    );
    await expect(failing).rejects.toThrow("no accounting");
    expect((await chunks()).map((row) => row.content)).toEqual(["old"]);
    expect((await readPageStates(database.sql, "docs", ["1"])).get("1")?.version).toBe(1);
  });

  it("addDocuments requests vectors when one that should be reused is gone", async () => {
    const page = {
      ...pageFacts({ pageId: "1", chunks: [] }),
      chunks: [{ content: "x", headingPath: [], inputHash: hashInput("x"), embedding: null }],
    };
    const options = { now: NOW, model: embedder.model, language: "english", expectedStateRevision: null };
    await expect(addDocuments(database.sql, page, options)).rejects.toMatchObject({ code: "reuse_lost" });
    expect((await readPageStates(database.sql, "docs", ["1"])).size).toBe(0);
  });

  it("addDocuments refuses vectors of a model that the source does not use", async () => {
    const other = fakeEmbedder({ model: "other" });
    await expect(store(database.sql, other, { pageId: "1", chunks: ["x"] })).rejects.toMatchObject({
      code: "model_changed",
    });
  });

  it("addDocuments refuses a source that is being deleted, and one that is gone", async () => {
    await database.sql`update archon_sources set status = 'deleting'`;
    await expect(put({ chunks: ["x"] })).rejects.toMatchObject({ code: "source_deleted" });
    await database.sql`delete from archon_sources`;
    await expect(put({ chunks: ["x"] })).rejects.toMatchObject({ code: "source_deleted" });
  });

  it("addDocuments clears marks committed by another kind of writer: kept rows lose them, others are deleted", async () => {
    await put({ chunks: ["stays", "goes"] });
    await database.sql`update archon_crawled_pages set metadata = '{"_pending_deletion": true}'`;
    await put({ version: 2, chunks: ["stays", "comes"] });
    expect((await chunks()).map(({ content, marked }) => [content, marked])).toEqual([
      ["stays", false],
      ["comes", false],
    ]);
  });

  it("addDocuments replaces 1,100 chunks, more than one statement writes, and reduces a page to no chunks at all", async () => {
    const many = Array.from({ length: 1100 }, (_, index) => `paragraph ${index}`);
    await put({ chunks: many });
    let inTransaction = 0;
    await put(
      { version: 2, chunks: many.map((text) => `${text} edited`) },
      {
        afterSwap: async (tx: { (strings: TemplateStringsArray): Promise<unknown> }) => {
          const rows = (await tx`select count(*)::int as n from archon_crawled_pages`) as { n: number }[];
          inTransaction = rows[0]?.n ?? 0;
        },
      },
    );
    expect(inTransaction).toBe(1100);
    expect(await put({ version: 3, chunks: [] })).toMatchObject({ outcome: "updated", chunksRemoved: 1100 });
    expect(await chunks()).toEqual([]);
  });
});
