import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { editPage, movePage } from "#infra/local/confluence-site/edits.ts";
import { trashPage } from "#infra/local/confluence-site/page-status-edits.ts";
import { cancelOperation } from "#shared/syncs/operations/end-operation.ts";
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

const HOUR_MS = 60 * 60_000;

describe("announcements whose operation ends badly", () => {
  let database: TestDatabase;
  let world: SyncWorld;
  let hook: HookSender;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    world = await makeSyncWorld(database.sql, { pages: 16 });
    const [arriving] = addDemoPages(world.site, 1, 99);
    movePage(world.site, String(arriving?.id), { space: OTHER_SPACE, parentId: null });
    await world.sync();
    hook = await makeHook(world);
    // No search for what changed looks back to the pages' last edits any more.
    world.pass(26 * HOUR_MS);
    await world.sync();
    world.pass(HOUR_MS);
  });
  afterAll(() => database.close());

  const id = (n: number) => world.page(`Page ${n}`).id;
  const found = async (word: string) => (await world.find(word)).map((hit) => hit.title);
  const deliver = (...pageIds: string[]) => hook.deliver({ page_ids: pageIds, space_key: "DEMO" });
  const announced = async () => (await database.sql`select page_id from page_hints`).length;
  /** Announces these pages; delivers until their operation has asked for them. */
  const announceAndAsk = async (...pageIds: string[]) => {
    await deliver(...pageIds);
    world.pass(2500);
    await world.deliverUntil("plan", async () => (await announced()) === 0);
  };
  /** A page that is trashed, and one that comes from another space. */
  const changePages = () => {
    trashPage(world.site, id(1));
    movePage(world.site, id(99), { space: "DEMO", parentId: null });
    return [id(1), id(99)];
  };
  const expectFound = async () => {
    expect(await found("word1")).toEqual([]);
    expect(await found("word99")).toEqual(["Page 99"]);
  };
  const hours = async (count: number) => {
    for (let n = 0; n < count * 12; n += 1) {
      world.pass(4 * 60_000);
      await world.minute("start-scheduled-syncs");
    }
  };
  const operations = () => database.sql<{ type: string; status: string }[]>`
    select operation_type as type, status from archon_progress order by created_at desc, operation_id`;
  const cancel = async () => {
    const request = { sourceId: SOURCE_ID, now: world.now(), actor: "a test" };
    expect(await cancelOperation(database.sql, request)).not.toBeNull();
  };
  const failUntilItEnds = async (path: string, status: number, type: string) => {
    world.site.faults.push({ effect: "status", status, retry_after: null, path, times: 1_000_000, skip: 0 });
    const isFailed = async () =>
      (await operations()).some((row) => row.type === type && row.status === "failed");
    for (let n = 0; n < 40 && !(await isFailed()); n += 1) {
      world.pass(4 * 60_000);
      await world.minute();
    }
    expect(await isFailed()).toBe(true);
    world.site.faults.length = 0;
  };
  const wantedSince = async () => (await world.source()).metadata.check_wanted_since;

  it("a trashed and a moved page are noticed although their operation is cancelled after it asked for them", async () => {
    await announceAndAsk(...changePages());
    await cancel();
    await hours(1);
    await expectFound();
    expect(await wantedSince()).toBeNull();
  });

  it("a trashed and a moved page are noticed although their operation fails after it asked for them", async () => {
    await announceAndAsk(...changePages());
    await failUntilItEnds("/", 500, "page_sync");
    await hours(1);
    await expectFound();
  });

  it("deletions above the cap are decided on although the check that follows their announcement fails", async () => {
    const trashed = Array.from({ length: 12 }, (_, n) => id(n + 1));
    for (const pageId of trashed) trashPage(world.site, pageId);
    await deliver(...trashed);
    world.pass(2500);
    while ((await operations())[0]?.type !== "deletion_check")
      expect(await world.deliverOne("plan")).toBe(true);
    await failUntilItEnds("/api/v2/pages", 400, "deletion_check");
    await hours(2);
    expect((await operations())[0]).toEqual({ type: "deletion_check", status: "held" });
    expect(await wantedSince()).toBeNull();
  });

  it("an operation that is cancelled before it asked wants no check: its pages stay announced", async () => {
    editPage(world.site, id(1), { body: bodyOf("persimmon") });
    await deliver(id(1));
    await cancel();
    expect(await announced()).toBe(1);
    expect(await wantedSince()).toBeNull();
    await hours(1);
    expect(await found("persimmon")).toEqual(["Page 1"]);
  });
});
