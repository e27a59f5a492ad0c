import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { addComment, deleteComment } from "#infra/local/confluence-site/comment-edits.ts";
import { restrictPage } from "#infra/local/confluence-site/page-status-edits.ts";
import { trashFile, uploadFile } from "#infra/local/confluence-site/file-edits.ts";
import { makeSyncWorld, SOURCE_ID, type SyncWorld } from "#test/support/sync-world.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const DAY_MS = 24 * 60 * 60_000;
const MANY = 12;

let database: TestDatabase;
let world: SyncWorld;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

const id = (n: number) => world.page(`Page ${n}`).id;
const found = async (word: string) => (await world.find(word)).map(({ kind }) => kind);
const upload = (n: number, title: string) =>
  uploadFile(world.site, {
    containerId: id(n),
    title,
    bytes: Buffer.from("The tugboat quota was raised."),
    mediaType: "text/plain",
  });
const say = (containerId: string, text: string) =>
  addComment(world.site, { containerId, body: `<p>${text}</p>` });
const syncToday = async () => {
  world.pass(3 * 60 * 60_000);
  await world.sync();
  world.pass(DAY_MS);
};
const numbers = Array.from({ length: MANY }, (_, index) => index + 1);

beforeEach(async () => {
  await database.clear();
  world = await makeSyncWorld(database.sql, {
    pages: 16,
    content: { blogposts: true, comments: "open", attachments: true },
  });
});

it("what is on pages whose deletion is held stays with them, and is found when they are visible again", async () => {
  say(id(1), "Should the rollout wait for the lighthouse team?");
  say(upload(2, "tides.txt").id, "This table leaves out the zeppelin entirely");
  await syncToday();
  // Somebody takes the account out of a group: most of the space is out of sight.
  for (const n of numbers) restrictPage(world.site, id(n), "nobody");
  for (const weeks of [0, 1]) {
    world.pass(weeks * 7 * DAY_MS);
    expect((await world.check()).status).toBe("held");
    expect(await found("tugboat")).toEqual(["attachment"]);
    expect(await found("lighthouse")).toEqual(["comments"]);
    expect(await found("zeppelin")).toEqual(["comments"]);
  }
  for (const n of numbers) restrictPage(world.site, id(n), "everyone");
  const held = (await world.api("GET", `/api/confluence/${SOURCE_ID}/held-deletions`)).body;
  await world.api("POST", `/api/confluence/${SOURCE_ID}/held-deletions/reject`, {
    body: { operation_id: held.operation_id },
  });
  world.pass(DAY_MS);
  await world.sync();
  expect(await found("lighthouse")).toEqual(["comments"]);
  expect(await found("zeppelin")).toEqual(["comments"]);
});

it("comments on files whose deletion is held stay, and a comment that was deleted elsewhere goes", async () => {
  const files = numbers.map((n) => upload(1, `tides-${n}.txt`));
  for (const file of files.slice(0, 3)) say(file.id, "This table leaves out the zeppelin entirely");
  const elsewhere = say(id(5), "Should the rollout wait for the lighthouse team?");
  await syncToday();
  for (const file of files) trashFile(world.site, file.id);
  deleteComment(world.site, elsewhere.id);
  for (const weeks of [0, 1]) {
    world.pass(weeks * 7 * DAY_MS);
    expect((await world.check()).status).toBe("held");
    expect(await found("zeppelin")).toEqual(["comments"]);
  }
  expect(await found("lighthouse")).toEqual([]);
});
