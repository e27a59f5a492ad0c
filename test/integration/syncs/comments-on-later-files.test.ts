import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { addComment } from "#infra/local/confluence-site/comment-edits.ts";
import { editPage } from "#infra/local/confluence-site/edits.ts";
import { uploadFile } from "#infra/local/confluence-site/file-edits.ts";
import { bodyOf, makeSyncWorld, type SyncWorld } from "#test/support/sync-world.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const HOUR_MS = 60 * 60_000;
const TEXT = "This table leaves out the zeppelin entirely";
const FOUND = [{ kind: "comments", page: "Page 2" }];

let database: TestDatabase;
let world: SyncWorld;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

const on = (title: string) => world.page(title).id;
const found = async (query: string) =>
  (await world.find(query)).map(({ kind, parent }) => ({ kind, page: parent?.title }));
const uploadCommented = (hoursBetween: () => void) => {
  const file = uploadFile(world.site, {
    containerId: on("Page 2"),
    title: "tides.txt",
    bytes: Buffer.from("The tugboat quota was raised in autumn."),
    mediaType: "text/plain",
  });
  world.pass(HOUR_MS);
  hoursBetween();
  addComment(world.site, { containerId: file.id, body: `<p>${TEXT}</p>` });
  world.pass(2 * HOUR_MS);
};
/** In responses of two hits, which stand for those of 250, the file comes after the comment. */
const listInPieces = () => {
  world.site.settings.max_page_size = 2;
  uploadCommented(() => {
    for (const n of [3, 4, 5]) editPage(world.site, on(`Page ${n}`), { body: bodyOf(`edited${n}`) });
    world.pass(HOUR_MS);
  });
};
const failOnFiles = (status: number, times: number) =>
  world.site.faults.push({
    effect: "status",
    status,
    retry_after: null,
    path: "/api/v2/attachments/",
    times,
    skip: 0,
  });
const requestsForFiles = () =>
  world.takeRequests().filter(({ path }) => path.includes("/api/v2/attachments/"));

beforeEach(async () => {
  await database.clear();
  world = await makeSyncWorld(database.sql, {
    pages: 6,
    content: { blogposts: true, comments: "open", attachments: true },
  });
  await world.sync();
  world.pass(24 * HOUR_MS);
  await world.sync();
  world.pass(2 * HOUR_MS);
});

it("a comment on a new file that is listed in a later response arrives with the same sync", async () => {
  listInPieces();
  expect(await world.sync()).toMatchObject({ status: "completed", sync_metrics: { comments_added: 1 } });
  expect(await found("zeppelin")).toEqual(FOUND);
});

it("a comment of whose file Confluence does not tell arrives with the next sync, from the same watermark", async () => {
  listInPieces();
  failOnFiles(503, 100);
  const watermark = (await world.source()).metadata.last_sync_timestamp;
  await world.sync();
  expect((await world.source()).metadata.last_sync_timestamp).toBe(watermark);
  world.site.faults.splice(0);
  world.pass(24 * HOUR_MS);
  await world.sync();
  expect(await found("zeppelin")).toEqual(FOUND);
  expect((await world.source()).metadata.last_sync_timestamp).not.toBe(watermark);
});

it("where the site refuses to tell of files, the watermark moves, and a check lists the comment", async () => {
  listInPieces();
  failOnFiles(403, 100);
  const watermark = (await world.source()).metadata.last_sync_timestamp;
  await world.sync();
  expect((await world.source()).metadata.last_sync_timestamp).not.toBe(watermark);
  world.pass(24 * HOUR_MS);
  await world.check();
  expect(await found("zeppelin")).toEqual(FOUND);
});

it("where each kind needs a search of its own, files are listed before the comments on them", async () => {
  world.site.settings.unknown_expands = "reject";
  uploadCommented(() => {});
  world.takeRequests();
  expect(await world.sync()).toMatchObject({ status: "completed", sync_metrics: { comments_added: 1 } });
  expect(requestsForFiles()).toEqual([]);
  expect(await found("zeppelin")).toEqual(FOUND);
});
