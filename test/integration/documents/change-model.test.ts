import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { observeSql } from "#infra/local/runner/observe-sql.ts";
import { changeModel, sourcesToChange } from "#shared/documents/change-model.ts";
import { searchDocuments } from "#shared/documents/search.ts";
import { embedQuery } from "#shared/embeddings/embed-query.ts";
import type { Embedder } from "#shared/embeddings/embedder.ts";
import { PermanentError, TransientError } from "#shared/errors.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { addSource, NOW, store } from "#test/support/stored-pages.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const old = fakeEmbedder({ model: "old", dimensions: 64 });
const next: Embedder = { ...fakeEmbedder({ model: "next", dimensions: 96 }), previous: old };
const PAGES = 6;
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  await database.clear();
  await addSource(database.sql, old, { sourceId: "docs" });
  for (let page = 0; page < PAGES; page += 1)
    await store(database.sql, old, {
      pageId: `${page}`,
      chunks: [`subject${page} first`, `subject${page} second`],
    });
});
afterAll(() => database.close());

const input = (title: string, chunk: { content: string; headingPath: string[] }) =>
  `${[title, ...chunk.headingPath].join(" › ")}\n\n${chunk.content}`;

/** As much as fits into `pieces` pieces of work of at most three chunks or five vectors. */
const change = (pieces: number, { embedder = next, sql = database.sql } = {}) => {
  let left = pieces;
  const inTime = () => (left -= 1) >= 0;
  return changeModel(sql, embedder, { sourceId: "docs", input, inTime, chunks: 3, rows: 5, now: NOW });
};

/** Counts texts, and fails for those that `fails` names. */
function counting(fails: (text: string) => Error | null = () => null) {
  const texts: string[] = [];
  const embedder: Embedder = {
    ...next,
    embed: async (asked, options) => {
      const failure = asked.map(fails).find((error) => error !== null);
      if (failure) throw failure;
      texts.push(...asked);
      return next.embed(asked, options);
    },
  };
  return { embedder, texts };
}

async function nearest(subject: number) {
  const { embeddings } = await embedQuery(next, `subject${subject}`);
  const { hits } = await searchDocuments(database.sql, {
    query: "",
    embedding: embeddings,
    retrievers: "vector",
    matchCount: 1,
    returnMode: "chunks",
    readable: null,
  });
  return hits[0]?.pageId;
}

async function expectAllFound() {
  for (let subject = 0; subject < PAGES; subject += 1) expect(await nearest(subject)).toBe(`${subject}`);
}

async function comparedModel() {
  const [row] = await database.sql<{ model: string }[]>`select embedding_model as model from archon_sources`;
  return row?.model;
}

async function modelsStored() {
  const rows = await database.sql<{ model: string; count: number }[]>`
    select model, count(*)::int from archon_chunk_embeddings group by model order by model`;
  return Object.fromEntries(rows.map((row) => [row.model, row.count]));
}

