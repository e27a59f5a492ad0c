import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { addPage, editPage, movePage } from "#infra/local/confluence-site/edits.ts";
import { archivePage, purgePage, trashPage } from "#infra/local/confluence-site/page-status-edits.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import {
  bodyOf,
  makeSyncWorld,
  OTHER_SPACE,
  SOURCE_ID,
  SPACE,
  type SyncWorld,
} from "#test/support/sync-world.ts";

describe("a dry run", () => {
  let database: TestDatabase;
  let world: SyncWorld;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    world = await makeSyncWorld(database.sql, { pages: 20 });
    await world.sync();
    world.pass(2 * 60 * 60_000);
  });
  afterAll(() => database.close());

  /** Everything that a dry run has no business with. The lease of a source is its own, and free again at the end. */
  const contents = async () => {
    const { sql } = database;
    return {
      pages: await sql`select * from confluence_pages order by page_id`,
      chunks: await sql`select * from archon_crawled_pages order by id`,
      vectors:
        await sql`select chunk_id, model, embedding::text from archon_chunk_embeddings order by chunk_id, model`,
      sources: await sql`
        select source_id, status, metadata, lease_operation_id, lease_until, (select paused_until from confluence_sites) as paused_until from archon_sources`,
      events:
        await sql`select event_type, detail from event_outbox where event_type <> 'sync.completed' order by id`,
    };
  };
  const title = (n: number) => `Page ${n}`;
  const id = (n: number) => world.page(title(n)).id;
  /** What is planned for a stored page. */
  const stored = (n: number) => ({
    page_id: id(n),
    kind: "page",
    title: title(n),
    url: `https://demo.atlassian.net/wiki/spaces/${SPACE}/pages/${id(n)}/Page+${n}`,
  });

  it("a dry run of an incremental sync reports what would be added and updated and why, and writes nothing", async () => {
    editPage(world.site, id(3), { body: bodyOf("sumac") });
    const added = addPage(world.site, { space: SPACE, title: "Brand new", body: bodyOf("sumac") });
    const before = await contents();
    world.takeRequests();
    const operation = await world.sync({ dryRun: true });
    expect(operation).toMatchObject({
      status: "completed",
      dry_run: true,
      sync_metrics: { pages_added: 1, pages_updated: 1, chunks_added: 0, embeddings_created: 0 },
    });
    const planned = [
      { page_id: added.id, kind: "page", title: "Brand new", url: "", outcome: "added", reason: "new page" },
      { ...stored(3), outcome: "updated", reason: "version 1 → 2" },
    ];
    expect(await world.planned(operation.operation_id)).toEqual(planned);
    for (const path of [`/api/confluence/${SOURCE_ID}/status`, `/api/progress/${operation.operation_id}`]) {
      expect((await world.api("GET", path)).body).toMatchObject({ dry_run: true, planned_changes: planned });
    }
    expect(await contents()).toEqual(before);
    expect(world.takeRequests().filter((request) => request.query.includes("body-format"))).toEqual([]);
    expect((await world.sync()).sync_metrics).toMatchObject({ pages_added: 1, pages_updated: 1 });
  });

  it("a dry run of a full sync also reports what was moved and what would be converted again", async () => {
    movePage(world.site, id(4), { parentId: id(5) });
    trashPage(world.site, id(6));
    await database.sql`update confluence_pages set representation_revision = 0 where page_id = ${id(7)}`;
    await database.sql`
      update confluence_pages set is_deleted = true, deleted_at = now(), deleted_reason = 'trashed', chunk_count = 0 where page_id = ${id(8)}`;
    await database.sql`update confluence_pages set missing_since = now() where page_id = ${id(9)}`;
    const before = await contents();
    const operation = await world.sync({ mode: "full", dryRun: true });
    expect(operation.sync_metrics).toMatchObject({ pages_moved: 1, pages_restored: 2, pages_updated: 1 });
    expect(await world.planned(operation.operation_id)).toEqual([
      { ...stored(4), outcome: "moved", reason: "another parent" },
      { ...stored(8), outcome: "restored", reason: "deleted here, current in Confluence" },
      { ...stored(9), outcome: "restored", reason: "hidden here, visible in Confluence" },
      {
        ...stored(7),
        outcome: "updated",
        reason: expect.stringContaining("converter revision"),
      },
    ]);
    expect(await contents()).toEqual(before);
  });

  it("a dry run of a sync names the pages that failed before and would be retried", async () => {
    await database.sql`
      update confluence_pages set sync_error = '{"code":"body_missing","message":"no body","permanent":true,"attempts":1,"version":1,"at":"2026-10-13T08:00:00Z"}'
      where page_id = ${id(2)}`;
    const before = await contents();
    const operation = await world.sync({ dryRun: true });
    expect(await world.planned(operation.operation_id)).toEqual([
      { ...stored(2), outcome: "updated", reason: "failed before" },
    ]);
    expect(await contents()).toEqual(before);
  });

  it("a dry run of a deletion check reports which pages would be deleted or hidden, each with its reason", async () => {
    trashPage(world.site, id(1));
    archivePage(world.site, id(2));
    movePage(world.site, id(3), { space: OTHER_SPACE, parentId: null });
    purgePage(world.site, id(4), { leavesRecord: false });
    purgePage(world.site, id(5), { leavesRecord: true });
    editPage(world.site, id(6), { body: bodyOf("nutmeg") });
    await database.sql`update confluence_pages set missing_since = now() where page_id = ${id(7)}`;
    const before = await contents();
    const operation = await world.check({ dryRun: true });
    expect(operation).toMatchObject({
      status: "completed",
      sync_metrics: { pages_deleted: 4, pages_hidden: 1, pages_restored: 1, pages_updated: 1 },
    });
    const planned = await world.planned(operation.operation_id);
    expect(planned.map(({ title: name, outcome, reason }) => [name, outcome, reason])).toEqual([
      [title(1), "deleted", "trashed"],
      [title(2), "deleted", "archived"],
      [title(3), "deleted", "moved_to_another_space"],
      [title(5), "deleted", "deleted"],
      [title(4), "hidden", "not_visible"],
      [title(7), "restored", "hidden here, visible in Confluence"],
      [title(6), "updated", "version 1 → 2"],
    ]);
    expect(await contents()).toEqual(before);
  });

  it("a dry run of a check above the cap shows what would be held, announces nothing, and force shows the same", async () => {
    for (let n = 1; n <= 12; n += 1) trashPage(world.site, id(n));
    const before = await contents();
    const operation = await world.check({ dryRun: true });
    expect(operation).toMatchObject({ status: "held", error: { code: "deletions_held" } });
    const planned = await world.planned(operation.operation_id);
    expect(planned).toHaveLength(12);
    expect(await contents()).toEqual(before);
    const { body } = await world.api("GET", `/api/confluence/${SOURCE_ID}/held-deletions`);
    expect(body).toMatchObject({ operation_id: null, held_deletions: [] });
    const forced = await world.check({ dryRun: true, force: true });
    expect(forced).toMatchObject({ status: "completed", sync_metrics: { pages_deleted: 12 } });
    expect(await world.planned(forced.operation_id)).toEqual(planned);
    expect(await contents()).toEqual(before);
  });
});
