import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { transaction } from "#shared/db/connect.ts";
import { clearMarkedChunks } from "#shared/documents/clear-marked-chunks.ts";
import { deletePages, hidePages, showPages } from "#shared/documents/delete-pages.ts";
import { deleteSourceRows, TABLES } from "#shared/documents/delete-source.ts";
import { readPageStates, recordPageError } from "#shared/documents/page-states.ts";
import { domainEvents } from "#shared/domain-events.ts";
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
  for (const pageId of ["1", "2", "3"]) await store(database.sql, embedder, { pageId, chunks: ["a", "b"] });
});
afterAll(() => database.close());

const count = async (table: string) => {
  const [row] = await database.sql<{ n: number }[]>`select count(*)::int as n from ${database.sql(table)}`;
  return row?.n;
};
const state = async (pageId: string) => (await readPageStates(database.sql, "docs", [pageId])).get(pageId);
const decided = (...pages: [string, number][]) =>
  pages.map(([pageId, expectedStateRevision]) => ({ pageId, reason: "trashed", expectedStateRevision }));
const request = {
  sourceId: "docs",
  now: NOW,
  actor: "test",
  operationId: "00000000-0000-4000-8000-000000000000",
};
const remove = (...pages: [string, number][]) =>
  transaction(database.sql, (tx) => deletePages(tx, { ...request, pages: decided(...pages) }));
const hide = (...pages: [string, number][]) =>
  transaction(database.sql, (tx) => hidePages(tx, { ...request, pages: decided(...pages) }));

describe("deletePages", () => {
  it("deletePages flags the page, deletes its chunks and vectors, and writes one event per page", async () => {
    expect(await remove(["1", 1], ["2", 1])).toEqual([
      { pageId: "1", title: "Page 1", reason: "trashed" },
      { pageId: "2", title: "Page 2", reason: "trashed" },
    ]);
    expect(await count("archon_crawled_pages")).toBe(2);
    expect(await count("archon_chunk_embeddings")).toBe(2);
    const [page] = await database.sql`
      select is_deleted, deleted_at, deleted_reason, chunk_count, state_revision from confluence_pages where page_id = '1'`;
    expect(page).toEqual({
      is_deleted: true,
      deleted_at: NOW,
      deleted_reason: "trashed",
      chunk_count: 0,
      state_revision: 2,
    });
    const events = await database.sql<
      { event_type: string; detail: unknown }[]
    >`select event_type, detail from event_outbox`;
    expect(events.map((event) => event.event_type)).toEqual(["page.deleted", "page.deleted"]);
    expect(domainEvents["page.deleted"].parse(events[0]?.detail)).toEqual({
      source_id: "docs",
      operation_id: request.operationId,
      page_id: "1",
      title: "Page 1",
      deletion_timestamp: NOW.toISOString(),
      reason: "trashed",
      actor: "test",
    });
  });

  it("deletePages skips a page that was stored again since the decision, and one already deleted", async () => {
    await store(database.sql, embedder, { pageId: "1", version: 2, chunks: ["new"] });
    expect(await remove(["1", 1])).toEqual([]);
    expect(await remove(["2", 1])).toHaveLength(1);
    expect(await remove(["2", 1], ["2", 2])).toEqual([]);
    expect(await count("event_outbox")).toBe(1);
    expect(await remove()).toEqual([]);
  });

  it("deletePages is undone completely with the caller's transaction", async () => {
    const failing = transaction(database.sql, async (tx) => {
      await deletePages(tx, { ...request, pages: decided(["1", 1]) });
      throw new Error("no");
    });
    await expect(failing).rejects.toThrow("no");
    expect((await state("1"))?.isDeleted).toBe(false);
    expect(await count("event_outbox")).toBe(0);
    expect(await count("archon_crawled_pages")).toBe(6);
  });
});

describe("hidePages and showPages", () => {
  it("hidePages and showPages hide and show pages without touching chunks, each once", async () => {
    expect(await hide(["1", 1])).toEqual([{ pageId: "1", title: "Page 1" }]);
    expect(await hide(["1", 2])).toEqual([]);
    expect(await state("1")).toMatchObject({ missingSince: NOW, stateRevision: 2 });
    const show = () =>
      transaction(database.sql, (tx) => showPages(tx, { sourceId: "docs", pageIds: ["1", "2"], now: NOW }));
    expect(await show()).toEqual([{ pageId: "1", title: "Page 1" }]);
    expect(await show()).toEqual([]);
    expect(await state("1")).toMatchObject({ missingSince: null, stateRevision: 3 });
    expect(await count("archon_chunk_embeddings")).toBe(6);
  });
});

