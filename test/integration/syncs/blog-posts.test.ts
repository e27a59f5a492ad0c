import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { addPage, editPage, labelPage, movePage } from "#infra/local/confluence-site/edits.ts";
import { purgePage, restorePage, trashPage } from "#infra/local/confluence-site/page-status-edits.ts";
import type { SitePage } from "#infra/local/confluence-site/site.ts";
import {
  bodyOf,
  makeSyncWorld,
  OTHER_SPACE,
  SOURCE_ID,
  SPACE,
  type SyncWorld,
} from "#test/support/sync-world.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const MINUTE_MS = 60_000;

let database: TestDatabase;
let world: SyncWorld;
let post: SitePage;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

const addPosts = (count: number) =>
  Array.from({ length: count }, (_, n) =>
    addPage(world.site, {
      kind: "blogpost",
      space: SPACE,
      title: `Post ${n + 1}`,
      body: bodyOf(`post${n + 1}`),
    }),
  );
const kinds = () =>
  database.sql<{ kind: string; title: string }[]>`
    select kind, title from confluence_pages where not is_deleted and missing_since is null order by kind, title`;

beforeEach(async () => {
  await database.clear();
  world = await makeSyncWorld(database.sql, {
    pages: 3,
    content: { blogposts: true, comments: "none", attachments: false },
  });
  const [first] = addPosts(2);
  if (!first) throw new Error("no post");
  post = first;
});

describe("case 12: a blog post is found, follows its edits, and goes when it goes", () => {
  it("a first sync stores pages and blog posts, and search tells which is which", async () => {
    expect((await world.sync()).sync_metrics).toMatchObject({ pages_added: 5, pages_failed: 0 });
    expect((await world.find("post1"))[0]).toMatchObject({ kind: "blogpost", title: "Post 1" });
    const found = await world.api("POST", "/api/rag/query", {
      body: { query: "News", kinds: ["page"], match_count: 10 },
    });
    expect(found.body.results.map((hit: { kind: string }) => hit.kind)).not.toContain("blogpost");
    expect((await world.find("word1"))[0]).toMatchObject({ kind: "page" });
  });

  it.each([
    ["the next listing", 0],
    ["the retry of what failed", 2],
  ])(
    "a post that could not be read when it was first listed is found as soon as it can: by %s",
    async (_, more) => {
      world.onTheWay.change = (text) => text.replaceAll('"title":"Post 1"', '"title":null');
      for (let n = 0; n <= more; n += 1) {
        expect(await world.sync()).toMatchObject({ sync_metrics: { pages_failed: 1 } });
        world.pass(2 * 60 * MINUTE_MS);
      }
      world.onTheWay.change = null;
      expect(await world.sync()).toMatchObject({ status: "completed", sync_metrics: { pages_failed: 0 } });
      expect((await world.find("post1"))[0]).toMatchObject({ kind: "blogpost", title: "Post 1" });
    },
  );

  it("a post that was recorded as a page before it was stored is listed as a post", async () => {
    await database.sql`
      insert into confluence_pages (source_id, page_id, title) values (${SOURCE_ID}, ${post.id}, 'Post 1')`;
    expect((await world.sync()).sync_metrics).toMatchObject({ pages_added: 5, pages_failed: 0 });
    expect((await world.find("post1"))[0]).toMatchObject({ kind: "blogpost" });
  });

  it("an edit and a new post arrive by the one search for changes", async () => {
    await world.sync();
    world.pass(MINUTE_MS);
    editPage(world.site, post.id, { body: bodyOf("edited") });
    addPage(world.site, { kind: "blogpost", space: SPACE, title: "Post 3", body: bodyOf("third") });
    world.takeRequests();
    expect((await world.sync()).sync_metrics).toMatchObject({ pages_updated: 1, pages_added: 1 });
    expect((await world.find("edited"))[0]).toMatchObject({ title: "Post 1", kind: "blogpost" });
    expect(await world.find("third")).toHaveLength(1);
    const searches = world.takeRequests().filter(({ path }) => path.includes("/content/search"));
    expect(searches).toHaveLength(1);
  });

  it("an idle sync of pages and posts takes no more than five calls", async () => {
    await world.sync();
    world.pass(24 * 60 * MINUTE_MS);
    await world.sync();
    world.pass(24 * 60 * MINUTE_MS);
    world.takeRequests();
    await world.sync();
    expect(world.takeRequests().length).toBeLessThanOrEqual(5);
  });

  it.each([
    ["trashed", () => trashPage(world.site, post.id), "trashed"],
    [
      "moved to another space",
      () => movePage(world.site, post.id, { space: OTHER_SPACE, parentId: null }),
      "moved_to_another_space",
    ],
  ])("a post that was %s is deleted by the check", async (_, go, reason) => {
    await world.sync();
    world.pass(MINUTE_MS);
    go();
    expect((await world.check()).sync_metrics).toMatchObject({ pages_deleted: 1 });
    expect(await world.find("post1")).toEqual([]);
    const [row] = await database.sql`select deleted_reason from confluence_pages where page_id = ${post.id}`;
    expect(row?.deleted_reason).toBe(reason);
  });

  it("a trashed post that is restored comes back", async () => {
    await world.sync();
    trashPage(world.site, post.id);
    await world.check();
    world.pass(MINUTE_MS);
    restorePage(world.site, post.id);
    await world.check();
    expect((await world.find("post1"))[0]).toMatchObject({ kind: "blogpost" });
  });

  it("a purged post is hidden first, and deleted by the second check", async () => {
    await world.sync();
    purgePage(world.site, post.id, { leavesRecord: false });
    expect((await world.check()).sync_metrics).toMatchObject({ pages_hidden: 1 });
    expect(await world.find("post1")).toEqual([]);
    expect((await world.check()).sync_metrics).toMatchObject({ pages_deleted: 1 });
  });

  it("a label of a post is stored by a full listing, and stays when pages lose it", async () => {
    labelPage(world.site, post.id, { add: ["launch"] });
    labelPage(world.site, world.page("Page 1").id, { add: ["launch"] });
    await world.sync();
    const labelled = () =>
      database.sql<
        { title: string }[]
      >`select title from confluence_pages where 'launch' = any(labels) order by title`;
    expect((await labelled()).map(({ title }) => title)).toEqual(["Page 1", "Post 1"]);
    labelPage(world.site, world.page("Page 1").id, { remove: ["launch"] });
    await world.sync({ mode: "full" });
    expect((await labelled()).map(({ title }) => title)).toEqual(["Post 1"]);
  });
});

