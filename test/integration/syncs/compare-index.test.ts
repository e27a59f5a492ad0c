import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  addComment,
  addReply,
  deleteComment,
  editComment,
  resolveComment,
} from "#infra/local/confluence-site/comment-edits.ts";
import { addPage, editPage, labelPage, movePage } from "#infra/local/confluence-site/edits.ts";
import { trashPage } from "#infra/local/confluence-site/page-status-edits.ts";
import { changeFile, replaceFile, trashFile, uploadFile } from "#infra/local/confluence-site/file-edits.ts";
import { NEW_SOURCE_CONTENT, type ContentOptions } from "#shared/content-kinds.ts";
import { compareIndex } from "#shared/verify/compare-index.ts";
import { openSite } from "#shared/syncs/sync-services.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { bodyOf, makeSyncWorld, SOURCE_ID, SPACE, type SyncWorld } from "#test/support/sync-world.ts";

describe("verify", () => {
  let database: TestDatabase;
  let world: SyncWorld;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    world = await makeSyncWorld(database.sql, { pages: 4 });
    labelPage(world.site, world.page("Page 1").id, { add: ["guide"] });
    movePage(world.site, world.page("Page 2").id, { parentId: world.page("Page 1").id });
    await world.sync({ mode: "full" });
    world.takeRequests();
  });
  afterAll(() => database.close());

  async function verify(options: { bodies: boolean } = { bodies: true }) {
    const source = await world.source();
    const { confluence, cipher } = world.services(null);
    if (!confluence || !cipher) throw new Error("The world has no site");
    const client = await openSite({ confluence, cipher }, source);
    const { listed, differences } = await compareIndex(database.sql, client, source, {
      ...options,
      now: world.now(),
    });
    return {
      listed,
      differences,
      found: differences.map(({ title, kind }) => `${title}: ${kind}`).toSorted(),
    };
  }

  it("verify finds no difference after a sync", async () => {
    expect(await verify()).toMatchObject({ listed: { page: 4 }, found: [] });
  });

  it("verify finds what people have changed since the sync", async () => {
    const { site } = world;
    editPage(site, world.page("Page 1").id, { body: bodyOf("other") });
    labelPage(site, world.page("Page 2").id, { add: ["later"] });
    movePage(site, world.page("Page 3").id, { parentId: world.page("Page 1").id });
    trashPage(site, world.page("Page 4").id);
    addPage(site, { space: SPACE, title: "New", body: bodyOf("new") });
    expect((await verify()).found).toEqual([
      "New: missing",
      "Page 1: outdated",
      "Page 2: labels",
      "Page 3: parent",
      "Page 4: surplus",
    ]);
  });

  it("verify with bodies finds a chunk that stands below other headings than on its page", async () => {
    await database.sql`
      update archon_crawled_pages set heading_path = '{Former}'
      where source_id = ${SOURCE_ID} and page_id = ${world.page("Page 2").id} and chunk_number = 0`;
    expect((await verify()).found).toEqual(["Page 2: content"]);
    expect((await verify({ bodies: false })).found).toEqual([]);
  });

  it("verify finds chunks that are missing, doubled or changed; changed ones only with bodies", async () => {
    const { sql } = database;
    const id = (n: number) => world.page(`Page ${n}`).id;
    await sql`delete from archon_crawled_pages where source_id = ${SOURCE_ID} and page_id = ${id(1)}`;
    await sql`
      insert into archon_crawled_pages (source_id, page_id, url, chunk_number, content, input_hash, search_vector, created_at)
      select source_id, page_id, url, chunk_number + 100, content, input_hash, search_vector, created_at
      from archon_crawled_pages where source_id = ${SOURCE_ID} and page_id = ${id(2)} and chunk_number = 0`;
    await sql`
      update archon_crawled_pages set content = 'something else'
      where source_id = ${SOURCE_ID} and page_id = ${id(3)} and chunk_number = 0`;
    await sql`update confluence_pages set missing_since = ${world.now()}, url = 'elsewhere' where page_id = ${id(4)}`;
    const seen = ["Page 1: without_chunks", "Page 2: chunk_count", "Page 4: hidden", "Page 4: url"];
    expect((await verify({ bodies: false })).found).toEqual(seen);
    expect(world.takeRequests().some((request) => request.query.includes("body-format"))).toBe(false);
    expect((await verify()).found).toEqual(
      [...seen, "Page 1: content", "Page 2: content", "Page 3: content"].toSorted(),
    );
  });

  describe("of posts, comments and files", () => {
    const upload = (title: string, name: string) =>
      uploadFile(world.site, {
        containerId: world.page(title).id,
        title: name,
        bytes: Buffer.from(`The text of ${name}`),
        mediaType: "text/plain",
      });
    const say = (title: string, text: string) =>
      addComment(world.site, { containerId: world.page(title).id, body: `<p>${text}</p>` });
    const make = async (content: ContentOptions) => {
      await database.clear();
      world = await makeSyncWorld(database.sql, { pages: 2, content });
      addPage(world.site, { kind: "blogpost", space: SPACE, title: "Post", body: bodyOf("news") });
      for (const title of ["Page 1", "Page 2", "Post"]) {
        const said = say(title, `Who waits for the ferry at ${title}?`);
        addReply(world.site, said.id, { body: "<p>The pilots do</p>" });
        upload(title, `${title}.txt`);
      }
      await world.sync();
      world.takeRequests();
    };
    const comment = (title: string) => {
      const containerId = world.page(title).id;
      const found = [...world.site.comments.values()].find((one) => one.containerId === containerId);
      if (!found) throw new Error(`${title} has no comment`);
      return found;
    };
    const file = (name: string) => {
      const found = [...world.site.attachments.values()].find((one) => one.title === name);
      if (!found) throw new Error(`${name} is not on the site`);
      return found;
    };

    it("verify counts each kind and finds no difference after a sync, with one call more for each listing", async () => {
      await make(NEW_SOURCE_CONTENT);
      expect(await verify({ bodies: false })).toMatchObject({
        listed: { page: 2, blogpost: 1, comments: 6, attachment: 3 },
        found: [],
      });
      const searches = world.takeRequests().filter(({ path }) => path.endsWith("/content/search"));
      expect(searches).toHaveLength(2);
    });

    it("verify finds replies by the comment that they answer, where a response names only that", async () => {
      await make(NEW_SOURCE_CONTENT);
      world.site.settings.reply_container = "comment";
      const { id } = addReply(world.site, comment("Page 1").id, { body: "<p>And the captains</p>" });
      expect((await verify()).differences).toMatchObject([
        { content: "comments", page_id: id, kind: "missing" },
      ]);
    });

    it("verify finds comments that are new, edited, resolved, deleted or hidden here", async () => {
      await make(NEW_SOURCE_CONTENT);
      const containerId = world.page("Post").id;
      const inline = addComment(world.site, {
        containerId,
        body: "<p>Is it on time?</p>",
        selection: "News",
      });
      await world.sync();
      resolveComment(world.site, inline.id, { status: "resolved" });
      const lost = comment("Page 1");
      deleteComment(world.site, lost.id, { replies: "deleted" });
      editComment(world.site, comment("Page 2").id, { body: "<p>Who waits for the train?</p>" });
      const added = say("Page 2", "Who waits for the bus?");
      await database.sql`
        update confluence_comments set missing_since = ${world.now()} where comment_id = ${comment("Post").id}`;
      const { differences, found } = await verify();
      expect(found).toEqual([
        "Page 1: surplus",
        "Page 1: surplus",
        "Page 2: missing",
        "Page 2: outdated",
        "Post: hidden",
        "Post: outdated",
      ]);
      expect(differences.every(({ content }) => content === "comments")).toBe(true);
      expect(differences.map(({ page_id }) => page_id)).toEqual(expect.arrayContaining([lost.id, added.id]));
    });

    it("verify finds files that are new, replaced, renamed, moved or trashed, and downloads none", async () => {
      await make(NEW_SOURCE_CONTENT);
      const before = world.site.mediaRequests.length;
      replaceFile(world.site, file("Page 1.txt").id, { bytes: Buffer.from("Another text") });
      changeFile(world.site, file("Page 2.txt").id, {
        title: "New name.txt",
        containerId: world.page("Page 1").id,
      });
      trashFile(world.site, file("Post.txt").id);
      upload("Page 2", "Added.txt");
      const { differences, found } = await verify();
      expect(found).toEqual([
        "Added.txt: missing",
        "New name.txt: parent",
        "New name.txt: title",
        "Page 1.txt: outdated",
        "Post.txt: surplus",
      ]);
      expect(differences.every(({ content }) => content === "attachment")).toBe(true);
      expect(world.site.mediaRequests.length).toBe(before);
    });

    it("verify compares only what the source syncs", async () => {
      await make({ blogposts: false, comments: "open", attachments: true });
      expect(await verify()).toMatchObject({ listed: { page: 2, comments: 6, attachment: 2 }, found: [] });
      await make({ blogposts: true, comments: "none", attachments: false });
      const { listed, found } = await verify();
      expect([listed, found]).toEqual([{ page: 2, blogpost: 1 }, []]);
      expect(world.takeRequests().filter(({ path }) => path.endsWith("/content/search"))).toEqual([]);
    });
  });
});
