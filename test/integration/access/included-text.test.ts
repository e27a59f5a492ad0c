import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { restrictContent } from "#infra/local/confluence-site/directory-edits.ts";
import { addPage, editPage, labelPage } from "#infra/local/confluence-site/edits.ts";
import { editLive } from "#infra/local/confluence-site/live-edits.ts";
import { trashPage } from "#infra/local/confluence-site/page-status-edits.ts";
import { updateSource } from "#shared/sources/sources.ts";
import { makeAccessWorld, type AccessWorld } from "#test/support/access-world.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { SOURCE_ID, SPACE } from "#test/support/sync-world.ts";

const DAY_MS = 24 * 60 * 60_000;

const include = (title: string) =>
  `<ac:structured-macro ac:name="include"><ac:parameter ac:name=""><ac:link><ri:page ri:content-title="${title}"/></ac:link></ac:parameter></ac:structured-macro>`;
const list = '<ac:structured-macro ac:name="children"/>';
const labelled =
  '<ac:structured-macro ac:name="contentbylabel"><ac:parameter ac:name="label">listed</ac:parameter></ac:structured-macro>';
/** The site's rendering of it is a table with the query in it, which the storage shows nothing of. */
const issues =
  '<ac:structured-macro ac:name="jira"><ac:parameter ac:name="jqlQuery">text ~ Hiddenissue</ac:parameter></ac:structured-macro>';

