import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { addPage, editPage, movePage } from "#infra/local/confluence-site/edits.ts";
import { restrictPage, trashPage } from "#infra/local/confluence-site/page-status-edits.ts";
import { ACCOUNT_ID } from "#infra/local/confluence-site/site.ts";
import { insertSource, updateSource } from "#shared/sources/sources.ts";
import { measureHealth } from "#shared/syncs/schedules/measure-health.ts";
import { makeHook, type HookSender } from "#test/support/hook-sender.ts";
import { bodyOf, makeSyncWorld, OTHER_SPACE, SOURCE_ID, type SyncWorld } from "#test/support/sync-world.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const PAGES = 16;

describe("pages that were announced", () => {
  let database: TestDatabase;
  let world: SyncWorld;
  let hook: HookSender;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    world = await makeSyncWorld(database.sql, { pages: PAGES });
    await world.sync();
    hook = await makeHook(world);
    world.pass(60 * 60_000);
    world.takeRequests();
  });
  afterAll(() => database.close());

  const id = (n: number) => world.page(`Page ${n}`).id;
  const found = async (word: string) => (await world.find(word)).map((hit) => hit.title);
  const row = async (pageId: string, sourceId = SOURCE_ID) => {
    const [state] = await database.sql`
      select is_deleted, deleted_reason, missing_since is not null as hidden from confluence_pages
      where page_id = ${pageId} and source_id = ${sourceId}`;
    return state;
  };
  const hints = async () => (await database.sql`select page_id from page_hints`).length;
  const operations = () => database.sql<{ type: string; status: string; actor: string }[]>`
    select operation_type as type, status, actor from archon_progress order by created_at, operation_id offset 1`;
  const announce = async (...pageIds: string[]) => {
    const answer = await hook.deliver({ page_ids: pageIds });
    expect(answer.status).toBe(202);
  };
  /** The debounce and all that follows. */
  const rest = async () => {
    for (let n = 0; n < 8; n += 1) {
      world.pass(2500);
      await world.drain();
    }
  };
  const removed = { is_deleted: true, hidden: false };
  const kept = { is_deleted: false, deleted_reason: null, hidden: false };
  const hidden = { is_deleted: false, deleted_reason: null, hidden: true };
  const addOtherSource = () =>
    insertSource(
      database.sql,
      {
        sourceId: "source-2",
        title: "Elsewhere",
        baseUrl: world.site.url,
        spaceKey: OTHER_SPACE,
        spaceId: [...world.site.spaces.values()].find((space) => space.key === OTHER_SPACE)?.id ?? "",
        spaceName: "Elsewhere",
        accountId: ACCOUNT_ID,
        email: "sync@example.com",
        encryptedToken: "demo-token",
        syncIntervalMinutes: null,
        searchLanguage: "english",
        embeddingModel: "fake-embedder",
        deletionStrategy: "on_demand",
      },
      world.now(),
    ).then(
      () => database.sql`
      update archon_sources set metadata = metadata || '{"last_sync_timestamp": "2026-10-13T08:00:00Z"}'
      where source_id = 'source-2'`,
    );

  it("a hint moves no watermark and settles no check, whatever its operation did", async () => {
    const before = (await world.source()).metadata;
    editPage(world.site, id(1), { body: bodyOf("marmalade") });
    await announce(id(1));
    await rest();
    expect(await found("marmalade")).toEqual(["Page 1"]);
    expect((await world.source()).metadata).toEqual(before);
  });

  it("a page that did not change costs no body, and is counted as unchanged", async () => {
    await announce(id(1), id(2));
    await rest();
    expect(world.takeRequests().filter((request) => request.query.includes("body-format"))).toEqual([]);
    expect((await hook.health()).pages).toMatchObject({ announced: 2, unchanged: 2 });
    expect(await hints()).toBe(0);
    const [sync] =
      await database.sql`select log::text from archon_progress where operation_type = 'page_sync'`;
    expect(sync?.["log"]).toContain("2 pages asked for: 2 current (2 as stored), 0 to be confirmed as gone");
  });

  it("what a delivery says about a page is not believed: Confluence is asked for it by id", async () => {
    await hook.deliver({
      page: { id: id(1), status: "trashed", version: 99, title: "Forged" },
      event: "page_removed",
    });
    await rest();
    expect(await row(id(1))).toEqual(kept);
    expect(world.takeRequests().some(({ query }) => query.includes(`id=${id(1)}`))).toBe(true);
  });

  it("an announced page whose answer cannot be read is recorded as failed, and stays", async () => {
    world.site.faults.push({
      effect: "odd_item",
      field: "title",
      value: null,
      path: "/api/v2/pages?id=",
      times: 1000,
      skip: 0,
    });
    await announce(id(1));
    await rest();
    expect(await row(id(1))).toEqual(kept);
    const [page] =
      await database.sql`select sync_error ->> 'code' as code from confluence_pages where page_id = ${id(1)}`;
    expect(page).toEqual({ code: "invalid_answer" });
    expect(await operations()).toMatchObject([{ type: "page_sync", status: "completed_with_errors" }]);
  });

  it("a trashed page is deleted at once, with that reason, and what lies below it is asked for too", async () => {
    const child = addPage(world.site, {
      space: "DEMO",
      title: "Child",
      parentId: id(2),
      body: bodyOf("pomelo"),
    });
    await world.sync({ mode: "full" });
    trashPage(world.site, id(2));
    trashPage(world.site, child.id);
    await announce(id(2));
    await rest();
    expect(await row(id(2))).toEqual({ ...removed, deleted_reason: "trashed" });
    expect(await row(child.id)).toEqual({ ...removed, deleted_reason: "trashed" });
  });

  it("a page that is not visible is hidden and never deleted by hints, however many come", async () => {
    restrictPage(world.site, id(3), "nobody");
    for (let n = 0; n < 3; n += 1) {
      await announce(id(3));
      await rest();
    }
    expect(await row(id(3))).toEqual(hidden);
    expect(await found("word3")).toEqual([]);
  });

  it("a page hidden by a hint is deleted only by the second complete check", async () => {
    restrictPage(world.site, id(3), "nobody");
    await announce(id(3));
    await rest();
    await world.check();
    expect(await row(id(3))).toEqual(hidden);
    await world.check();
    expect(await row(id(3))).toEqual({ ...removed, deleted_reason: "not_visible" });
  });

  it("a page hidden by a hint that is in the trash since is deleted at its next hint", async () => {
    restrictPage(world.site, id(3), "nobody");
    await announce(id(3));
    await rest();
    restrictPage(world.site, id(3), "everyone");
    trashPage(world.site, id(3));
    await announce(id(3));
    await rest();
    expect(await row(id(3))).toEqual({ ...removed, deleted_reason: "trashed" });
  });

  it("a hidden page that is still not visible is no candidate of its next hint, which says so", async () => {
    restrictPage(world.site, id(3), "nobody");
    const lastLine = async () => {
      await announce(id(3));
      await rest();
      const rows = await database.sql<{ log: { message: string }[] }[]>`
        select log from archon_progress where operation_type = 'page_sync' order by created_at desc limit 1`;
      return rows[0]?.log.map(({ message }) => message).find((message) => message.includes("asked for"));
    };
    expect(await lastLine()).toContain("1 to be confirmed as gone, 0 not of this space");
    expect(await lastLine()).toContain("0 to be confirmed as gone, 1 not of this space");
  });

  it("a hidden page that is visible again is found again after its hint", async () => {
    restrictPage(world.site, id(3), "nobody");
    await announce(id(3));
    await rest();
    restrictPage(world.site, id(3), "everyone");
    await announce(id(3));
    await rest();
    expect(await found("word3")).toEqual(["Page 3"]);
  });

  it("above the cap hints delete nothing and a deletion check decides, also when they come one at a time", async () => {
    for (let n = 1; n <= 12; n += 1) {
      trashPage(world.site, id(n));
      await announce(id(n));
      await rest();
    }
    const gone = await database.sql`select from confluence_pages where is_deleted`;
    expect(gone.length).toBeGreaterThan(0);
    expect((await operations()).map(({ type }) => type)).toContain("deletion_check");
    await database.clear();
    world = await makeSyncWorld(database.sql, { pages: PAGES });
    await world.sync();
    hook = await makeHook(world);
    for (let n = 1; n <= 12; n += 1) trashPage(world.site, id(n));
    await announce(...Array.from({ length: 12 }, (_, n) => id(n + 1)));
    await rest();
    expect(await database.sql`select from confluence_pages where is_deleted`).toHaveLength(0);
    expect((await operations()).map(({ type, status }) => [type, status])).toEqual([
      ["page_sync", "completed"],
      ["deletion_check", "held"],
    ]);
  });

  it("an anonymous response deletes and hides nothing, and the hint waits", async () => {
    world.site.settings.anonymous_access = true;
    world.site.settings.answer_as_anonymous = true;
    restrictPage(world.site, id(4), "account");
    await announce(id(4));
    await rest();
    expect(await row(id(4))).toEqual(kept);
    expect(await hints()).toBe(1);
    expect((await operations()).map(({ status }) => status)).toEqual(["failed"]);
  });

  it("a page moved to another space of the site leaves this one and is found there", async () => {
    await addOtherSource();
    movePage(world.site, id(5), { space: OTHER_SPACE, parentId: null });
    await announce(id(5));
    await rest();
    expect(await row(id(5))).toEqual({ ...removed, deleted_reason: "moved_to_another_space" });
    expect(await row(id(5), "source-2")).toEqual(kept);
    expect(await hints()).toBe(0);
  });

  it("a new page announced without its space is found by asking for it", async () => {
    await addOtherSource();
    const made = addPage(world.site, { space: OTHER_SPACE, title: "New", body: bodyOf("tamarind") });
    await announce(made.id);
    await rest();
    expect(await row(made.id, "source-2")).toEqual(kept);
    expect(await row(made.id)).toBeUndefined();
  });

  it("many new pages announced without their space are found, however many other pages wait", async () => {
    await addOtherSource();
    const made = Array.from({ length: 250 }, (_, n) =>
      addPage(world.site, { space: OTHER_SPACE, title: `New ${n}`, body: bodyOf(`tamarind${n}`) }),
    );
    for (let from = 0; from < made.length; from += 100)
      await announce(...made.slice(from, from + 100).map((page) => page.id));
    await hook.deliver({
      page_ids: Array.from({ length: 220 }, (_, n) => String(700_000 + n)),
      space_key: "DEMO",
    });
    for (let n = 0; n < 8; n += 1) await world.minute("start-scheduled-syncs");
    const [row] = await database.sql`
      select count(*)::int as count from confluence_pages where source_id = 'source-2' and title like 'New %' and version > 0`;
    expect(row?.count).toBe(250);
  });

  it("a worker killed while it asks loses no hint", async () => {
    editPage(world.site, id(6), { body: bodyOf("quince") });
    for (let lifetime = 1; lifetime <= 10; lifetime += 3) {
      await announce(id(6));
      world.pass(2500);
      await world.deliverOne("plan", lifetime);
    }
    for (let n = 0; n < 12 && (await found("quince")).length === 0; n += 1)
      await world.minute("start-scheduled-syncs");
    expect(await found("quince")).toEqual(["Page 6"]);
  });

  it("an edit announced while the page is being asked for is not lost with the first hint", async () => {
    await announce(id(7));
    world.pass(2500);
    const again: Promise<unknown>[] = [];
    world.onTheWay.change = (text, url) => {
      if (!url.includes("/api/v2/pages?") || again.length > 0) return text;
      editPage(world.site, id(7), { body: bodyOf("second") });
      // As a delivery in this moment does; whichever comes first, this one or the step's removal, a hint is left.
      const query = database.sql`
        insert into page_hints as h (source_id, page_id, first_at, due_at)
        values (${SOURCE_ID}, ${id(7)}, ${world.now()}, ${world.now()})
        on conflict (source_id, page_id) do update set deliveries = h.deliveries + 1`;
      again.push(query.execute());
      return text;
    };
    await world.drain();
    await Promise.all(again);
    await rest();
    await world.minute("start-scheduled-syncs");
    expect(await found("second")).toEqual(["Page 7"]);
  });

  it("hints wait for the operation that runs, and have their turn when it ends", async () => {
    const sync = await world.startSync();
    editPage(world.site, id(8), { body: bodyOf("kumquat") });
    await announce(id(8));
    expect((await operations()).map(({ type }) => type)).toEqual(["confluence_sync"]);
    await world.ended(sync);
    await rest();
    expect((await operations()).at(-1)).toMatchObject({
      type: "page_sync",
      status: "completed",
      actor: "hook",
    });
    expect(await hints()).toBe(0);
  });

  it("a hint whose start was lost is started by the next minute's schedule", async () => {
    editPage(world.site, id(9), { body: bodyOf("medlar") });
    await database.sql`
      insert into page_hints (source_id, page_id, first_at, due_at) values (${SOURCE_ID}, ${id(9)}, ${world.now()}, ${world.now()})`;
    await world.minute("start-scheduled-syncs");
    await rest();
    expect(await found("medlar")).toEqual(["Page 9"]);
  });

  it("a storm of hints is one sync, not one operation a hint", async () => {
    for (let batch = 0; batch < 5; batch += 1) {
      const ids = Array.from({ length: 100 }, (_, n) => String(90_000 + batch * 100 + n));
      await hook.deliver({ page_ids: ids, space_key: "DEMO" });
    }
    await rest();
    for (let n = 0; n < 3; n += 1) await world.minute("start-scheduled-syncs");
    const started = await operations();
    expect(started.filter(({ type }) => type === "confluence_sync")).toHaveLength(1);
    expect(started.length).toBeLessThanOrEqual(3);
    expect(await hints()).toBe(0);
  });

  it("a scheduled sync that is due goes before the hints of a busy source", async () => {
    await updateSource(database.sql, SOURCE_ID, { syncIntervalMinutes: 5 }, world.now());
    await announce(id(1));
    expect((await operations()).map(({ type, actor }) => [type, actor])).toEqual([
      ["confluence_sync", "schedule"],
    ]);
    await rest();
    expect((await operations()).at(-1)?.type).toBe("page_sync");
  });

  it("a source that was never synced, or whose token expired, is not synced by hints", async () => {
    await database.sql`update confluence_sites set status = 'credentials_expired'`;
    await announce(id(1));
    await world.minute("start-scheduled-syncs");
    expect(await operations()).toEqual([]);
    await database.sql`update confluence_sites set status = 'active'`;
    await database.sql`update archon_sources set metadata = metadata - 'last_sync_timestamp'`;
    await world.minute("start-scheduled-syncs");
    expect(await operations()).toEqual([]);
    expect(await hints()).toBe(1);
  });

  it("a page is synced on request at once, and its operation is named", async () => {
    editPage(world.site, id(10), { body: bodyOf("damson") });
    const path = `/api/confluence/${SOURCE_ID}/pages/${id(10)}/sync`;
    const { status, body } = await world.api("POST", path);
    expect(status).toBe(202);
    const ended = await world.ended(body.operation_id);
    expect(ended).toMatchObject({ operation_type: "page_sync", status: "completed", actor: "api" });
    expect(ended.sync_metrics.pages_updated).toBe(1);
    expect(await found("damson")).toEqual(["Page 10"]);
    expect((await world.api("GET", `/api/confluence/${SOURCE_ID}/status`)).body.operation_type).toBe(
      "confluence_sync",
    );
  });

  it("a page asked for while another operation runs gets 409, and its turn when that ends", async () => {
    const sync = await world.startSync();
    const answer = await world.api("POST", `/api/confluence/${SOURCE_ID}/pages/${id(11)}/sync`);
    expect([answer.status, answer.body.error.details.operation_id]).toEqual([409, sync]);
    await world.ended(sync);
    await rest();
    expect((await operations()).at(-1)).toMatchObject({ type: "page_sync", status: "completed" });
    const missing = await world.api("POST", `/api/confluence/nobody/pages/${id(11)}/sync`);
    expect([missing.status, missing.body.error.code]).toEqual([404, "source_not_found"]);
    expect((await world.api("POST", `/api/confluence/${SOURCE_ID}/pages/abc/sync`)).status).toBe(404);
  });

  it("edits that a sync finds although no hint announced them are counted, with a warning after a few", async () => {
    world.pass(60_000);
    for (let n = 12; n <= 14; n += 1) editPage(world.site, id(n), { body: bodyOf(`silent${n}`) });
    world.pass(30 * 60_000);
    await world.sync();
    expect(await hook.health()).toMatchObject({ missed_edits: 3, warnings: [{ code: "hook_silent" }] });
    const { siteId } = await world.source();
    const hooksOfSite = async () => (await world.api("GET", `/api/confluence/sites/${siteId}`)).body.hooks;
    expect(await hooksOfSite()).toMatchObject([{ missed_edits: 3, warnings: [{ code: "hook_silent" }] }]);
    expect(
      await measureHealth(database.sql, world.now(), { rightsMaxAgeMs: 14_400_000, sweepMinutes: 15 }),
    ).toMatchObject({
      silent_hooks: 1,
    });
    await world.sync();
    editPage(world.site, id(12), { body: bodyOf("announced") });
    await announce(id(12));
    await rest();
    world.pass(30 * 60_000);
    await world.sync();
    const health = await hook.health();
    expect(health).toMatchObject({ missed_edits: 3, warnings: [] });
    expect(await hooksOfSite()).toEqual([
      {
        hook_id: health.hook_id,
        kind: health.kind,
        last_delivery_at: health.last_delivery_at,
        last_missed_at: health.last_missed_at,
        missed_edits: 3,
        warnings: [],
      },
    ]);
    expect(
      await measureHealth(database.sql, world.now(), { rightsMaxAgeMs: 14_400_000, sweepMinutes: 15 }),
    ).toMatchObject({
      silent_hooks: 0,
    });
  });
});
