import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { addPage } from "#infra/local/confluence-site/edits.ts";
import { changeFile, replaceFile, trashFile, uploadFile } from "#infra/local/confluence-site/file-edits.ts";
import { bodyOf, makeSyncWorld, SPACE, type SyncWorld } from "#test/support/sync-world.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const HOUR_MS = 60 * 60_000;
const NEW = { outcome: "added", reason: "new file" };
const CHANGED = { outcome: "updated", reason: "the file, its name or its page changed" };

let database: TestDatabase;
let world: SyncWorld;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  await database.clear();
  world = await makeSyncWorld(database.sql, {
    pages: 3,
    content: { blogposts: true, comments: "open", attachments: true },
  });
});

const upload = (title: string, name: string) =>
  uploadFile(world.site, {
    containerId: world.page(title).id,
    title: name,
    bytes: Buffer.from("The tugboat quota was raised in autumn."),
    mediaType: "text/plain",
  });
const syncToday = async () => {
  world.pass(3 * HOUR_MS);
  await world.sync();
  world.pass(24 * HOUR_MS);
};
/** What a dry run plans for files by their names, and the metrics of files of it and of the sync after it. */
const compare = async (mode: "incremental" | "full") => {
  world.pass(HOUR_MS);
  const before = await database.sql`select * from confluence_pages order by page_id`;
  const dry = await world.sync({ mode, dryRun: true });
  expect(await database.sql`select * from confluence_pages order by page_id`).toEqual(before);
  const planned = (await world.planned(dry.operation_id)).filter(({ kind }) => kind === "attachment");
  world.pass(60_000);
  const real = await world.sync({ mode });
  const counts = [dry, real].map(({ sync_metrics: { files_added, files_updated } }) => ({
    files_added,
    files_updated,
  }));
  return {
    planned: Object.fromEntries(planned.map(({ title, outcome, reason }) => [title, { outcome, reason }])),
    counts,
  };
};

it.each(["incremental", "full"] as const)(
  "a dry run of the %s sync reports the files that the sync then adds and updates, and why",
  async (mode) => {
    const edited = upload("Page 1", "edited.txt");
    upload("Page 1", "same.txt");
    await syncToday();
    replaceFile(world.site, edited.id, { bytes: Buffer.from("The walrus quota was lowered.") });
    upload("Page 2", "tides.txt");
    addPage(world.site, { space: SPACE, title: "New", body: bodyOf("new") });
    upload("New", "on a new page.txt");
    const counts = { files_added: 2, files_updated: 1 };
    expect(await compare(mode)).toEqual({
      planned: { "edited.txt": CHANGED, "on a new page.txt": NEW, "tides.txt": NEW },
      counts: [counts, counts],
    });
  },
);

it("a dry run of a full sync reports files that were moved or renamed, which makes no version of them", async () => {
  const [moved, renamed] = [upload("Page 1", "moved.txt"), upload("Page 1", "former.txt")];
  await syncToday();
  changeFile(world.site, moved.id, { containerId: world.page("Page 2").id });
  changeFile(world.site, renamed.id, { title: "renamed.txt" });
  const { planned } = await compare("full");
  expect(planned).toEqual({ "moved.txt": CHANGED, "renamed.txt": CHANGED });
});

it("a dry run of a first sync reports all files with the pages that they are on", async () => {
  upload("Page 1", "tides.txt");
  const counts = { files_added: 1, files_updated: 0 };
  expect(await compare("full")).toEqual({ planned: { "tides.txt": NEW }, counts: [counts, counts] });
});

it("a dry run of a deletion check reports the files that would go, and those that syncs have missed", async () => {
  const trashed = upload("Page 1", "trashed.txt");
  const moved = upload("Page 1", "moved.txt");
  await syncToday();
  trashFile(world.site, trashed.id);
  changeFile(world.site, moved.id, { containerId: world.page("Page 2").id });
  const dry = await world.check({ dryRun: true });
  const planned = await world.planned(dry.operation_id);
  expect(planned.map(({ title, outcome }) => [title, outcome])).toEqual([
    ["trashed.txt", "hidden"],
    ["moved.txt", "updated"],
  ]);
});
