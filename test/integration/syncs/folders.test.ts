import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { addFolder, addPage, editFolder, editPage } from "#infra/local/confluence-site/edits.ts";
import type { Folder, SitePage } from "#infra/local/confluence-site/site.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { bodyOf, makeSyncWorld, SPACE, type SyncWorld } from "#test/support/sync-world.ts";

describe("folders above pages", () => {
  let database: TestDatabase;
  let world: SyncWorld;
  let home: SitePage;
  let folder: Folder;
  let leaf: SitePage;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    world = await makeSyncWorld(database.sql);
    home = addPage(world.site, { space: SPACE, title: "Home", body: bodyOf("homeword") });
    folder = addFolder(world.site, { space: SPACE, title: "Runbooks", parentId: home.id });
    leaf = addPage(world.site, {
      space: SPACE,
      title: "Restart the spooler",
      body: bodyOf("spoolerword"),
      parentId: folder.id,
    });
  });
  afterAll(() => database.close());

  const path = async (word: string) => (await world.find(word))[0]?.ancestors.map((item) => item.title);
  const folderCalls = () =>
    world.takeRequests().filter((request) => /\/(folders|whiteboards|databases|embeds)\//.test(request.path))
      .length;

  it("folders above a page, at any level, are in its breadcrumb", async () => {
    await world.sync();
    expect(await path("spoolerword")).toEqual(["Home", "Runbooks"]);
  });

  it.each(["whiteboard", "database", "embed"] as const)(
    "a %s above a page is in its breadcrumb, like a folder",
    async (kind) => {
      const above = addFolder(world.site, { space: SPACE, title: `A ${kind}`, parentId: folder.id, kind });
      addPage(world.site, { space: SPACE, title: "Below", body: bodyOf("belowword"), parentId: above.id });
      await world.sync();
      expect(await path("belowword")).toEqual(["Home", "Runbooks", `A ${kind}`]);
    },
  );

  it("folders are requested once by a full listing, however many pages they contain, and not by a sync of changes", async () => {
    for (let n = 0; n < 30; n += 1)
      addPage(world.site, {
        space: SPACE,
        title: `More ${n}`,
        body: bodyOf(`more${n}`),
        parentId: folder.id,
      });
    await world.sync();
    expect(folderCalls()).toBe(1);
    await world.sync();
    expect(folderCalls()).toBe(0);
    await world.check();
    expect(folderCalls()).toBe(1);
  });

  it("new folders arrive with a sync of changes", async () => {
    await world.sync();
    world.pass(60 * 60_000);
    const inner = addFolder(world.site, { space: SPACE, title: "Printers", parentId: folder.id });
    addPage(world.site, { space: SPACE, title: "New", body: bodyOf("newword"), parentId: inner.id });
    await world.sync();
    expect(await path("newword")).toEqual(["Home", "Runbooks", "Printers"]);
  });

  it.each(["a full sync", "a deletion check"] as const)(
    "folders follow a rename and a move with %s",
    async (how) => {
      await world.sync();
      const other = addPage(world.site, { space: SPACE, title: "Operations", body: bodyOf("opsword") });
      editFolder(world.site, folder.id, { title: "Playbooks", parentId: other.id });
      if (how === "a full sync") await world.sync({ mode: "full" });
      else await world.check();
      expect(await path("spoolerword")).toEqual(["Operations", "Playbooks"]);
    },
  );

  describe("case 14: a renamed folder changes breadcrumbs only", () => {
    const HOUR_MS = 60 * 60_000;
    const chunks = () =>
      database.sql`select id::text, content, input_hash from archon_crawled_pages order by id`;
    beforeEach(async () => {
      await world.sync();
      world.pass(HOUR_MS);
      await world.sync();
      world.pass(HOUR_MS);
      world.takeRequests();
    });
    const watermark = async () => (await world.source()).metadata.last_sync_timestamp;

    it("a renamed folder is renamed in the breadcrumb by the next sync, which embeds and requests nothing for it", async () => {
      const [before, calls, last] = [await chunks(), world.embedding.calls, await watermark()];
      editFolder(world.site, folder.id, { title: "Playbooks" });
      const { sync_metrics } = await world.sync();
      expect(await path("spoolerword")).toEqual(["Home", "Playbooks"]);
      expect(sync_metrics).toMatchObject({ pages_updated: 0, pages_added: 0, chunks_kept: 0 });
      expect([await chunks(), world.embedding.calls]).toEqual([before, calls]);
      expect(world.takeRequests().length).toBeLessThanOrEqual(5);
      expect(await watermark()).not.toBe(last);
    });

    it("a renamed folder that was moved too has its new place", async () => {
      const other = addPage(world.site, { space: SPACE, title: "Operations", body: bodyOf("opsword") });
      editFolder(world.site, folder.id, { title: "Playbooks", parentId: other.id });
      await world.sync();
      expect(await path("spoolerword")).toEqual(["Operations", "Playbooks"]);
    });

    it("a new folder and the page in it arrive by one search, without a call for the folder", async () => {
      const inner = addFolder(world.site, { space: SPACE, title: "Printers", parentId: folder.id });
      addPage(world.site, { space: SPACE, title: "New", body: bodyOf("newword"), parentId: inner.id });
      await world.sync();
      expect(await path("newword")).toEqual(["Home", "Runbooks", "Printers"]);
      expect(folderCalls()).toBe(0);
    });

    it.each([
      ["does not know folders in a search", { unsupported_types: ["folder"] }],
      ["refuses what a search expands that folders do not have", { unknown_expands: "reject" as const }],
    ])(
      "a site that %s is searched without them: pages arrive, folders with the next check",
      async (_, settings) => {
        Object.assign(world.site.settings, settings);
        editFolder(world.site, folder.id, { title: "Playbooks" });
        editPage(world.site, leaf.id, { body: bodyOf("editedword") });
        const { status, sync_metrics } = await world.sync();
        expect({ status, sync_metrics }).toMatchObject({
          status: "completed",
          sync_metrics: { pages_updated: 1 },
        });
        expect(await path("editedword")).toEqual(["Home", "Runbooks"]);
        const last = await watermark();
        world.pass(HOUR_MS);
        await world.sync();
        expect(await watermark()).not.toBe(last);
        await world.check();
        expect(await path("editedword")).toEqual(["Home", "Playbooks"]);
      },
    );

    it("a folder that is found without its place keeps the stored one, until the next check", async () => {
      editFolder(world.site, folder.id, { title: "Playbooks" });
      world.onTheWay.change = (text) => text.replace(/("type":"folder".*?)"ancestors":\[[^\]]*\],/, "$1");
      const last = await watermark();
      expect((await world.sync()).status).toBe("completed");
      world.onTheWay.change = null;
      expect(await path("spoolerword")).toEqual(["Home", "Runbooks"]);
      expect(await watermark()).not.toBe(last);
      await world.check();
      expect(await path("spoolerword")).toEqual(["Home", "Playbooks"]);
    });

    it("a dry run renames no folder", async () => {
      editFolder(world.site, folder.id, { title: "Playbooks" });
      await world.sync({ dryRun: true });
      expect(await path("spoolerword")).toEqual(["Home", "Runbooks"]);
    });
  });

  it("folders are not pages: no count, list, search or deletion includes them", async () => {
    await world.sync();
    for (let n = 0; n < 2; n += 1)
      expect((await world.check()).sync_metrics).toMatchObject({ pages_deleted: 0, pages_hidden: 0 });
    const pages = await database.sql`select page_id from confluence_pages order by page_id`;
    expect(pages.map((row) => row.page_id)).toEqual([home.id, leaf.id]);
    expect(await world.find("Runbooks")).toEqual([]);
    expect(await path("spoolerword")).toEqual(["Home", "Runbooks"]);
  });

  it.each([403, 404, 410, 500])(
    "folders refused with %i do not affect the page and its sync",
    async (status) => {
      world.site.faults.push({
        effect: "status",
        status,
        retry_after: null,
        path: "/folders/",
        times: 1000,
        skip: 0,
      });
      expect((await world.sync()).status).toBe("completed");
      expect(await path("spoolerword")).toEqual([]);
      world.site.faults.length = 0;
      await world.check();
      expect(await path("spoolerword")).toEqual(["Home", "Runbooks"]);
    },
  );

  it("folders stay in the breadcrumb while the token lacks their scope, and the source reports it", async () => {
    await world.sync();
    world.site.faults.push({
      effect: "scope_missing",
      said_in: "both",
      path: "/folders/",
      times: 1000,
      skip: 0,
    });
    expect((await world.check()).status).toBe("completed");
    expect(await path("spoolerword")).toEqual(["Home", "Runbooks"]);
    expect((await world.source()).refusedCalls.folders).toMatchObject({ scope: "read:folder:confluence" });
  });

  it.each(["whiteboard", "database", "embed"] as const)(
    "%s: the source names the missing scope when one is first met, and folders stay in the breadcrumb",
    async (kind) => {
      const above = addFolder(world.site, { space: SPACE, title: `A ${kind}`, parentId: home.id, kind });
      addPage(world.site, { space: SPACE, title: "Below", body: bodyOf("belowword"), parentId: above.id });
      const further = addFolder(world.site, { space: SPACE, title: "Further", parentId: home.id });
      addPage(world.site, {
        space: SPACE,
        title: "In it",
        body: bodyOf("furtherword"),
        parentId: further.id,
      });
      world.site.faults.push({
        effect: "scope_missing",
        said_in: "header",
        path: `/${kind}s/`,
        times: 1000,
        skip: 0,
      });
      for (const mode of ["full", "full", "incremental"] as const) {
        expect(await world.sync({ mode })).toMatchObject({ status: "completed", error: null });
        expect((await world.find("belowword"))[0]?.title).toBe("Below");
        expect(await path("spoolerword")).toEqual(["Home", "Runbooks"]);
        expect(await path("furtherword")).toEqual(["Home", "Further"]);
        expect((await world.source()).refusedCalls.folders).toMatchObject({
          code: "scope_missing",
          scope: `read:${kind}:confluence`,
        });
      }
      expect(world.logged.filter((line) => line.event === "confluence.call_refused")).toHaveLength(1);
    },
  );

  it("folders leave the breadcrumb when Confluence no longer shows them", async () => {
    await world.sync();
    world.site.folders.delete(folder.id);
    await world.check();
    expect(await path("spoolerword")).toEqual([]);
  });

  it("empty folders are removed from the index", async () => {
    await world.sync();
    leaf.parentId = home.id;
    await world.check();
    expect(await database.sql`select folder_id from confluence_folders`).toEqual([]);
  });
});
