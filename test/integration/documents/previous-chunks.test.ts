import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { transaction } from "#shared/db/connect.ts";
import { deletePages } from "#shared/documents/delete-pages.ts";
import { readPageChunks } from "#shared/documents/page-chunks.ts";
import { readPreviousChunks } from "#shared/documents/previous-chunks.ts";
import { removeExpired } from "#shared/syncs/schedules/retention.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { addSource, NOW, store } from "#test/support/stored-pages.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const DAY_MS = 24 * 60 * 60_000;
const embedder = fakeEmbedder();
const page = { sourceId: "docs", pageId: "1" };
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
const empty = async () => {
  await database.clear();
  await addSource(database.sql, embedder, { sourceId: "docs" });
};
beforeEach(empty);
afterAll(() => database.close());

const swap = (version: number, chunks: readonly string[], facts: { title?: string } = {}) =>
  store(database.sql, embedder, { pageId: "1", version, chunks, ...facts });
const list = async (of: "current" | "previous") => {
  const found = await readPageChunks(database.sql, { ...page, of, readable: null, after: null, limit: 100 });
  return {
    version: found?.version,
    chunks: found?.chunks.map(({ content, change }) => [content, change]),
  };
};

describe("the chunks that a page had before", () => {
  it("a page that was stored once has none", async () => {
    await swap(1, ["a", "b"]);
    expect(await readPreviousChunks(database.sql, page)).toBeNull();
    expect(await list("current")).toEqual({
      version: 1,
      chunks: [
        ["a", null],
        ["b", null],
      ],
    });
    expect(await list("previous")).toEqual({ version: null, chunks: [] });
  });

  it("a page that was empty in between has none, also if it is what it was before", async () => {
    await swap(1, ["a"]);
    await swap(2, []);
    expect(await list("previous")).toEqual({ version: 1, chunks: [["a", "removed"]] });
    await swap(3, ["a"]);
    expect(await readPreviousChunks(database.sql, page)).toBeNull();
  });

  it("an edit keeps what the page was, in its order, and says what stayed", async () => {
    await swap(1, ["a", "b", "c"]);
    await swap(2, ["c", "x", "a"]);
    expect(await readPreviousChunks(database.sql, page)).toEqual({
      version: 1,
      replacedAt: NOW,
      chunkCount: 3,
    });
    expect(await list("previous")).toEqual({
      version: 1,
      chunks: [
        ["a", "kept"],
        ["b", "removed"],
        ["c", "kept"],
      ],
    });
    expect(await list("current")).toEqual({
      version: 2,
      chunks: [
        ["c", "kept"],
        ["x", "added"],
        ["a", "kept"],
      ],
    });
  });

  it("only the text that is gone is written a second time", async () => {
    await swap(1, ["stays", "goes"]);
    await swap(2, ["stays", "comes"]);
    const [row] = await database.sql<{ chunks: { content: string | null }[] }[]>`
      select chunks from page_previous_chunks`;
    expect(row?.chunks.map((chunk) => chunk.content)).toEqual([null, "goes"]);
  });

  it("a text that stands twice and then once was kept once and removed once", async () => {
    await swap(1, ["a", "a", "b"]);
    await swap(2, ["a", "b"]);
    expect((await list("previous")).chunks).toEqual([
      ["a", "kept"],
      ["a", "removed"],
      ["b", "kept"],
    ]);
    expect((await list("current")).chunks).toEqual([
      ["a", "kept"],
      ["b", "kept"],
    ]);
  });

  it("a version that changes no chunk leaves what was before the last change", async () => {
    await swap(1, ["a", "b"]);
    await swap(2, ["a", "c"]);
    await swap(3, ["c", "a"]);
    expect(await list("previous")).toMatchObject({
      version: 1,
      chunks: [
        ["a", "kept"],
        ["b", "removed"],
      ],
    });
    expect(await list("current")).toMatchObject({ version: 3 });
  });

  it("a new title is in what is embedded, so that every chunk is another one", async () => {
    await swap(1, ["a"]);
    await swap(2, ["a"], { title: "Renamed" });
    expect(await list("previous")).toMatchObject({ chunks: [["a", "removed"]] });
    expect(await list("current")).toMatchObject({ chunks: [["a", "added"]] });
  });

  it("after any edits the list before is what was stored before the last that changed a chunk", async () => {
    const text = fc.array(fc.constantFrom("a", "b", "c", "d"), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(fc.array(text, { minLength: 2, maxLength: 5 }), async (versions) => {
        await empty();
        let before: string[] | null = null;
        let now: string[] = [];
        for (const [n, chunks] of versions.entries()) {
          await swap(n + 1, chunks);
          if (n > 0 && now.toSorted().join("") !== chunks.toSorted().join("")) before = now;
          now = chunks;
        }
        const [previous, current] = [await list("previous"), await list("current")];
        expect(previous.chunks?.map(([content]) => content)).toEqual(before ?? []);
        const kept = (chunks: typeof current.chunks) =>
          chunks?.flatMap(([content, change]) => (change === "kept" ? [content] : [])).toSorted();
        expect(kept(previous.chunks)).toEqual(kept(current.chunks));
      }),
      { numRuns: 25 },
    );
  });

  it("the text of a deleted page is gone with its chunks, and does not come back with the page", async () => {
    await swap(1, ["a"]);
    await swap(2, ["b"]);
    const remove = (expectedStateRevision: number) =>
      transaction(database.sql, (tx) =>
        deletePages(tx, {
          sourceId: "docs",
          pages: [{ pageId: "1", reason: "trashed", expectedStateRevision }],
          now: NOW,
          actor: "test",
          operationId: "00000000-0000-4000-8000-000000000000",
        }),
      );
    expect(await remove(2)).toHaveLength(1);
    expect(await readPreviousChunks(database.sql, page)).toBeNull();
    await store(
      database.sql,
      embedder,
      { pageId: "1", version: 3, chunks: ["c"] },
      { expectedStateRevision: 3 },
    );
    expect(await list("current")).toEqual({ version: 3, chunks: [["c", null]] });
    expect(await readPreviousChunks(database.sql, page)).toBeNull();
  });

  it("what a page was is kept as long as operations are", async () => {
    await swap(1, ["a"]);
    await swap(2, ["b"]);
    const expire = (days: number) =>
      removeExpired(
        database.sql,
        { operationDays: 90, changeDays: 7, eventDays: 90 },
        new Date(NOW.getTime() + days * DAY_MS),
      );
    await expire(89);
    expect(await readPreviousChunks(database.sql, page)).not.toBeNull();
    expect(await expire(91)).toBe(1);
    expect(await readPreviousChunks(database.sql, page)).toBeNull();
  });
});
