import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import type { Fault } from "#infra/local/confluence-site/faults.ts";
import { changeFile, uploadFile } from "#infra/local/confluence-site/file-edits.ts";
import { restorePage, restrictPage, trashPage } from "#infra/local/confluence-site/page-status-edits.ts";
import { addPage } from "#infra/local/confluence-site/edits.ts";
import type { SiteAttachment } from "#infra/local/confluence-site/site.ts";
import { makeHook, type HookSender } from "#test/support/hook-sender.ts";
import { bodyOf, makeSyncWorld, OTHER_SPACE, SOURCE_ID, type SyncWorld } from "#test/support/sync-world.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

/*
 * Files that were moved off a page, which makes no version of them, and the page then goes in an operation that lists no files.
 */

const DAY_MS = 24 * 60 * 60_000;

let database: TestDatabase;
let world: SyncWorld;
let hook: HookSender;
let file: SiteAttachment;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  await database.clear();
  world = await makeSyncWorld(database.sql, {
    pages: 16,
    content: { blogposts: true, comments: "open", attachments: true },
  });
  file = upload(2, "tides.txt", "The tugboat quota was raised in autumn.");
  world.pass(3 * 60 * 60_000);
  await world.sync();
  hook = await makeHook(world);
  world.pass(DAY_MS);
});

const id = (n: number) => world.page(`Page ${n}`).id;
function upload(n: number, title: string, text: string): SiteAttachment {
  return uploadFile(world.site, {
    containerId: id(n),
    title,
    bytes: Buffer.from(text),
    mediaType: "text/plain",
  });
}
const found = async (word: string) =>
  (await world.find(word)).map(({ kind, parent }) => ({ kind, page: parent?.title }));
const row = async (pageId = file.id) => {
  const [state] = await database.sql`
    select is_deleted, deleted_reason, missing_since is not null as hidden from confluence_pages where page_id = ${pageId}`;
  return state;
};
const announce = async (n: number) => {
  await hook.deliver({ page: { id: id(n) }, space: { key: "DEMO" } });
  for (let round = 0; round < 8; round += 1) {
    world.pass(2500);
    await world.drain();
  }
};
const fail = (path: string, status: number) => {
  const fault: Fault = { effect: "status", status, retry_after: null, path, times: 1000, skip: 0 };
  world.site.faults.push(fault);
};
const ON_PAGE_3 = [{ kind: "attachment", page: "Page 3" }];
const GONE = { is_deleted: true, deleted_reason: "container_trashed", hidden: false };
const HIDDEN = { is_deleted: false, deleted_reason: null, hidden: true };

it("a file that was moved to another page stays found there when its former page is trashed and announced", async () => {
  changeFile(world.site, file.id, { containerId: id(3) });
  trashPage(world.site, id(2));
  await announce(2);
  expect(await found("tugboat")).toEqual(ON_PAGE_3);
});

it("a file that is still on a page which is trashed and announced goes with it, and is back with it", async () => {
  trashPage(world.site, id(2));
  await announce(2);
  expect(await row()).toEqual(GONE);
  restorePage(world.site, id(2));
  await announce(2);
  expect(await found("tugboat")).toEqual([{ kind: "attachment", page: "Page 2" }]);
});

it("a file that was moved to another page stays found there when its former page is hidden", async () => {
  changeFile(world.site, file.id, { containerId: id(3) });
  restrictPage(world.site, id(2), "nobody");
  await announce(2);
  expect(await found("tugboat")).toEqual(ON_PAGE_3);
});

it("a file that was moved to another space goes with its former page", async () => {
  const elsewhere = addPage(world.site, { space: OTHER_SPACE, title: "Elsewhere", body: bodyOf("other") });
  changeFile(world.site, file.id, { containerId: elsewhere.id });
  trashPage(world.site, id(2));
  await announce(2);
  expect(await row()).toEqual(GONE);
});

it.each([
  ["which files still exist", "convert-ids-to-types", HIDDEN],
  ["what a file is on", "/api/v2/attachments/", GONE],
])(
  "while Confluence refuses to tell %s, a file that may be elsewhere is hidden with its trashed page, until a check decides",
  async (_, path, afterOneCheck) => {
    const stays = upload(2, "ebb.txt", "The walrus quota was lowered in spring.");
    await world.sync();
    changeFile(world.site, file.id, { containerId: id(3) });
    trashPage(world.site, id(2));
    fail(path, 403);
    await announce(2);
    expect(await row(id(2))).toMatchObject({ is_deleted: true });
    expect(await row()).toEqual(HIDDEN);
    expect([await found("tugboat"), await found("walrus")]).toEqual([[], []]);
    world.site.faults.splice(0);
    world.pass(DAY_MS);
    await world.check();
    expect(await found("tugboat")).toEqual(ON_PAGE_3);
    expect(await row(stays.id)).toEqual(afterOneCheck);
    world.pass(7 * DAY_MS);
    await world.check();
    expect(await row(stays.id)).toMatchObject({ is_deleted: true });
  },
);

it("a file that was moved after a check held its page stays found when the deletion is approved", async () => {
  for (let n = 1; n <= 12; n += 1) trashPage(world.site, id(n));
  const held = await world.check();
  expect(held.status).toBe("held");
  restorePage(world.site, id(2));
  changeFile(world.site, file.id, { containerId: id(13) });
  trashPage(world.site, id(2));
  world.pass(DAY_MS);
  const { body } = await world.api("POST", `/api/confluence/${SOURCE_ID}/held-deletions/approve`, {
    body: { operation_id: held.operation_id },
  });
  expect(await world.ended(body.operation_id)).toMatchObject({ status: "completed" });
  expect(await row(id(2))).toMatchObject({ is_deleted: true, deleted_reason: "trashed" });
  expect(await found("tugboat")).toEqual([{ kind: "attachment", page: "Page 13" }]);
});
