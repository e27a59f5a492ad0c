import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { addComment } from "#infra/local/confluence-site/comment-edits.ts";
import { addPage, movePage } from "#infra/local/confluence-site/edits.ts";
import { uploadFile } from "#infra/local/confluence-site/file-edits.ts";
import { editPage } from "#infra/local/confluence-site/edits.ts";
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

  const upload = (page: SitePage) =>
    uploadFile(world.site, {
      containerId: page.id,
      title: "sextant.txt",
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
    editPage(world.site, page.id, { body: bodyOf("breakwater") });
    addComment(world.site, { containerId: page.id, body: "<p>The pelican has a question here</p>" });
    upload(page);
    world.pass(30 * DAY_MS);
    await world.sync();
    const target = world.page("Page 1");
    movePage(world.site, page.id, { space: SPACE, parentId: target.id });
    await announce(page);
    for (const word of ["breakwater", "pelican", "sextant"]) expect(await world.find(word)).toHaveLength(1);
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
});
