import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { addComment } from "#infra/local/confluence-site/comment-edits.ts";
import { uploadFile } from "#infra/local/confluence-site/file-edits.ts";
import { restorePage, trashPage } from "#infra/local/confluence-site/page-status-edits.ts";
import { removeExpired } from "#shared/syncs/schedules/retention.ts";
import { makeSyncWorld, type SyncWorld } from "#test/support/sync-world.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const DAY_MS = 24 * 60 * 60_000;
const KEEP = { operationDays: 90, changeDays: 7, eventDays: 7 };

let database: TestDatabase;
let world: SyncWorld;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  await database.clear();
  world = await makeSyncWorld(database.sql, {
    pages: 4,
    content: { blogposts: true, comments: "open", attachments: true },
  });
  for (const title of ["Page 1", "Page 2"]) {
    const containerId = world.page(title).id;
    addComment(world.site, { containerId, body: `<p>Ask the lighthouse keeper about ${title}</p>` });
    const bytes = Buffer.from(`The harbour plan of ${title}`);
    uploadFile(world.site, { containerId, title: `${title}.txt`, bytes, mediaType: "text/plain" });
  }
  await world.sync();
});
afterAll(() => database.close());

/** What is stored of comments and files, whatever a search finds of it. */
const stored = async () => {
  const [comments, texts] = await Promise.all([
    database.sql<{ text: string }[]>`select m::text as text from confluence_comments m`,
    database.sql<{ text: string }[]>`select extracted::text as text from attachment_texts`,
  ]);
  const titles = [...comments, ...texts].flatMap(({ text }) => /Page \d/.exec(text) ?? []);
  return titles.toSorted();
};
const found = async (query: string) => (await world.find(query)).map(({ title }) => title).toSorted();

async function trash(title: string) {
  trashPage(world.site, world.page(title).id);
  for (let checks = 0; checks < 2; checks += 1) {
    world.pass(60 * 60_000);
    await world.check();
  }
}

it("text of comments and files is kept for a while after their page was deleted, and then removed", async () => {
  await trash("Page 1");
  expect(await found("lighthouse keeper harbour plan")).not.toContain("Page 1");
  world.pass(6 * DAY_MS);
  await removeExpired(database.sql, KEEP, world.now());
  expect(await stored()).toEqual(["Page 1", "Page 1", "Page 2", "Page 2"]);
  world.pass(2 * DAY_MS);
  await removeExpired(database.sql, KEEP, world.now());
  expect(await stored()).toEqual(["Page 2", "Page 2"]);
});

it("a page that is restored after its comments' and files' text was removed has both again with the next check", async () => {
  await trash("Page 1");
  world.pass(8 * DAY_MS);
  await removeExpired(database.sql, KEEP, world.now());
  restorePage(world.site, world.page("Page 1").id);
  world.pass(60 * 60_000);
  await world.sync();
  world.pass(60 * 60_000);
  await world.check();
  world.pass(60 * 60_000);
  await world.sync();
  expect(await found("lighthouse keeper")).toEqual(["Page 1", "Page 2"]);
  expect(await found("harbour plan")).toEqual(["Page 1.txt", "Page 2.txt"]);
});
