import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { addComment, editComment } from "#infra/local/confluence-site/comment-edits.ts";
import { editPage } from "#infra/local/confluence-site/edits.ts";
import { makeAccessWorld, type AccessWorld } from "#test/support/access-world.ts";
import { SOURCE_ID } from "#test/support/sync-world.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

/** Case 35 for comments: their text is requested after the rights of the page that they are on were read. */
describe("a comment that was written after its page was restricted, both while a step was reading", () => {
  let database: TestDatabase;
  let world: AccessWorld;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    world = await makeAccessWorld(database.sql, {
      content: { blogposts: false, comments: "open", attachments: false },
    });
  });
  afterAll(() => database.close());

  const shownTo = async (who: string) => {
    const shown = await world.finds(who);
    const rows = await database.sql<{ title: string; kind: string; content: string }[]>`
      select p.title, p.kind, c.content from archon_crawled_pages c join confluence_pages p using (source_id, page_id)
      where p.title = any(${shown})`;
    return rows.map(({ content }) => content).join("\n");
  };
  /** Once, after the first response whose address says this: it is what it was. */
  const after = (says: (url: string) => boolean, change: () => void) => {
    let isDone = false;
    world.onTheWay.change = (text, url) => {
      if (isDone || !says(decodeURIComponent(url))) return text;
      isDone = true;
      change();
      return text;
    };
    return () => isDone;
  };
  const isStored = async () =>
    (await database.sql`select from archon_crawled_pages where content like '%secretword%'`).length > 0;

  it("a comment written after its page was restricted, while a listing with both is read, is not shown to who was shut out", async () => {
    const page = world.add("P");
    const comment = addComment(world.site, {
      containerId: page.id,
      body: "<p>The Openword has a question here</p>",
    });
    await world.sync();
    await world.sweep();
    expect(await shownTo("w")).toContain("Openword");
    world.pass(60_000);
    editPage(world.site, page.id, { body: "<p>It says more</p>" });
    editComment(world.site, comment.id, { body: "<p>Another openword has a question here</p>" });
    const isDone = after(
      (url) => url.includes("lastModified") && url.includes("restrictions.read"),
      () => {
        world.restrict(page, { users: ["u"] });
        editComment(world.site, comment.id, { body: "<p>The secretword has a question here</p>" });
      },
    );
    world.pass(60_000);
    await world.sync();
    expect(isDone()).toBe(true);
    expect((await isStored()) && (await shownTo("w")).includes("secretword")).toBe(false);
  });

  it("a comment written after its page was restricted, while an announced page is read, is not shown to who was shut out", async () => {
    world.add("Q");
    await world.sync();
    await world.sweep();
    world.pass(60_000);
    const page = world.add("P");
    const isDone = after(
      (url) => url.includes("restrictions.read") && url.includes(page.id),
      () => {
        world.restrict(page, { users: ["u"] });
        addComment(world.site, { containerId: page.id, body: "<p>The secretword has a question here</p>" });
      },
    );
    world.pass(60_000);
    const { status } = await world.api("POST", `/api/confluence/${SOURCE_ID}/pages/${page.id}/sync`);
    expect(status).toBe(202);
    for (let n = 0; n < 2; n += 1) await world.minute("start-scheduled-syncs");
    expect(isDone()).toBe(true);
    expect((await isStored()) && (await shownTo("w")).includes("secretword")).toBe(false);
  });
});
