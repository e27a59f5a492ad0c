import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { editPage, movePage } from "#infra/local/confluence-site/edits.ts";
import { restrictPage, trashPage } from "#infra/local/confluence-site/page-status-edits.ts";
import { cancelOperation } from "#shared/syncs/operations/end-operation.ts";
import { addHints } from "#shared/syncs/hints/page-hints.ts";
import { makeHook, type HookSender } from "#test/support/hook-sender.ts";
import {
  addDemoPages,
  bodyOf,
  makeSyncWorld,
  OTHER_SPACE,
  SOURCE_ID,
  type SyncWorld,
} from "#test/support/sync-world.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const PAGES = 16;

describe("more announced pages than single requests are made for", () => {
  let database: TestDatabase;
  let world: SyncWorld;
  let hook: HookSender;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    world = await makeSyncWorld(database.sql, { pages: PAGES });
    const [arriving] = addDemoPages(world.site, 1, 99);
    movePage(world.site, String(arriving?.id), { space: OTHER_SPACE, parentId: null });
    await world.sync();
    hook = await makeHook(world);
    world.pass(60 * 60_000);
  });
  afterAll(() => database.close());

  const id = (n: number) => world.page(`Page ${n}`).id;
  const found = async (word: string) => (await world.find(word)).map((hit) => hit.title);
  const ids = (count: number, first = 90_000) => Array.from({ length: count }, (_, n) => String(first + n));
  const deliver = async (pageIds: readonly string[]) => {
    for (let from = 0; from < pageIds.length; from += 100)
      await hook.deliver({ page_ids: pageIds.slice(from, from + 100), space_key: "DEMO" });
  };
  const minutes = async (count: number) => {
    for (let n = 0; n < count; n += 1) await world.minute("start-scheduled-syncs");
  };
  const lastCheck = async () => {
    const [row] = await database.sql`
      select metadata ->> 'last_deletion_check' as at from archon_sources where source_id = ${SOURCE_ID}`;
    return row?.["at"] as string | null;
  };
  const types = async () =>
    (
      await database.sql<{ type: string }[]>`
        select operation_type as type from archon_progress order by created_at, operation_id offset 1`
    ).map(({ type }) => type);
  /** A page that is trashed, one that comes from another space, and one that is edited, among as many others as make a storm. */
  const announceChanges = async (others: number) => {
    const trashed = id(1);
    trashPage(world.site, trashed);
    const arriving = [...world.site.pages.values()].find((page) => page.title === "Page 99");
    movePage(world.site, String(arriving?.id), { space: "DEMO", parentId: null });
    editPage(world.site, id(2), { body: bodyOf("persimmon") });
    await deliver([...ids(others), trashed, String(arriving?.id), id(2)]);
  };
  const expectAllFound = async () => {
    expect(await found("word1")).toEqual([]);
    expect(await found("word99")).toEqual(["Page 99"]);
    expect(await found("persimmon")).toEqual(["Page 2"]);
  };

  it("a storm of hints loses no announced deletion or move, whatever the deletion strategy", async () => {
    await announceChanges(300);
    await minutes(5);
    await expectAllFound();
    expect(await types()).toEqual(["page_sync", "confluence_sync", "deletion_check"]);
    // Once, and not again and again.
    await minutes(90);
    expect(await types()).toHaveLength(3);
  });

  it("a check that a storm needs follows although the sync that replaces the hints is cancelled", async () => {
    await announceChanges(300);
    const isReplaced = async () => (await database.sql`select page_id from page_hints`).length === 0;
    while (!(await isReplaced())) {
      world.pass(2500);
      if (!(await world.deliverOne("plan"))) await world.minute();
    }
    expect((await types()).at(-1)).toBe("confluence_sync");
    const cancelled = await cancelOperation(database.sql, {
      sourceId: SOURCE_ID,
      now: world.now(),
      actor: "a test",
    });
    expect(cancelled).not.toBeNull();
    await minutes(5);
    expect(await found("word1")).toEqual([]);
    expect(await found("word99")).toEqual(["Page 99"]);
  });

  it("a check that fails after a storm is tried again, but not each minute, and not after each sync", async () => {
    await announceChanges(300);
    world.site.faults.push({
      effect: "status",
      status: 400,
      path: "/api/v2/pages",
      times: 1_000_000,
      skip: 0,
    } as never);
    await minutes(30);
    await world.sync();
    await minutes(5);
    expect((await types()).filter((type) => type === "deletion_check")).toHaveLength(1);
    world.site.faults.length = 0;
    await minutes(60);
    expect(await found("word1")).toEqual([]);
    expect((await types()).filter((type) => type === "deletion_check")).toHaveLength(2);
  });

  it("a check in place of announcements hides what is not visible, and does not count as one of the two that delete it", async () => {
    const before = await lastCheck();
    for (const storm of [1, 2]) {
      restrictPage(world.site, id(3), "nobody");
      await deliver(ids(300, 90_000 + 1000 * storm));
      await minutes(5);
      expect((await types()).filter((type) => type === "deletion_check")).toHaveLength(storm);
      world.pass(60 * 60_000);
    }
    const [page] = await database.sql`
      select is_deleted, missing_since is not null as hidden from confluence_pages where page_id = ${id(3)}`;
    expect(page).toEqual({ is_deleted: false, hidden: true });
    expect(await lastCheck()).toBe(before);
  });

  it("pages that wait to be rendered again are replaced by a sync without a check", async () => {
    const pages = ids(300).map((pageId) => ({ sourceId: SOURCE_ID, pageId }));
    await addHints(database.sql, pages, { reason: "shows_gone", atOnce: true, now: world.now() });
    await minutes(10);
    expect(await types()).toEqual(["confluence_sync"]);
  });

  it("announcements for which there is no room while an operation asks for others lose no deletion", async () => {
    await deliver(ids(150));
    world.pass(15_000);
    await world.deliverUntil("plan", async () => {
      const [row] = await database.sql<{ asked: number | null }[]>`
        select (checkpoint ->> 'asked')::int as asked from archon_progress where operation_type = 'page_sync'`;
      return (row?.asked ?? 0) > 0;
    });
    await announceChanges(1500);
    await minutes(30);
    expect(await found("word1")).toEqual([]);
    expect(await found("word99")).toEqual(["Page 99"]);
  });
});