describe("recordPageError", () => {
  const fail = (pageId: string, version?: number) =>
    recordPageError(database.sql, {
      sourceId: "docs",
      pageId,
      version,
      error: { code: "body_too_large", message: "too\u0000 large", permanent: true },
      now: NOW,
    });

  it("recordPageError counts attempts, from 1 for another version, until a swap clears the error", async () => {
    await fail("1", 2);
    await fail("1", 2);
    expect((await state("1"))?.syncError).toEqual({
      code: "body_too_large",
      message: "too large",
      permanent: true,
      attempts: 2,
      version: 2,
      at: NOW.toISOString(),
    });
    await fail("1");
    expect((await state("1"))?.syncError).toMatchObject({ attempts: 3, version: 2 });
    await fail("1", 3);
    expect((await state("1"))?.syncError).toMatchObject({ attempts: 1, version: 3 });
    await store(database.sql, embedder, { pageId: "1", version: 3, chunks: ["new"] });
    expect((await state("1"))?.syncError).toBeNull();
  });

  it("recordPageError gives a page that was never stored a row of version 0, which the first swap fills as added", async () => {
    await fail("new", 7);
    expect(await state("new")).toMatchObject({ version: 0, stateRevision: 0, title: "" });
    const result = await store(database.sql, embedder, { pageId: "new", version: 7, chunks: ["x"] });
    expect(result.outcome).toBe("added");
  });

  it("a page error is cleared by a late writer of what is already stored", async () => {
    await fail("1", 1);
    expect((await store(database.sql, embedder, { pageId: "1", version: 1, chunks: ["a"] })).outcome).toBe(
      "superseded",
    );
    expect((await state("1"))?.syncError).toBeNull();
  });
});

it("deleting a source removes the rows of each table that grows with the source by batches, not by cascade", async () => {
  const rows = await database.sql<{ name: string }[]>`
    select conrelid::regclass::text as name from pg_constraint
    where contype = 'f' and confrelid = 'archon_sources'::regclass order by name`;
  // Nodes have a statement of their own; a source has one sweep of rights.
  const others = ["access_nodes", "access_sweeps"];
  const byCascade = rows.map(({ name }) => name).filter((name) => ![...TABLES, ...others].includes(name));
  expect(byCascade).toEqual([]);
});

describe("clearMarkedChunks", () => {
  it("clearMarkedChunks deletes marked chunks of pages that have others, and keeps the last chunks of a page", async () => {
    await database.sql`
      update archon_crawled_pages set metadata = '{"_pending_deletion": true}'
      where page_id = '1' or (page_id = '2' and chunk_number = 0)`;
    expect(await clearMarkedChunks(database.sql)).toBe(1);
    expect(await clearMarkedChunks(database.sql)).toBe(0);
    expect(await count("archon_crawled_pages")).toBe(5);
  });
});

describe("deleteSourceRows", () => {
  it("deleteSourceRows deletes in bounded steps, reports progress, and touches no other source", async () => {
    await addSource(database.sql, embedder, { sourceId: "other" });
    await store(database.sql, embedder, { sourceId: "other", pageId: "1", chunks: ["kept"] });
    await database.sql`update archon_sources set status = 'deleting' where source_id = 'docs'`;
    const steps: { deleted: number; done: boolean }[] = [];
    for (let calls = 0; calls < 20 && !steps.at(-1)?.done; calls += 1)
      steps.push(await deleteSourceRows(database.sql, "docs", { batch: 4 }));
    expect(steps.map((step) => step.deleted)).toEqual([4, 2, 3, 1]);
    expect(await count("archon_sources")).toBe(1);
    expect(await count("archon_crawled_pages")).toBe(1);
    expect(await count("confluence_pages")).toBe(1);
    expect(await deleteSourceRows(database.sql, "docs")).toEqual({ deleted: 0, done: true });
  });

  const waitForNobody = async () => {
    await database.sql`update archon_sources set status = 'deleting' where source_id = 'docs'`;
    const locked = Promise.withResolvers<void>();
    const end = Promise.withResolvers<void>();
    const other = transaction(database.sql, async (tx) => {
      await tx`select from archon_crawled_pages where page_id = '2' and chunk_number = 0 for update`;
      locked.resolve();
      await end.promise;
    });
    await locked.promise;
    const step = transaction(database.sql, async (tx) => {
      await tx`set local lock_timeout = '5s'`;
      return deleteSourceRows(tx, "docs");
    });
    await expect(step).resolves.toEqual({ deleted: 5, done: false }).finally(end.resolve);
    await other;
    expect(await deleteSourceRows(database.sql, "docs")).toEqual({ deleted: 1, done: false });
  };

  // Nobody locks anything from somebody else on PGlite, which has one session.
  it.each(
    process.env.DATABASE_URL
      ? [{ name: "waits for no row that somebody has locked", run: waitForNobody }]
      : [],
  )("deleteSourceRows: $name", ({ run }) => run());

  it("deleteSourceRows refuses a source that was not deleted", async () => {
    await expect(deleteSourceRows(database.sql, "docs")).rejects.toThrow(/not being deleted/);
    expect(await count("archon_crawled_pages")).toBe(6);
  });
});