describe("case 16: a listing of one kind makes no candidate of another", () => {
  it("rows of a kind that the check does not list are no candidates", async () => {
    await world.sync();
    // As if a later release had stored them: this one does not list posts of a source that syncs pages only.
    await database.sql`update archon_sources set content = '{"blogposts": false}' where source_id = ${SOURCE_ID}`;
    world.takeRequests();
    const operationId = await world.startCheck();
    // Without a sweep, which would remove them.
    await world.drain();
    expect((await world.progress(operationId)).status).toBe("completed");
    // A candidate would be requested by id.
    expect(
      world.takeRequests().filter(({ query }) => query.includes("id=") && !query.includes("space-id")),
    ).toEqual([]);
    expect(await kinds()).toHaveLength(5);
  });

  it("a check asks for each kind by its own call", async () => {
    await world.sync();
    trashPage(world.site, post.id);
    trashPage(world.site, world.page("Page 1").id);
    world.takeRequests();
    expect((await world.check()).sync_metrics).toMatchObject({ pages_deleted: 2 });
    const byId = world.takeRequests().filter(({ query }) => query.includes("id="));
    expect(byId.some(({ path }) => path.includes("/pages"))).toBe(true);
    expect(byId.some(({ path }) => path.includes("/blogposts"))).toBe(true);
  });
});

it("case 21: lost posts above their cap are held, and the deletion of a page proceeds", async () => {
  for (let n = 3; n <= 14; n += 1)
    addPage(world.site, { kind: "blogpost", space: SPACE, title: `Post ${n}`, body: bodyOf(`post${n}`) });
  await world.sync();
  for (const page of world.site.pages.values()) if (page.kind === "blogpost") trashPage(world.site, page.id);
  trashPage(world.site, world.page("Page 1").id);
  const check = await world.check();
  expect(check.status).toBe("held");
  expect(check.sync_metrics).toMatchObject({ pages_deleted: 1 });
  expect((await kinds()).filter(({ kind }) => kind === "blogpost")).toHaveLength(14);
  expect(await world.find("word1")).toEqual([]);
  await world.check({ force: true });
  expect((await kinds()).filter(({ kind }) => kind === "blogpost")).toEqual([]);
});

describe("case 24: a kind is switched on and off", () => {
  const patch = (blogposts: boolean) =>
    world.api("PATCH", `/api/confluence/${SOURCE_ID}`, {
      body: { content: { blogposts, comments: "none" } },
    });

  it("switched off, its rows go and nothing else; what is not asked for is not stored", async () => {
    await world.sync();
    expect((await patch(false)).body.content).toEqual({
      blogposts: false,
      comments: "none",
      attachments: false,
    });
    expect(await kinds()).toEqual(["Page 1", "Page 2", "Page 3"].map((title) => ({ kind: "page", title })));
    editPage(world.site, post.id, { body: bodyOf("edited") });
    world.pass(MINUTE_MS);
    await world.sync();
    await world.sync({ mode: "full" });
    expect(await world.find("edited")).toEqual([]);
  });

  it("switched on, the next incremental sync lists the posts that there are", async () => {
    await patch(false);
    await world.sync();
    expect(await kinds()).toHaveLength(3);
    world.pass(24 * 60 * MINUTE_MS);
    await patch(true);
    world.pass(MINUTE_MS);
    expect((await world.sync()).sync_metrics).toMatchObject({ pages_added: 2, pages_failed: 0 });
    world.pass(24 * 60 * MINUTE_MS);
    world.takeRequests();
    await world.sync();
    expect(world.takeRequests().some(({ path }) => path.includes("/blogposts"))).toBe(false);
  });

  it("posts that were switched off and on while a sync ran are listed by the next one", async () => {
    // Long enough ago that no query for changes finds them.
    world.pass(24 * 60 * MINUTE_MS);
    const operationId = await world.startSync();
    await world.deliverOne("plan");
    await patch(false);
    await patch(true);
    await world.ended(operationId);
    world.pass(24 * 60 * MINUTE_MS);
    await world.sync();
    expect((await kinds()).filter(({ kind }) => kind === "blogpost")).toHaveLength(2);
  });

  it("a worker that held a post while its kind was switched off stores nothing that stays", async () => {
    const operationId = await world.startSync();
    await world.deliverOne("plan");
    await patch(false);
    expect((await world.ended(operationId)).sync_metrics).toMatchObject({ pages_added: 3, pages_failed: 0 });
    await world.minute();
    expect((await kinds()).filter(({ kind }) => kind === "blogpost")).toEqual([]);
  });
});
