import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { addPage, editPage } from "#infra/local/confluence-site/edits.ts";
import { restrictPage, trashPage } from "#infra/local/confluence-site/page-status-edits.ts";
import type { LogEvent } from "#shared/log-events.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { bodyOf, makeSyncWorld, SOURCE_ID, SPACE, type SyncWorld } from "#test/support/sync-world.ts";

const PAGES = 6;
const HOUR_MS = 60 * 60_000;

describe("log lines of syncs and deletion checks", () => {
  let database: TestDatabase;
  let world: SyncWorld;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    world = await makeSyncWorld(database.sql, { pages: PAGES });
  });
  afterAll(() => database.close());

  const fieldsOf = (event: LogEvent) =>
    world.logged.filter((line) => line.event === event).map(({ fields }) => fields);
  const fail = (path: string, times: number, status = 500) =>
    world.site.faults.push({ effect: "status", status, retry_after: null, path, times, skip: 0 });

  it("log lines about a sync name its source, its operation and the page, whatever happens to it", async () => {
    addPage(world.site, {
      space: SPACE,
      title: "Children",
      body: '<ac:structured-macro ac:name="children" />',
    });
    world.site.faults.push({ effect: "rate_limit", retry_after: 5, times: 1, skip: 0 });
    fail("body-format=storage", 12);
    fail("export_view", 100);
    const id = await world.startSync();
    const { metrics, ...ended } = await world.ended(id).then(({ sync_metrics, ...rest }) => ({
      ...rest,
      metrics: sync_metrics,
    }));
    expect(ended.status).toBe("completed");
    const about = { source_id: SOURCE_ID, operation_id: id };
    expect(fieldsOf("operation.started")).toEqual([{ ...about, actor: "api" }]);
    expect(fieldsOf("source.paused")).toEqual([{ source_id: SOURCE_ID, until: expect.any(String) }]);
    expect(fieldsOf("page.retrying")[0]).toMatchObject({
      ...about,
      pages: expect.arrayContaining([world.page("Page 1").id]),
      code: "confluence_failed",
      status: 500,
      attempt: 1,
      max_attempts: 5,
      next_attempt_at: expect.any(String),
      error: expect.any(Error),
    });
    expect(fieldsOf("page.rendered_missing")).toEqual([
      {
        source_id: SOURCE_ID,
        page_id: world.page("Children").id,
        code: "confluence_failed",
        attempts: 1,
        next_attempt_at: expect.any(String),
      },
    ]);
    expect(fieldsOf("operation.finished")).toEqual([{ ...about, status: "completed", ...metrics }]);
    expect(fieldsOf("page.stored")).toHaveLength(PAGES + 1);
    for (const fields of fieldsOf("page.stored")) {
      expect(fields).toEqual({
        ...about,
        page_id: expect.any(String),
        version: 1,
        chunks: expect.any(Number),
      });
      expect(world.site.pages.has(String(fields.page_id))).toBe(true);
    }
  });

  it("log lines about a page that fails name it, how often it was tried, and why", async () => {
    world.embedding.refused = "word1 ";
    const id = await world.startSync();
    await world.ended(id);
    expect(fieldsOf("page.failed")).toEqual([
      {
        source_id: SOURCE_ID,
        operation_id: id,
        page_id: expect.stringMatching(/^\d+$/),
        attempts: 1,
        error: expect.objectContaining({ code: "embedding_refused" }),
      },
    ]);
  });

  it("log lines about pages that go and come back name the page, who asked, and why", async () => {
    await world.sync();
    world.pass(HOUR_MS);
    const [trashed, hidden] = [world.page("Page 1"), world.page("Page 2")];
    trashPage(world.site, trashed.id);
    restrictPage(world.site, hidden.id, "nobody");
    world.logged.length = 0;
    const check = await world.startCheck();
    await world.ended(check);
    const about = { source_id: SOURCE_ID, operation_id: check };
    expect(fieldsOf("page.deleted")).toEqual([
      {
        ...about,
        page_id: trashed.id,
        title: "Page 1",
        reason: "trashed",
        actor: "manual",
        deletion_timestamp: expect.stringMatching(/^2026-/),
      },
    ]);
    expect(fieldsOf("page.hidden")).toEqual([{ ...about, page_id: hidden.id }]);
    restrictPage(world.site, hidden.id, "everyone");
    editPage(world.site, hidden.id, { body: bodyOf("again") });
    world.pass(HOUR_MS);
    const sync = await world.startSync();
    await world.ended(sync);
    expect(fieldsOf("page.restored")).toEqual([
      { source_id: SOURCE_ID, operation_id: sync, page_id: hidden.id, title: "Page 2" },
    ]);
  });

  it("log lines about work that is sent again name the operation, the queue and how many pages", async () => {
    const id = await world.startSync();
    world.queues.receive("plan", world.now().getTime());
    world.pass(3 * 60_000);
    world.invoke("sweep", {}, Number.POSITIVE_INFINITY);
    while (world.scheduler.running() > 0) await world.scheduler.advance();
    expect(fieldsOf("sweep.resent")).toEqual([{ operation_id: id, queue: "plan" }]);
    expect(fieldsOf("sweep.finished")).toMatchObject([{ resent: 1, finished: 0, rowsDeleted: 0 }]);
    await world.deliverOne("plan");
    await world.deliverUntil("page", async () => {
      const rows = await database.sql`select 1 from sync_work where claimed_until is not null`;
      return rows.length === PAGES;
    });
    world.pass(3 * 60_000);
    world.invoke("sweep", {}, Number.POSITIVE_INFINITY);
    while (world.scheduler.running() > 0) await world.scheduler.advance();
    expect(fieldsOf("sweep.resent")[1]).toEqual({ operation_id: id, queue: "page", pages: PAGES });
    expect((await world.ended(id)).sync_metrics.pages_added).toBe(PAGES);
  });
});
