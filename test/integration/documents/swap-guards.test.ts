import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { compareChunks } from "#shared/documents/chunk-changes.ts";
import { readPageStates, recordPageError } from "#shared/documents/page-states.ts";
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

const put = (version: number, chunks: string[], options = {}) =>
  store(database.sql, embedder, { pageId: "1", version, chunks }, options);
const state = async () => (await readPageStates(database.sql, "docs", ["1"])).get("1");
const contents = async () => {
  const rows = await database.sql<{ content: string }[]>`
    select content from archon_crawled_pages order by chunk_number`;
  return rows.map((row) => row.content);
};

describe("a swap after which not all is there", () => {
  /** Another hand in the database, which the swap's own statements set off. */
  const trap = (table: string, timing: "before" | "after", body: string) =>
    database.sql.unsafe(`
      create function trap() returns trigger language plpgsql as $$ begin ${body} end $$;
      create trigger trap ${timing} insert on ${table} for each row when (pg_trigger_depth() = 0) execute function trap()`);
  afterEach(() => database.sql.unsafe("drop function if exists trap() cascade"));

  it.each([
    ["a vector", "archon_chunk_embeddings", "before", "return null;"],
    [
      "chunks that it knows of",
      "archon_crawled_pages",
      "after",
      `insert into archon_crawled_pages (source_id, page_id, url, chunk_number, content, heading_path, input_hash, search_vector, created_at)
        values (new.source_id, new.page_id, '', 99 + new.chunk_number, 'foreign', '{}', 'hash', '', now()); return null;`,
    ],
  ] as const)("an incomplete swap stores nothing: %s", async (_, table, timing, body) => {
    await put(1, ["old"]);
    await trap(table, timing, body);
    await expect(put(2, ["new", "more"])).rejects.toMatchObject({ code: "stored_count_mismatch" });
    expect([await contents(), (await state())?.version]).toEqual([["old"], 1]);
  });
});

describe("a body that comes too late", () => {
  const fail = () =>
    recordPageError(database.sql, {
      sourceId: "docs",
      pageId: "1",
      version: 3,
      error: { code: "embedding_refused", message: "no", permanent: true },
      now: NOW,
    });

  it("a late body clears an error that is over", async () => {
    await put(2, ["old"]);
    await fail();
    expect((await put(2, ["old"])).outcome).toBe("superseded");
    expect((await state())?.syncError).toBeNull();
  });

  it("a late body of a deleted page leaves the error, by which the page is retried", async () => {
    await put(2, ["old"]);
    await database.sql`update confluence_pages set is_deleted = true, state_revision = state_revision + 1`;
    await fail();
    expect((await put(3, ["late"])).outcome).toBe("superseded");
    expect((await state())?.syncError).toMatchObject({ code: "embedding_refused" });
  });
});

describe("a page that is hidden", () => {
  const hide = () =>
    database.sql`update confluence_pages set missing_since = ${NOW}, state_revision = state_revision + 1`;

  it("a page that was hidden after its state was read is not shown by a late body, which is to be fetched again", async () => {
    await put(1, ["old"]);
    const read = (await state())?.stateRevision ?? null;
    await hide();
    await expect(put(2, ["late"], { expectedStateRevision: read })).rejects.toMatchObject({
      code: "hidden_meanwhile",
    });
    expect([await contents(), (await state())?.missingSince]).toEqual([["old"], NOW]);
  });

  it("a page that was hidden before its state was read is shown by a newer body", async () => {
    await put(1, ["old"]);
    await hide();
    const read = (await state())?.stateRevision ?? null;
    expect(await put(2, ["new"], { expectedStateRevision: read })).toMatchObject({ outcome: "updated" });
    expect([await contents(), (await state())?.missingSince]).toEqual([["new"], null]);
  });
});

describe("of several rows with the same text a swap keeps", () => {
  const row = (id: string, given: { marked?: boolean; embedded?: boolean; chunkNumber?: number }) => ({
    id,
    inputHash: "same",
    headingPath: [],
    chunkNumber: 0,
    place: null,
    marked: false,
    embedded: true,
    ...given,
  });
  const chunk = { content: "same", headingPath: [], inputHash: "same", embedding: null };

  it.each([
    ["one that is not marked", row("1", { marked: true }), row("2", { chunkNumber: 5 })],
    ["one that has a vector", row("1", { embedded: false }), row("2", { chunkNumber: 5 })],
    ["the first", row("1", { chunkNumber: 5 }), row("2", { chunkNumber: 1 })],
  ])("of several rows with the same text a swap keeps %s", (_, worse, better) => {
    for (const rows of [
      [worse, better],
      [better, worse],
    ]) {
      const { kept, staleIds } = compareChunks(rows, [chunk]);
      expect([kept.map((one) => one.id), staleIds]).toEqual([["2"], ["1"]]);
    }
  });
});

describe("a live doc, whose text may change without a version", () => {
  const putLive = (text: string, expectedStateRevision: number | null) =>
    store(
      database.sql,
      embedder,
      { pageId: "1", version: 1, subtype: "live", contentHash: text, chunks: [text] },
      { expectedStateRevision },
    );

  it("another text of a live doc at an equal version is stored if nothing was stored since it was fetched", async () => {
    await putLive("old", null);
    expect(await putLive("new", 1)).toMatchObject({ outcome: "updated", chunksAdded: 1 });
    expect(await contents()).toEqual(["new"]);
  });

  it("a text of a live doc that was fetched before the stored one does not replace it, and is to be fetched again", async () => {
    await putLive("old", null);
    await putLive("new", 1);
    await expect(putLive("old", 1)).rejects.toMatchObject({ code: "stored_meanwhile" });
    expect(await contents()).toEqual(["new"]);
  });

  it("the stored text of a live doc is not written again, whenever it was fetched", async () => {
    await putLive("old", null);
    for (const revision of [null, 0, 1])
      expect(await putLive("old", revision)).toMatchObject({ outcome: "superseded" });
    expect((await state())?.stateRevision).toBe(1);
  });

  it("an older version of a live doc never replaces a newer one", async () => {
    await putLive("old", null);
    await put(2, ["new"]);
    expect(await putLive("other", 2)).toMatchObject({ outcome: "superseded" });
    expect(await contents()).toEqual(["new"]);
  });
});