describe("a source that changes its model", () => {
  it("a source changing its model is searched by the old one until every chunk has the new one, then only by the new one", async () => {
    const seen: [string | undefined, object][] = [];
    for (let calls = 0; calls < 20; calls += 1) {
      const { done } = await change(1);
      await expectAllFound();
      seen.push([await comparedModel(), await modelsStored()]);
      if (done) break;
    }
    expect(seen).toEqual([
      ...[3, 6, 9, 12].map((count) => ["old", { old: 12, next: count }]),
      ["next", { old: 12, next: 12 }],
      ...[7, 2].map((count) => ["next", { old: count, next: 12 }]),
      ["next", { next: 12 }],
      ["next", { next: 12 }],
    ]);
    expect(await sourcesToChange(database.sql, "next")).toEqual([]);
  });

  it("a source is listed for a model change until its last old vector is deleted", async () => {
    expect(await sourcesToChange(database.sql, "next")).toEqual(["docs"]);
    expect(await change(8)).toMatchObject({ switched: true, embedded: 12, deleted: 10, done: false });
    expect(await sourcesToChange(database.sql, "next")).toEqual(["docs"]);
    expect(await change(2)).toEqual({ switched: false, embedded: 0, deleted: 2, done: true, refused: [] });
    expect(await sourcesToChange(database.sql, "next")).toEqual([]);
    expect(await sourcesToChange(database.sql, "old")).toEqual(["docs"]);
  });

  it("a source does not switch models while a page that was swapped meanwhile lacks the new vectors", async () => {
    await change(4);
    expect(await modelsStored()).toEqual({ old: 12, next: 12 });
    await store(
      database.sql,
      next,
      { pageId: "0", version: 2, chunks: ["subject0 rewritten"] },
      { model: "old" },
    );
    expect(await change(2)).toMatchObject({ embedded: 1, switched: false });
    await expectAllFound();
    expect(await change(1)).toMatchObject({ switched: true });
    await expectAllFound();
  });

  it("after a model change, writers that embed with the old model are told to retry", async () => {
    await change(20);
    const late = store(database.sql, next, { pageId: "1", version: 2, chunks: ["late"] }, { model: "old" });
    await expect(late).rejects.toMatchObject({ name: "TransientError", code: "model_changed" });
    const again = await store(database.sql, next, { pageId: "1", version: 2, chunks: ["late"] });
    expect(again.outcome).toBe("updated");
  });

  it("a model change keeps the old vectors when the source uses them again just before their deletion", async () => {
    expect(await change(6)).toMatchObject({ switched: true, deleted: 0 });
    const sql = observeSql(database.sql, {
      // The last one before it, when the model that the source uses was read.
      onStatement: async ({ text }) => {
        if (/order by c.page_id, c.chunk_number limit/.test(text))
          await database.sql`update archon_sources set embedding_model = 'old'`;
      },
    });
    expect(await change(1, { sql })).toMatchObject({ deleted: 0 });
    expect(await modelsStored()).toEqual({ old: 12, next: 12 });
    await expectAllFound();
  });

  it("a source returns to its previous model by deleting the vectors of the other", async () => {
    await change(2);
    expect(await modelsStored()).toEqual({ old: 12, next: 6 });
    expect(await sourcesToChange(database.sql, "old")).toEqual(["docs"]);
    expect(await change(9, { embedder: old })).toMatchObject({ embedded: 0, deleted: 6, done: true });
    expect(await modelsStored()).toEqual({ old: 12 });
  });

  it("a model change killed at any statement and restarted ends the same, and embeds only its current batch again", async () => {
    let statements = 0;
    await change(20, {
      sql: observeSql(database.sql, { onStatement: () => void (statements += 1) }),
      embedder: { ...next, model: "counted", previous: undefined },
    });
    expect(statements).toBeGreaterThan(20);
    let killed = 0;
    for (let crashAt = 1; crashAt <= statements; crashAt += 1) {
      await database.sql`delete from archon_chunk_embeddings`;
      await database.sql`
        insert into archon_chunk_embeddings
        select id, 'old', source_id, array_fill(0.1, array[64])::vector from archon_crawled_pages`;
      await database.sql`update archon_sources set embedding_model = 'old'`;
      const { embedder, texts } = counting();
      let left = crashAt;
      const sql = observeSql(database.sql, {
        onStatement: () => {
          left -= 1;
          if (left <= 0) throw new Error("killed");
        },
      });
      killed += await change(20, { sql, embedder }).then(
        () => 0,
        () => 1,
      );
      expect((await modelsStored()).next ?? 0).toBeLessThanOrEqual(12);
      expect(await change(20, { embedder })).toMatchObject({ done: true });
      expect(await modelsStored()).toEqual({ next: 12 });
      expect(texts.length).toBeLessThanOrEqual(12 + 3);
    }
    expect(killed).toBeGreaterThan(20);
  });
});

