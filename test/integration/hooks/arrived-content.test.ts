import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { addComment } from "#infra/local/confluence-site/comment-edits.ts";
import { addPage, editPage, movePage } from "#infra/local/confluence-site/edits.ts";
import { uploadFile } from "#infra/local/confluence-site/file-edits.ts";
import { publishPage } from "#infra/local/confluence-site/page-status-edits.ts";
import type { SitePage } from "#infra/local/confluence-site/site.ts";
import { makeHook, type HookSender } from "#test/support/hook-sender.ts";
import { bodyOf, makeSyncWorld, OTHER_SPACE, SPACE, type SyncWorld } from "#test/support/sync-world.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const DAY_MS = 24 * 60 * 60_000;

describe("an announced page that the index does not have yet", () => {
  let database: TestDatabase;
  let world: SyncWorld;
  let hook: HookSender;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    const content = { blogposts: true, comments: "open", attachments: true } as const;
    world = await makeSyncWorld(database.sql, { pages: 4, content });
    hook = await makeHook(world);
  });
  afterAll(() => database.close());

  const upload = (page: SitePage, title = "sextant.txt") =>
    uploadFile(world.site, {
      containerId: page.id,
      title,
      bytes: Buffer.from("The sextant is kept in drawer seven"),
      mediaType: "text/plain",
    });
  const announce = async (page: SitePage) => {
    expect((await hook.deliver({ page_ids: [page.id] })).status).toBe(202);
    for (let n = 0; n < 8; n += 1) {
      world.pass(2500);
      await world.drain();
    }
  };

  it("brings its old comments and files along from another space", async () => {
    const page = addPage(world.site, { space: OTHER_SPACE, title: "Harbour", body: bodyOf("harbour") });
    addComment(world.site, { containerId: page.id, body: "<p>The pelican has a question here</p>" });
    upload(page);
    world.pass(30 * DAY_MS);
    await world.sync();
    const target = world.page("Page 1");
    movePage(world.site, page.id, { space: SPACE, parentId: target.id });
    await announce(page);
    for (const word of ["harbour", "pelican", "sextant"]) expect(await world.find(word)).toHaveLength(1);
  });

  it("brings the files along that were put on its draft long before", async () => {
    const draft = addPage(world.site, { space: SPACE, title: "Draft", body: bodyOf("harbour"), draft: true });
    upload(draft);
    world.pass(30 * DAY_MS);
    await world.sync();
    expect(await world.find("sextant")).toEqual([]);
    publishPage(world.site, draft.id);
    await announce(draft);
    for (const word of ["harbour", "sextant"]) expect(await world.find(word)).toHaveLength(1);
  });

  const fail = (effect: object, times: number) =>
    world.site.faults.push({ path: "container+in", times, skip: 0, ...effect } as never);
  const draftWithFile = async (...titles: string[]) => {
    const draft = addPage(world.site, { space: SPACE, title: "Draft", body: bodyOf("harbour"), draft: true });
    for (const title of ["sextant.txt", ...titles]) upload(draft, title);
    world.pass(30 * DAY_MS);
    await world.sync();
    return draft;
  };

  it("is asked again for its files by the sync that lists it, because the search index lags behind announcements", async () => {
    const draft = await draftWithFile();
    publishPage(world.site, draft.id);
    fail({ effect: "empty_listing" }, 2);
    await announce(draft);
    expect([await world.find("harbour"), await world.find("sextant")]).toMatchObject([[{}], []]);
    await world.sync();
    expect(await world.find("sextant")).toHaveLength(1);
  });

  it("is stored without its files where Confluence refuses to search for them, until the next deletion check", async () => {
    const draft = await draftWithFile();
    publishPage(world.site, draft.id);
    fail({ effect: "status", status: 400, retry_after: null }, 1000);
    expect(await world.sync()).toMatchObject({ status: "completed", sync_metrics: { pages_added: 1 } });
    expect([await world.find("harbour"), await world.find("sextant")]).toMatchObject([[{}], []]);
    world.site.faults.length = 0;
    await world.check();
    expect(await world.find("sextant")).toHaveLength(1);
  });

  it("does not make up with its files for a listing of changes that was cut short", async () => {
    const draft = await draftWithFile("astrolabe.txt");
    for (const n of [1, 2, 3, 4])
      editPage(world.site, world.page(`Page ${n}`).id, { body: bodyOf(`edited${n}`) });
    // The draft is listed first.
    world.pass(60_000);
    publishPage(world.site, draft.id);
    // Longer ago than a sync looks back before its watermark.
    world.pass(3 * 60 * 60_000);
    world.site.settings.max_page_size = 4;
    world.site.faults.push({ effect: "drop_next", path: "lastModified", times: 1000, skip: 0 });
    await world.sync();
    world.site.faults.length = 0;
    world.site.settings.max_page_size = 250;
    await world.sync();
    for (const n of [1, 2, 3, 4]) expect(await world.find(`edited${n}`)).toHaveLength(1);
  });

  it("brings along what was written while it was elsewhere, when it comes back", async () => {
    const page = addPage(world.site, { space: SPACE, title: "Harbour", body: bodyOf("harbour") });
    await world.sync();
    movePage(world.site, page.id, { space: OTHER_SPACE, parentId: null });
    await world.check();
    expect(await world.find("harbour")).toEqual([]);
    addComment(world.site, { containerId: page.id, body: "<p>The pelican has a question here</p>" });
    upload(page);
    world.pass(30 * DAY_MS);
    await world.sync();
    movePage(world.site, page.id, { space: SPACE, parentId: null });
    await announce(page);
    for (const word of ["harbour", "pelican", "sextant"]) expect(await world.find(word)).toHaveLength(1);
  });
});
