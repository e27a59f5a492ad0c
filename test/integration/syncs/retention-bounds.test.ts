import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { later } from "#shared/syncs/later.ts";
import { removeExpired } from "#shared/syncs/schedules/retention.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { addSource, NOW } from "#test/support/stored-pages.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const DAY_MS = 24 * 60 * 60_000;
const KEEP = { operationDays: 90, changeDays: 7, eventDays: 7 };
/** What one call removes of operations, of pages' texts before, and of files' texts. */
const AT_ONCE = 500;
const daysAgo = (days: number) => later(NOW, -days * DAY_MS);

describe("what a sweep removes because it expired", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    await addSource(database.sql, fakeEmbedder(), { sourceId: "docs" });
  });
  afterAll(() => database.close());

  const remove = () => removeExpired(database.sql, KEEP, NOW);
  /** So many syncs that ended so many days ago, one after the other; the ids of all. */
  const addSyncs = async (days: number, count = 1) => {
    const rows = await database.sql<{ operation_id: string }[]>`
      insert into archon_progress (operation_id, source_id, operation_type, status, actor, created_at, finished_at, updated_at)
      select gen_random_uuid(), 'docs', 'confluence_sync', 'completed', 'api', ${daysAgo(days)}::timestamptz + n * interval '1 ms',
        ${daysAgo(days)}, ${NOW} from generate_series(1, ${count}::int) n returning operation_id`;
    return rows.map((row) => row.operation_id);
  };
  const addWork = (operationId: string | undefined, pageId: string, state: string, outcome: string | null) =>
    database.sql`
      insert into sync_work (operation_id, source_id, page_id, state, outcome, updated_at)
      values (${operationId ?? ""}, 'docs', ${pageId}, ${state}, ${outcome}, ${NOW})`;
  const work = async () => {
    const rows = await database.sql<{ page_id: string }[]>`select page_id from sync_work order by page_id`;
    return rows.map((row) => row.page_id);
  };
  const count = async (table: string) => {
    const [row] = await database.sql<{ count: number }[]>`
      select count(*)::int as count from ${database.sql(table)}`;
    return row?.count;
  };
  const addPages = (first: number, last: number, deletedAt: Date | null = null) => database.sql`
    insert into confluence_pages (source_id, page_id, title, version, is_deleted, deleted_at)
    select 'docs', n::text, 'Page', 1, ${deletedAt !== null}, ${deletedAt} from generate_series(${first}::int, ${last}::int) n`;

  it("work that changed nothing is removed a day after its operation, and what was changed stays a week", async () => {
    const [id] = await addSyncs(1.1);
    await addWork(id, "added", "done", "added");
    await addWork(id, "failed", "failed", null);
    await addWork(id, "open", "pending", "added");
    await addWork(id, "seen", "seen", null);
    await addWork(id, "skipped", "done", "skipped");
    await addWork(id, "unchanged", "done", "unchanged");
    expect(await remove()).toBe(4);
    expect(await work()).toEqual(["added", "failed"]);
  });

  it("work of an operation that has just ended stays, whatever it changed", async () => {
    const [id] = await addSyncs(0.9);
    await addWork(id, "unchanged", "done", "unchanged");
    expect(await remove()).toBe(0);
    expect(await work()).toEqual(["unchanged"]);
  });

  it("work that sweeps of days ago left is removed with what its operation changed", async () => {
    const [id] = await addSyncs(3);
    await addWork(id, "unchanged", "done", "unchanged");
    expect(await remove()).toBe(0);
    await database.sql`update archon_progress set finished_at = ${daysAgo(7.1)}`;
    await addWork(id, "added", "done", "added");
    await addWork(id, "failed", "failed", null);
    expect(await remove()).toBe(2);
    expect(await work()).toEqual(["failed"]);
  });

  it("of operations so many are removed at once, and the others by the next sweeps", async () => {
    await addSyncs(100, AT_ONCE + 2);
    expect(await remove()).toBe(AT_ONCE);
    // The last of a source stays.
    expect(await remove()).toBe(1);
    expect(await count("archon_progress")).toBe(1);
  });

  it("of pages so many texts from before are removed at once, and the others by the next sweeps", async () => {
    await addPages(1, AT_ONCE + 1);
    await database.sql`
      insert into page_previous_chunks (source_id, page_id, version, replaced_at, chunks)
      select 'docs', page_id, 1, ${daysAgo(91)}, '[]' from confluence_pages`;
    await addPages(9999, 9999);
    await database.sql`
      insert into page_previous_chunks (source_id, page_id, version, replaced_at, chunks) values ('docs', '9999', 1, ${daysAgo(89)}, '[]')`;
    expect(await remove()).toBe(AT_ONCE);
    expect(await remove()).toBe(1);
    expect(await remove()).toBe(0);
    expect(await count("page_previous_chunks")).toBe(1);
  });

  it("of deleted files so many texts are removed at once, and the others by the next sweeps", async () => {
    await addPages(1, AT_ONCE + 1, daysAgo(8));
    await addPages(2001, 2001, daysAgo(6));
    await database.sql`
      insert into attachment_texts (source_id, attachment_id, version, revision, extracted, extracted_at)
      select 'docs', page_id, 1, 1, '{}', ${NOW} from confluence_pages`;
    expect(await remove()).toBe(AT_ONCE);
    expect(await remove()).toBe(1);
    expect(await remove()).toBe(0);
    expect(await count("attachment_texts")).toBe(1);
  });

  it("comments of a page go a week after it was deleted, also if no sweep ran for a month since", async () => {
    for (const [n, days] of [6.9, 7.1, 36.9, 37.1].entries()) {
      await addPages(n, n, daysAgo(days));
      await database.sql`
        insert into confluence_comments (source_id, comment_id, container_id, location, version, body)
        values ('docs', ${`comment-${days}`}, ${String(n)}, 'footer', 1, '')`;
    }
    expect(await remove()).toBe(2);
    const left = await database.sql`select comment_id from confluence_comments order by comment_id`;
    expect(left.map((row) => row["comment_id"])).toEqual(["comment-37.1", "comment-6.9"]);
  });

  it("all that a sweep removes is counted together", async () => {
    const [id] = await addSyncs(1.1);
    await addWork(id, "unchanged", "done", "unchanged");
    await database.sql`
      insert into event_outbox (event_type, detail, created_at, sent_at) values ('a', '{}', ${daysAgo(9)}, ${daysAgo(8)})`;
    await addSyncs(100);
    expect(await remove()).toBe(3);
  });
});