describe("a model that fails", () => {
  it("a failing new model loses nothing: the old vectors stay, and are searched", async () => {
    const failing: Embedder = { ...next, embed: async () => [[1]] };
    await expect(change(20, { embedder: failing })).rejects.toMatchObject({
      code: "embedding_count_mismatch",
    });
    expect(await modelsStored()).toEqual({ old: 12 });
    await expectAllFound();
  });

  it.each([
    new PermanentError("text_too_long", "no"),
    new TransientError("embedding_unusable", "a zero vector"),
  ])(
    "a new model that fails for one page ($name) leaves that page behind, and the source with its old model",
    async (error) => {
      const { embedder, texts } = counting((text) => (text.includes("subject2") ? error : null));
      expect(await change(20, { embedder })).toEqual({
        done: false,
        embedded: 10,
        switched: false,
        deleted: 0,
        refused: [{ pageId: "2", code: error.code }],
      });
      expect(texts.length).toBe(10);
      expect([await comparedModel(), await modelsStored()]).toEqual(["old", { old: 12, next: 10 }]);
      await expectAllFound();
      expect(await change(20)).toMatchObject({ embedded: 2, switched: true, done: true });
    },
  );

  it("a new model that fails for the first pages is still called for the others", async () => {
    const error = new PermanentError("text_too_long", "no");
    const { embedder } = counting((text) => (/subject[01]/.test(text) ? error : null));
    const { embedded, switched, refused } = await change(20, { embedder });
    expect([embedded, switched]).toEqual([12 - 4, false]);
    expect(new Set(refused.map(({ pageId }) => pageId))).toEqual(new Set(["0", "1"]));
    expect(await modelsStored()).toEqual({ old: 12, next: 12 - 4 });
  });

  it("a new model that fails for more pages than prove it faulty is called for the others once it has embedded one", async () => {
    for (let page = PAGES; page < 60; page += 1)
      await store(database.sql, old, {
        pageId: `${page}`,
        chunks: [`${page < 40 ? "refused" : "taken"}${page}`],
      });
    const error = new PermanentError("text_too_long", "no");
    const { embedder } = counting((text) => (text.includes("refused") ? error : null));
    const { embedded, refused, switched } = await change(100, { embedder });
    expect([embedded, refused.length, switched]).toEqual([12 + 20, 40 - PAGES, false]);
  });

  it("pages that were refused in earlier calls do not keep a new model from the pages after them", async () => {
    const ids = Array.from({ length: 40 }, (_, index) => `p${String(index).padStart(2, "0")}`);
    for (const id of ids)
      await store(database.sql, old, { pageId: id, chunks: [`${id < "p30" ? "refused" : "taken"} ${id}`] });
    const error = new PermanentError("text_too_long", "no");
    const { embedder } = counting((text) => (text.includes("refused") ? error : null));
    // It ends among the refused pages.
    const first = await change(PAGES, { embedder });
    expect([first.embedded, first.refused.length > 0]).toEqual([PAGES * 2, true]);
    const second = await change(30, { embedder });
    expect([second.embedded, second.refused.length]).toEqual([10, 30]);
  });

  it("a chunk has the hash of what its new model embeds when the vector of the old one is gone, so that edits embed nothing else", async () => {
    const local = fakeEmbedder({ model: "old", dimensions: 64, inputHeadings: false });
    const page = (text: string) => ({
      pageId: "headed",
      chunks: [
        { content: "It stays", headingPath: ["Section"] },
        { content: text, headingPath: ["Section"] },
      ],
    });
    await store(database.sql, local, page("It was"));
    expect(await change(20)).toMatchObject({ done: true });
    const edited = await store(database.sql, next, { ...page("It is"), version: 2 }, { model: "next" });
    expect(edited).toMatchObject({ chunksAdded: 1, chunksKept: 1, embeddingsCreated: 1 });
    const whole = await store(
      database.sql,
      next,
      { pageId: "0", version: 2, chunks: ["subject0 first", "subject0 second", "third"] },
      { model: "next" },
    );
    expect(whole).toMatchObject({ chunksKept: 2, embeddingsCreated: 1 });
  });

  it("a deployment that goes back to the source's model embeds what was stored with another alone", async () => {
    const gone: Embedder = { ...next, previous: undefined };
    await store(
      database.sql,
      gone,
      { pageId: "0", version: 2, chunks: ["subject0 edited"] },
      { model: "old" },
    );
    expect(await sourcesToChange(database.sql, "old")).toEqual(["docs"]);
    expect(await change(9, { embedder: old })).toMatchObject({ done: true, embedded: 1, deleted: 1 });
    const rows =
      await database.sql`select distinct model, count(*)::int from archon_chunk_embeddings group by 1`;
    expect(rows).toEqual([{ model: "old", count: PAGES * 2 - 1 }]);
  });

  it("a new model that fails for every page is not called for all of them", async () => {
    for (let page = PAGES; page < 60; page += 1)
      await store(database.sql, old, { pageId: `${page}`, chunks: [`subject${page}`] });
    let asked = 0;
    const embedder: Embedder = {
      ...next,
      embed: async () => {
        asked += 1;
        throw new PermanentError("embedding_model_unknown", "no such model");
      },
    };
    const { refused, embedded } = await change(100, { embedder });
    expect(embedded).toBe(0);
    expect(refused.length).toBeLessThan(30);
    expect(asked).toBeLessThan(40);
  });
});
