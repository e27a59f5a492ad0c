import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { addPage, editPage, movePage } from "#infra/local/confluence-site/edits.ts";
import { restrictPage, trashPage } from "#infra/local/confluence-site/page-status-edits.ts";
import { removeExpired } from "#shared/syncs/schedules/retention.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { bodyOf, makeSyncWorld, SPACE, type SyncWorld } from "#test/support/sync-world.ts";

const DAY_MS = 24 * 60 * 60_000;

describe("what an operation changed", () => {
  let database: TestDatabase;
  let world: SyncWorld;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    world = await makeSyncWorld(database.sql, { pages: 8 });
    await world.sync();
    world.pass(2 * 60 * 60_000);
  });
  afterAll(() => database.close());

  const id = (n: number) => world.page(`Page ${n}`).id;
  const changes = async (operationId: string, query: Record<string, string> = {}) =>
    (await world.api("GET", `/api/progress/${operationId}/changes`, { query })).body;
  const told = async (operationId: string, query: Record<string, string> = {}) =>
    (await changes(operationId, query)).changes.map((change: { title: string; outcome: string }) => [
      change.title,
      change.outcome,
    ]);

  it("each page that a sync added, updated, moved or failed at is named, with its reason and its chunks; unchanged ones are not", async () => {
    editPage(world.site, id(2), { body: bodyOf("mace") });
    editPage(world.site, id(3), { body: bodyOf("spoilt") });
    movePage(world.site, id(4), { parentId: id(5) });
    const added = addPage(world.site, { space: SPACE, title: "New", body: bodyOf("sumac") });
    world.embedding.refused = "spoilt";
    const { operation_id: operationId } = await world.sync({ mode: "full" });
    const page = (pageId: string) => ({ page_id: pageId, kind: "page", error: null });
    const body = await changes(operationId);
    expect(body).toMatchObject({ operation_id: operationId, next_cursor: null });
    expect(body.changes).toHaveLength(4);
    expect(body.changes).toEqual(
      expect.arrayContaining([
        {
          ...page(id(2)),
          title: "Page 2",
          url: expect.stringContaining(id(2)),
          outcome: "updated",
          reason: "version 1 → 2",
          chunks_added: 1,
          chunks_kept: 1,
          chunks_removed: 1,
          embeddings_created: 1,
          at: expect.any(String),
        },
        expect.objectContaining({
          page_id: id(3),
          outcome: "failed",
          reason: null,
          error: { code: "embedding_refused", message: expect.stringMatching(/./) },
        }),
        expect.objectContaining({
          ...page(id(4)),
          outcome: "moved",
          reason: "another parent",
          chunks_added: 0,
          embeddings_created: 0,
        }),
        expect.objectContaining({ ...page(added.id), outcome: "added", reason: "new page", chunks_added: 2 }),
      ]),
    );
    expect(await told(operationId, { outcome: "moved" })).toEqual([["Page 4", "moved"]]);
    expect(await told(operationId, { outcome: "failed" })).toEqual([["Page 3", "failed"]]);
    expect(await told(operationId, { kind: "comments" })).toEqual([]);
    expect(await told(operationId, { kind: "page" })).toHaveLength(4);
  });

  it("a deletion check names what it deleted and hid, and what it showed again", async () => {
    trashPage(world.site, id(6));
    restrictPage(world.site, id(7), "nobody");
    const first = await world.check();
    expect(await changes(first.operation_id)).toMatchObject({
      changes: [
        { title: "Page 6", outcome: "deleted", reason: "trashed" },
        { title: "Page 7", outcome: "hidden", reason: "not_visible" },
      ],
    });
    restrictPage(world.site, id(7), "everyone");
    const second = await world.check();
    expect(await told(second.operation_id)).toEqual([["Page 7", "restored"]]);
    expect(second.sync_metrics).toMatchObject({ pages_restored: 1, pages_unchanged: 6 });
  });

  it("a dry run changed nothing, whatever it plans", async () => {
    editPage(world.site, id(2), { body: bodyOf("mace") });
    movePage(world.site, id(4), { parentId: id(5) });
    const { operation_id: operationId } = await world.sync({ mode: "full", dryRun: true });
    expect(await world.planned(operationId)).toHaveLength(2);
    expect(await told(operationId)).toEqual([]);
  });

  it("the list goes on after its cursor, also with a filter", async () => {
    for (const n of [1, 2, 3]) editPage(world.site, id(n), { body: bodyOf("mace") });
    const { operation_id: operationId } = await world.sync();
    const query = { limit: "2", outcome: "updated" };
    const first = await changes(operationId, query);
    expect(first.changes).toHaveLength(2);
    const rest = await changes(operationId, { ...query, cursor: first.next_cursor });
    expect(rest).toMatchObject({ changes: [{ outcome: "updated" }], next_cursor: null });
    const pages = [...first.changes, ...rest.changes].map((change: { page_id: string }) => change.page_id);
    expect(pages.toSorted()).toEqual([id(1), id(2), id(3)].toSorted());
  });

  it("changes stay for a week, and failures as long as the operation; what changed nothing goes after a day", async () => {
    editPage(world.site, id(2), { body: bodyOf("mace") });
    editPage(world.site, id(3), { body: bodyOf("spoilt") });
    world.embedding.refused = "spoilt";
    await world.sync();
    const { operation_id: operationId } = await world.check();
    const [sync] = await database.sql<{ id: string }[]>`
      select operation_id as id from archon_progress where operation_type = 'confluence_sync' order by created_at desc limit 1`;
    const syncId = sync?.id ?? "";
    const seen = async () =>
      (await database.sql`select from sync_work where operation_id = ${operationId} and state = 'seen'`)
        .length;
    const expire = (days: number) => {
      world.pass(days * DAY_MS);
      return removeExpired(database.sql, { operationDays: 90, changeDays: 7, eventDays: 90 }, world.now());
    };
    expect(await seen()).toBeGreaterThan(0);
    await expire(1.5);
    expect(await seen()).toBe(0);
    expect(await told(syncId)).toHaveLength(2);
    await expire(5);
    expect(await told(syncId)).toHaveLength(2);
    await expire(1);
    expect(await told(syncId)).toEqual([["Page 3", "failed"]]);
  });

  it("an unknown operation, a cursor of another list and a misspelt filter are refused", async () => {
    const { operation_id: operationId } = await world.sync();
    const refused = async (operation: string, query: Record<string, string>) => {
      const answer = await world.api("GET", `/api/progress/${operation}/changes`, { query });
      return [answer.status, answer.body.detail.error.code ?? answer.body.detail.error];
    };
    const cursor = Buffer.from(JSON.stringify(["planned-changes", "1"])).toString("base64url");
    expect((await refused("00000000-0000-4000-8000-000000000000", {}))[0]).toBe(404);
    expect((await refused(operationId, { cursor }))[0]).toBe(400);
    expect((await refused(operationId, { outcome: "unchanged" }))[0]).toBe(400);
  });
});