/** The numbers are those of the table of cases in the specification of rights. */
describe("text of other pages that a page shows", () => {
  let database: TestDatabase;
  let world: AccessWorld;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    world = await makeAccessWorld(database.sql);
  });
  afterAll(() => database.close());

  const settle = async () => {
    await world.sync();
    await world.sweep();
    for (let n = 0; n < 3; n += 1) await world.minute("sweep-access");
  };
  const write = (title: string, body: string) => editPage(world.site, world.page(title).id, { body });
  /** A includes B, and both are open. */
  const settleAWithB = async () => {
    world.add("B");
    world.add("A");
    write("B", "<p>The openword of B</p>");
    write("A", `<p>Ownword</p>${include("B")}`);
    await settle();
  };
  const refuseToRender = (title: string) => {
    const path = world.page(title).id;
    world.site.faults.push({ effect: "status", status: 500, path, times: 100, retry_after: null, skip: 0 });
  };
  const stored = async (title: string) => {
    const rows = await database.sql<{ content: string }[]>`
      select c.content from archon_crawled_pages c join confluence_pages p using (source_id, page_id)
      where p.title = ${title} order by c.chunk_number`;
    return rows.map(({ content }) => content).join("\n");
  };
  /** Shown to nobody because its text may be too much. */
  const isHidden = async (title: string) => {
    const rows = await database.sql`
      select from confluence_pages where title = ${title} and access_node is null`;
    return rows.length > 0;
  };

  it("case 56: an open page that includes a restricted one has none of its text, and finds it for nobody", async () => {
    world.add("B", { users: ["u"] });
    world.add("A");
    write("B", "<p>The secretword of B</p>");
    write("A", `<p>Ownword</p>${include("B")}`);
    await settle();
    expect(await stored("A")).toContain("Ownword");
    expect(await stored("A")).not.toContain("secretword");
    expect(await world.finds("w")).toEqual(["A"]);
    expect(await world.finds("u")).toEqual(["A", "B"]);
  });

  it("case 57: a restricted page keeps the text of an open page of its space", async () => {
    world.add("B");
    world.add("A", { users: ["u"] });
    write("B", "<p>The openword of B</p>");
    write("A", `<p>Ownword</p>${include("B")}`);
    await settle();
    expect(await stored("A")).toContain("openword");
    expect(await world.finds("u")).toEqual(["A", "B"]);
    expect(await world.finds("w")).toEqual(["B"]);
  });

  it("a page whose target is restricted later is hidden at once, and shown without its text a minute later", async () => {
    await settleAWithB();
    expect(await stored("A")).toContain("openword");
    restrictContent(world.site, world.page("B").id, { users: ["u"] });
    world.pass(DAY_MS);
    world.invoke("sweep-access", {}, Number.POSITIVE_INFINITY);
    while (world.scheduler.running() > 0) await world.scheduler.advance();
    expect(await isHidden("A")).toBe(true);
    for (let n = 0; n < 3; n += 1) await world.minute("start-scheduled-syncs");
    expect(await stored("A")).not.toContain("openword");
    expect(await isHidden("A")).toBe(false);
    expect(await world.finds("w")).toEqual(["A"]);
  });

  it("a page whose target is deleted is hidden with the deletion, and shown without its text once it was rendered again", async () => {
    await settleAWithB();
    trashPage(world.site, world.page("B").id);
    refuseToRender("A");
    await world.check();
    expect(await stored("A")).toContain("openword");
    expect(await isHidden("A")).toBe(true);
    expect(await world.finds("w")).toEqual([]);
    world.site.faults.length = 0;
    world.pass(DAY_MS);
    await settle();
    // The sweep forgets what was deleted, and has the page rendered once more.
    for (let n = 0; n < 3; n += 1) await world.minute("start-scheduled-syncs");
    expect(await stored("A")).not.toContain("openword");
    expect(await isHidden("A")).toBe(false);
    expect(await world.finds("w")).toEqual(["A"]);
  });

  it.each<[string, { title?: string; body?: string }]>([
    ["shows others now", { body: `<p>The openword of B</p>${include("C")}` }],
    ["has another title now", { title: "B of old" }],
  ])("a page is hidden until it was rendered again when what it includes %s", async (_, edit) => {
    world.add("C", { users: ["u"] });
    await settleAWithB();
    expect(await stored("A")).toContain("openword");
    editPage(world.site, world.page("B").id, edit);
    refuseToRender("A");
    world.pass(60_000);
    await world.sync();
    expect(await isHidden("A")).toBe(true);
    expect(await world.finds("w")).toEqual([edit.title ?? "B"]);
    world.site.faults.length = 0;
    world.pass(DAY_MS);
    await settle();
    expect(await stored("A")).not.toContain("openword");
    expect(await isHidden("A")).toBe(false);
  });

  it("a page is hidden until it was rendered again when a new page may have the title of what it includes", async () => {
    await settleAWithB();
    trashPage(world.site, world.page("B").id);
    world.add("B", { users: ["u"] });
    refuseToRender("A");
    world.pass(60_000);
    await world.sync();
    expect(await isHidden("A")).toBe(true);
  });

  it("a page whose target has only another text is found all the time", async () => {
    await settleAWithB();
    write("B", "<p>Another openword of B</p>");
    refuseToRender("A");
    world.pass(60_000);
    await world.sync();
    expect(await world.finds("w")).toEqual(["A", "B"]);
  });

  it("a page that lists one which is deleted is found all the time", async () => {
    const page = world.add("A");
    world.add("B", { parent: page });
    write("A", `<p>Ownword</p>${list}`);
    await settle();
    trashPage(world.site, world.page("B").id);
    refuseToRender("A");
    await world.check();
    expect(await database.sql`select from page_renderings where shows_gone`).toHaveLength(1);
    expect(await world.finds("w")).toEqual(["A"]);
  });

  it("a page shows no other that shows others itself", async () => {
    world.add("C", { users: ["u"] });
    world.add("B");
    world.add("A");
    write("C", "<p>The secretword of C</p>");
    write("B", `<p>Middleword</p>${include("C")}`);
    write("A", `<p>Ownword</p>${include("B")}`);
    await settle();
    expect(await stored("A")).not.toMatch(/secretword|Middleword/);
  });

  it.each([
    ["the pages below it", list],
    ["the pages with a label", labelled],
    ["issues of Jira", issues],
  ])(
    "a page is stored without its list of %s, which shows what the syncing account sees",
    async (_, body) => {
      const writeAndSync = async () => {
        const page = world.add("A");
        world.add("Hiddenpage", { parent: page, users: ["u"] });
        labelPage(world.site, world.page("Hiddenpage").id, { add: ["listed"] });
        write("A", `<p>Ownword</p>${body}`);
        await settle();
      };
      await writeAndSync();
      expect(await stored("A")).toContain("Ownword");
      expect(await stored("A")).not.toMatch(/Hiddenpage|Hiddenissue/);
      expect(await world.finds("w")).toEqual(["A"]);
      // Where the source carries no rights over, the same page has its list.
      await database.clear();
      world = await makeAccessWorld(database.sql, { access: { access: "everything" } });
      await writeAndSync();
      expect(await stored("A")).toMatch(/Hiddenpage|Hiddenissue/);
    },
  );

  const includePost = include("B").replace("ri:page", "ri:blog-post");

  it.each([
    ["not synced", { blogposts: false }],
    ["synced", { blogposts: true }],
  ])(
    "a blog post passes for no page of the same title, where blog posts are %s",
    async (_, { blogposts }) => {
      const content = { blogposts, comments: "none", attachments: false } as const;
      await database.clear();
      world = await makeAccessWorld(database.sql, { content });
      const post = world.add("B", { users: ["u"], kind: "blogpost" });
      editPage(world.site, post.id, { body: "<p>The secretword of the post</p>" });
      const page = world.add("B");
      editPage(world.site, page.id, { body: "<p>The openword of the page</p>" });
      world.add("A");
      write("A", `<p>Ownword</p>${includePost}`);
      await settle();
      expect(await stored("A")).toContain("Ownword");
      expect(await stored("A")).not.toContain("secretword");
      write("A", `<p>Ownword</p>${include("B")}`);
      await settle();
      expect(await stored("A")).toContain("openword");
    },
  );

  it("an open blog post is shown where blog posts are synced, and no more when that is switched off", async () => {
    const content = { blogposts: true, comments: "none", attachments: false } as const;
    await database.clear();
    world = await makeAccessWorld(database.sql, { content });
    world.add("B", { kind: "blogpost" });
    write("B", "<p>The openword of B</p>");
    world.add("A");
    write("A", `<p>Ownword</p>${includePost}`);
    await settle();
    expect(await stored("A")).toContain("openword");
    await updateSource(database.sql, SOURCE_ID, { content: { ...content, blogposts: false } }, world.now());
    write("A", `<p>Ownword again</p>${includePost}`);
    await settle();
    expect(await stored("A")).toContain("again");
    expect(await stored("A")).not.toContain("openword");
  });

  it("a page shows no live doc, whose text may have others in it since it was stored", async () => {
    world.add("C", { users: ["u"] });
    write("C", "<p>The secretword of C</p>");
    const live = addPage(world.site, {
      space: SPACE,
      title: "B",
      body: "<p>The openword</p>",
      subtype: "live",
    });
    for (let n = 0; n < 2; n += 1) {
      await settle();
      world.pass(DAY_MS);
    }
    world.add("A");
    write("A", `<p>Ownword</p>${include("B")}`);
    // Neither a version nor a date says that it was edited.
    world.site.settings.live_edits_move_date = false;
    editLive(world.site, live.id, `<p>The openword</p>${include("C")}`);
    await settle();
    expect(await stored("A")).toContain("Ownword");
    expect(await stored("A")).not.toMatch(/openword|secretword/);
  });

  it("what an earlier release stored of other pages is hidden by the upgrade, and shown without it once it was rendered again", async () => {
    world.add("B");
    world.add("A");
    world.add("D");
    write("B", "<p>The openword of B</p>");
    write("A", `<p>Ownword</p>${include("B")}`);
    write("D", "<p>Lastword</p>");
    await settle();
    await database.sql`
      update archon_crawled_pages set content = content || ' secretword', input_hash = 'other' where page_id = ${world.page("A").id}`;
    await database.sql`update confluence_pages set content_hash = 'other' where page_id = ${world.page("A").id}`;
    await database.sql.unsafe(await readFile("sql/000039_render_guarded_again.sql", "utf8"));
    expect(await isHidden("A")).toBe(true);
    expect(await world.finds("w")).toEqual(["B", "D"]);
    // By the database's clock: workers of the earlier release may run until then.
    const [hint] = await database.sql`select due_at > now() + interval '10 minutes' as waits from page_hints`;
    expect(hint).toEqual({ waits: true });
    await database.sql`update page_hints set due_at = ${world.now()}`;
    await database.sql`update page_renderings set refresh_after = ${world.now()} where shows_gone`;
    for (let n = 0; n < 3; n += 1) await world.minute("start-scheduled-syncs");
    expect(await stored("A")).toContain("openword");
    expect(await stored("A")).not.toContain("secretword");
    expect(await world.finds("w")).toEqual(["A", "B", "D"]);
  });

  it("a page that begins to show itself is stored, without that", async () => {
    world.add("A");
    await settle();
    write("A", `<p>Ownword</p>${include("A")}<p>Lastword</p>`);
    await settle();
    expect(await stored("A")).toMatch(/Ownword[\s\S]*Lastword/);
    expect(await world.finds("w")).toEqual(["A"]);
  });

  it("pages that show others are hidden and fetched again when their source begins to carry rights over, and when it ceases to", async () => {
    await updateSource(database.sql, SOURCE_ID, { access: "everything" }, world.now());
    world.add("B", { users: ["u"] });
    world.add("A");
    world.add("D");
    write("B", "<p>The secretword of B</p>");
    write("A", `<p>Ownword</p>${include("B")}`);
    await world.sync();
    expect(await stored("A")).toContain("secretword");
    world.pass(DAY_MS);
    await updateSource(database.sql, SOURCE_ID, { access: "per_user" }, world.now());
    await world.sweep();
    expect(await world.finds("w")).toEqual(["D"]);
    // Due although the source has no interval.
    for (let n = 0; n < 4; n += 1) await world.minute("start-scheduled-syncs");
    await world.sweep();
    expect(await stored("A")).not.toContain("secretword");
    expect(await world.finds("w")).toEqual(["A", "D"]);
    world.pass(DAY_MS);
    await updateSource(database.sql, SOURCE_ID, { access: "everything" }, world.now());
    for (let n = 0; n < 4; n += 1) await world.minute("start-scheduled-syncs");
    expect(await stored("A")).toContain("secretword");
  });
});
