import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { addPage, editPage, labelPage, movePage } from "#infra/local/confluence-site/edits.ts";
import type { SitePage } from "#infra/local/confluence-site/site.ts";
import type { OperationProgress } from "#shared/syncs/operations/progress-tracker.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { bodyOf, makeSyncWorld, OTHER_SPACE, SPACE, type SyncWorld } from "#test/support/sync-world.ts";

describe("places, names and labels of pages", () => {
  let database: TestDatabase;
  let world: SyncWorld;
  let top: SitePage;
  let middle: SitePage;
  let leaf: SitePage;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    world = await makeSyncWorld(database.sql);
    const add = (title: string, parentId: string | null, word: string) =>
      addPage(world.site, { space: SPACE, title, parentId, body: bodyOf(word) });
    top = add("Handbook", null, "handbookword");
    middle = add("Chapter", top.id, "chapterword");
    leaf = add("Section", middle.id, "sectionword");
    add("Archive", null, "archiveword");
    await world.sync();
    world.pass(2 * 60 * 60_000);
    world.takeRequests();
  });
  afterAll(() => database.close());

  const hit = async (word: string) => {
    const [first] = await world.find(word);
    if (!first) throw new Error(`Nothing found for ${word}`);
    return first;
  };
  const breadcrumbs = async (word: string) => (await hit(word)).ancestors.map((ancestor) => ancestor.title);
  const chunks = () =>
    database.sql`select id, page_id, content, input_hash from archon_crawled_pages order by id`;
  const bodiesFetched = () =>
    world.takeRequests().filter((request) => request.query.includes("body-format")).length;
  const costNothing = (operation: OperationProgress) => {
    expect(operation.sync_metrics).toMatchObject({
      pages_updated: 0,
      chunks_added: 0,
      embeddings_created: 0,
    });
    expect(bodiesFetched()).toBe(0);
  };

  it("a first sync stores the breadcrumbs of the site", async () => {
    expect(await breadcrumbs("sectionword")).toEqual(["Handbook", "Chapter"]);
  });

  it.each(["a full sync", "a deletion check"] as const)(
    "positions follow a move with %s, for the page and all below it, without fetching or embedding anything",
    async (how) => {
      const before = await chunks();
      movePage(world.site, middle.id, { parentId: world.page("Archive").id });
      const operation = how === "a full sync" ? await world.sync({ mode: "full" }) : await world.check();
      expect(operation.sync_metrics).toMatchObject({ pages_moved: 1, pages_deleted: 0, pages_hidden: 0 });
      costNothing(operation);
      expect(await breadcrumbs("sectionword")).toEqual(["Archive", "Chapter"]);
      expect(await breadcrumbs("chapterword")).toEqual(["Archive"]);
      expect(await chunks()).toEqual(before);
    },
  );

  it("a move is counted once: the next full listing finds nothing to do", async () => {
    movePage(world.site, middle.id, { parentId: null });
    await world.sync({ mode: "full" });
    expect((await world.sync({ mode: "full" })).sync_metrics).toMatchObject({
      pages_moved: 0,
      pages_unchanged: 4,
    });
  });

  it.each(["a full sync", "a deletion check"] as const)(
    "labels added and removed are followed with %s",
    async (how) => {
      const listed = () => (how === "a full sync" ? world.sync({ mode: "full" }) : world.check());
      labelPage(world.site, leaf.id, { add: ["howto", "draft"] });
      labelPage(world.site, top.id, { add: ["howto"] });
      costNothing(await listed());
      expect((await hit("sectionword")).labels.toSorted()).toEqual(["draft", "howto"]);
      expect((await hit("handbookword")).labels).toEqual(["howto"]);
      labelPage(world.site, leaf.id, { remove: ["draft", "howto"] });
      costNothing(await listed());
      expect((await hit("sectionword")).labels).toEqual([]);
      expect((await hit("handbookword")).labels).toEqual(["howto"]);
    },
  );

  describe("with many labels", () => {
    const ofAll = Array.from({ length: 60 }, (_, n) => `topic-${n}`);
    const labelRequests = () =>
      world.takeRequests().filter((request) => /labels|content\/search/.test(request.path + request.query));
    const labelsOf = async (page: SitePage) => {
      const [row] = await database.sql<{ labels: string[] }[]>`
        select labels from confluence_pages where page_id = ${page.id}`;
      return row?.labels.toSorted();
    };
    beforeEach(async () => {
      labelPage(world.site, leaf.id, { add: ofAll });
      labelPage(world.site, top.id, { add: ofAll.slice(0, 30) });
      await world.check();
      world.takeRequests();
    });

    it("many labels cost a few searches while none changes, and a call for each that does", async () => {
      expect(await labelsOf(leaf)).toEqual(ofAll.toSorted());
      await world.check();
      expect(labelRequests().length).toBeLessThanOrEqual(3);
      labelPage(world.site, top.id, { add: ["topic-40"], remove: ["topic-3"] });
      labelPage(world.site, middle.id, { add: ["brand-new"] });
      await world.check();
      expect(labelRequests().length).toBeLessThanOrEqual(3 + 3);
      expect(await labelsOf(top)).toEqual(ofAll.filter((_, n) => (n < 30 && n !== 3) || n === 40).toSorted());
      expect(await labelsOf(middle)).toEqual(["brand-new"]);
      labelPage(world.site, leaf.id, { remove: ofAll.slice(1) });
      await world.check();
      expect(await labelsOf(leaf)).toEqual(["topic-0"]);
    });

    it.each([
      { count: 25, size: 10, searches: 0, listings: 25 },
      { count: 26, size: 10, searches: 1, listings: 0 },
      { count: 150, size: 10, searches: 1, listings: 0 },
      { count: 38, size: 40, searches: 2, listings: 0 },
    ])(
      "while no label changes, $count with names of $size characters cost $searches searches and $listings listings",
      async ({ count, size, searches, listings }) => {
        const names = Array.from({ length: count }, (_, n) => `${n}-`.padEnd(size, "x"));
        labelPage(world.site, top.id, { remove: ofAll, add: names });
        labelPage(world.site, leaf.id, { remove: ofAll });
        await world.check();
        world.takeRequests();
        await world.check();
        const requests = labelRequests().map(({ path }) => path.replace(/.*\/(?=search|labels)/, ""));
        expect(requests.filter((path) => path === "search")).toHaveLength(searches);
        expect(requests).toHaveLength(1 + searches + listings);
        expect(await labelsOf(top)).toEqual(names.toSorted());
      },
    );

    it("a label moved from one page to another is followed, although as many pages have it as before", async () => {
      labelPage(world.site, leaf.id, { remove: ["topic-59"] });
      labelPage(world.site, middle.id, { add: ["topic-59"] });
      await world.check();
      expect(await labelsOf(middle)).toEqual(["topic-59"]);
      expect(await labelsOf(leaf)).toEqual(ofAll.slice(0, 59).toSorted());
    });

    it("labels stay when the search is truncated, empty or behind", async () => {
      const { site } = world;
      for (const effect of ["empty_listing", "drop_next"] as const) {
        site.settings.max_page_size = 1;
        site.faults.push({ effect, path: "/content/search", times: 1, skip: 0 });
        await world.check();
        expect(await labelsOf(leaf)).toEqual(ofAll.toSorted());
        expect(await labelsOf(top)).toEqual(ofAll.slice(0, 30).toSorted());
      }
      site.settings.index_lag_seconds = 20 * 60;
      labelPage(site, middle.id, { add: ["topic-5"] });
      labelPage(site, top.id, { remove: ofAll });
      await world.check();
      expect(await labelsOf(leaf)).toEqual(ofAll.toSorted());
      world.pass(60 * 60_000);
      await world.check();
      expect(await labelsOf(middle)).toEqual(["topic-5"]);
      expect(await labelsOf(top)).toEqual([]);
    });
  });

  it("a renamed parent's new title and address appear in the breadcrumbs below it, and the chunks stay", async () => {
    const before = (await chunks()).filter((chunk) => chunk.page_id !== top.id);
    editPage(world.site, top.id, { title: "Guide" });
    const operation = await world.sync();
    expect(operation.sync_metrics).toMatchObject({ pages_updated: 1 });
    expect(await breadcrumbs("sectionword")).toEqual(["Guide", "Chapter"]);
    expect((await hit("handbookword")).title).toBe("Guide");
    expect((await hit("handbookword")).url).toContain("Guide");
    expect((await chunks()).filter((chunk) => chunk.page_id !== top.id)).toEqual(before);
  });

  it("a page moved to another space is deleted by the next check, at once and with that reason", async () => {
    movePage(world.site, leaf.id, { space: OTHER_SPACE, parentId: null });
    await world.sync();
    expect((await hit("sectionword")).title).toBe("Section");
    const operation = await world.check();
    expect(operation.sync_metrics).toMatchObject({ pages_deleted: 1 });
    expect(await world.find("sectionword")).toEqual([]);
    const [row] =
      await database.sql`select is_deleted, deleted_reason from confluence_pages where page_id = ${leaf.id}`;
    expect(row).toEqual({ is_deleted: true, deleted_reason: "moved_to_another_space" });
  });

  it("a page moved to another space while its edit is fetched is left to the check", async () => {
    editPage(world.site, leaf.id, { body: bodyOf("newword") });
    const id = await world.startSync();
    await world.deliverOne("plan");
    movePage(world.site, leaf.id, { space: OTHER_SPACE, parentId: null });
    expect((await world.ended(id)).sync_metrics).toMatchObject({ pages_updated: 0, pages_failed: 0 });
    expect(await world.find("newword")).toEqual([]);
    await world.check();
    expect(await world.find("sectionword")).toEqual([]);
  });

  it.each(["a full sync", "a deletion check"] as const)(
    "a page moved in from another space arrives with %s, although it was not edited for days",
    async (how) => {
      const guest = addPage(world.site, { space: OTHER_SPACE, title: "Guest", body: bodyOf("guestword") });
      world.pass(3 * 24 * 60 * 60_000);
      await world.sync();
      world.pass(3 * 60 * 60_000);
      movePage(world.site, guest.id, { space: SPACE, parentId: middle.id });
      expect((await world.sync()).sync_metrics.pages_added).toBe(0);
      const operation = how === "a full sync" ? await world.sync({ mode: "full" }) : await world.check();
      expect(operation.sync_metrics).toMatchObject({ pages_added: 1 });
      expect(await breadcrumbs("guestword")).toEqual(["Handbook", "Chapter"]);
    },
  );

  it("a page that left and came back returns with its version unchanged", async () => {
    movePage(world.site, leaf.id, { space: OTHER_SPACE, parentId: null });
    await world.check();
    movePage(world.site, leaf.id, { space: SPACE, parentId: top.id });
    expect((await world.check()).sync_metrics).toMatchObject({ pages_restored: 1 });
    expect(await breadcrumbs("sectionword")).toEqual(["Handbook"]);
  });
});
