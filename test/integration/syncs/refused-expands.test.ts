import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { addComment, editComment } from "#infra/local/confluence-site/comment-edits.ts";
import { addPage, editPage } from "#infra/local/confluence-site/edits.ts";
import { replaceFile, uploadFile } from "#infra/local/confluence-site/file-edits.ts";
import { bodyOf, makeSyncWorld, SPACE, type SyncWorld } from "#test/support/sync-world.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const DAY_MS = 24 * 60 * 60_000;

let database: TestDatabase;
let world: SyncWorld;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

beforeEach(async () => {
  await database.clear();
  world = await makeSyncWorld(database.sql, {
    pages: 2,
    content: { blogposts: true, comments: "open", attachments: true },
  });
  world.site.settings.unknown_expands = "reject";
});

/** One of each kind, each with a word that only it has. */
function write() {
  const containerId = world.page("Page 1").id;
  const post = addPage(world.site, {
    space: SPACE,
    title: "News",
    body: bodyOf("gazette"),
    kind: "blogpost",
  });
  const comment = addComment(world.site, { containerId, body: "<p>The pelican has a question here</p>" });
  const bytes = Buffer.from("The sextant is in the drawer");
  const file = uploadFile(world.site, { containerId, title: "sextant.txt", bytes, mediaType: "text/plain" });
  return { post, comment, file };
}

describe("a site that refuses to expand what a kind does not have", () => {
  it("is listed one kind after the other: every kind arrives, and what is edited later too", async () => {
    const { post, comment, file } = write();
    expect(await world.sync()).toMatchObject({ status: "completed" });
    for (const word of ["word1", "gazette", "pelican", "sextant"])
      expect(await world.find(word)).not.toEqual([]);
    world.pass(DAY_MS);
    await world.sync();
    world.pass(DAY_MS);
    editPage(world.site, world.page("Page 2").id, { body: bodyOf("halyard") });
    editPage(world.site, post.id, { body: bodyOf("bulletin") });
    editComment(world.site, comment.id, { body: "<p>The ibis has an answer here</p>" });
    replaceFile(world.site, file.id, { bytes: Buffer.from("The astrolabe replaced it") });
    world.takeRequests();
    const sync = await world.sync();
    expect(sync.status).toBe("completed");
    expect(sync.sync_metrics).toMatchObject({ pages_updated: 2, comments_updated: 1, files_updated: 1 });
    for (const word of ["halyard", "bulletin", "ibis", "astrolabe"])
      expect(await world.find(word)).not.toEqual([]);
    const searches = world.takeRequests().filter(({ path }) => path.endsWith("/content/search"));
    const refused = searches.filter(({ status }) => status === 400);
    expect(refused).toHaveLength(2);
    expect(await world.check()).toMatchObject({ status: "completed" });
  });

  it("a search of one kind that is cut short does not move the watermark", async () => {
    write();
    await world.sync();
    world.pass(DAY_MS);
    await world.sync();
    world.pass(DAY_MS);
    editPage(world.site, world.page("Page 2").id, { body: bodyOf("halyard") });
    const before = (await world.source()).metadata.last_sync_timestamp;
    // After the two that are refused, the search for pages.
    world.site.faults.push({ effect: "empty_listing", path: "content/search", times: 1, skip: 2 });
    await world.sync();
    expect((await world.source()).metadata.last_sync_timestamp).toBe(before);
    await world.sync();
    expect(await world.find("halyard")).toHaveLength(1);
  });
});
