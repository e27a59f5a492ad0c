import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { addComment } from "#infra/local/confluence-site/comment-edits.ts";
import { editPage } from "#infra/local/confluence-site/edits.ts";
import { uploadFile } from "#infra/local/confluence-site/file-edits.ts";
import { STORM_PAGES } from "#shared/syncs/hints/hinted-requests.ts";
import { MAX_FAILED_SYNCS } from "#shared/syncs/listing/compare-listing.ts";
import { makeHook } from "#test/support/hook-sender.ts";
import { bodyOf, makeSyncWorld, SOURCE_ID, type SyncWorld } from "#test/support/sync-world.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const OFTEN = [
  ["once", 1],
  ["so often that syncs gave up", MAX_FAILED_SYNCS],
] as const;

let database: TestDatabase;
let world: SyncWorld;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  await database.clear();
  const content = { blogposts: true, comments: "open", attachments: true } as const;
  world = await makeSyncWorld(database.sql, { pages: 3, content });
  await world.sync();
  world.pass(60_000);
});

const found = async (word: string) => (await world.find(word)).map(({ kind }) => kind);
const failed = async () => {
  const query = { status: "failed" };
  return (await world.api("GET", `/api/confluence/${SOURCE_ID}/pages`, { query })).body.pages;
};
/** What "Retry" in the console does with what failed: it asks for the page, or for the one that it is on. */
const retry = async () => {
  const [page] = await failed();
  const path = `/api/confluence/${SOURCE_ID}/pages/${page.container_id ?? page.page_id}/sync`;
  const { status, body } = await world.api("POST", path);
  expect(status).toBe(202);
  return world.ended(body.operation_id);
};
/** The embedding provider refuses texts with this word, for as many syncs. */
const failSyncs = async (word: string, syncs: number) => {
  world.embedding.refused = word;
  for (let n = 0; n < syncs; n += 1) await world.sync();
  expect(await failed()).toHaveLength(1);
  world.embedding.refused = null;
};
const failPage = async (syncs: number) => {
  editPage(world.site, world.page("Page 2").id, { body: bodyOf("fennel") });
  await failSyncs("fennel", syncs);
};

it("a failed page is stored when somebody asks for it", async () => {
  await failPage(1);
  await retry();
  expect(await found("fennel")).toEqual(["page"]);
});

it("a page that was given up is tried when somebody asks for it, and not when a hook announces it", async () => {
  await failPage(MAX_FAILED_SYNCS);
  const hook = await makeHook(world);
  await hook.deliver({ page_ids: [world.page("Page 2").id], space_key: "DEMO" });
  world.pass(2500);
  await world.drain();
  expect(await found("fennel")).toEqual([]);
  expect(await retry()).toMatchObject({ status: "completed", sync_metrics: { pages_updated: 1 } });
  expect(await found("fennel")).toEqual(["page"]);
  expect(await failed()).toEqual([]);
});

it("a page that was given up is tried when somebody asks for it in a storm of announcements", async () => {
  await failPage(MAX_FAILED_SYNCS);
  const hook = await makeHook(world);
  const ids = Array.from({ length: STORM_PAGES + 100 }, (_, n) => String(90_000 + n));
  for (let from = 0; from < ids.length; from += 100)
    await hook.deliver({ page_ids: ids.slice(from, from + 100), space_key: "DEMO" });
  const path = `/api/confluence/${SOURCE_ID}/pages/${world.page("Page 2").id}/sync`;
  // It has its turn after the operation that the announcements have started.
  expect((await world.api("POST", path)).status).toBe(409);
  await world.drain();
  for (let n = 0; n < 3; n += 1) await world.minute("start-scheduled-syncs");
  expect(await found("fennel")).toEqual(["page"]);
});

it.each(OFTEN)("a file that failed %s is tried when somebody asks for its page", async (_, times) => {
  uploadFile(world.site, {
    containerId: world.page("Page 2").id,
    title: "tides.txt",
    bytes: Buffer.from("The tugboat quota was raised in autumn."),
    mediaType: "text/plain",
  });
  await failSyncs("tugboat", times);
  expect(await retry()).toMatchObject({ status: "completed", sync_metrics: { files_added: 1 } });
  expect(await found("tugboat")).toEqual(["attachment"]);
});

it.each(OFTEN)("comments that failed %s are tried when somebody asks for their page", async (_, times) => {
  const containerId = world.page("Page 1").id;
  addComment(world.site, { containerId, body: "<p>This table leaves out the zeppelin entirely</p>" });
  await failSyncs("zeppelin", times);
  expect((await retry()).status).toBe("completed");
  expect(await found("zeppelin")).toEqual(["comments"]);
});

it("what failed on other pages waits when somebody asks for a page", async () => {
  addComment(world.site, {
    containerId: world.page("Page 1").id,
    body: "<p>This table leaves out the zeppelin</p>",
  });
  await failSyncs("zeppelin", 1);
  const { body } = await world.api(
    "POST",
    `/api/confluence/${SOURCE_ID}/pages/${world.page("Page 2").id}/sync`,
  );
  await world.ended(body.operation_id);
  expect(await found("zeppelin")).toEqual([]);
});
