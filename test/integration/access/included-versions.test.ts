import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { restrictContent } from "#infra/local/confluence-site/directory-edits.ts";
import { editPage } from "#infra/local/confluence-site/edits.ts";
import { makeAccessWorld, type AccessWorld } from "#test/support/access-world.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { SOURCE_ID } from "#test/support/sync-world.ts";

const include = (title: string) =>
  `<ac:structured-macro ac:name="include"><ac:parameter ac:name=""><ac:link><ri:page ri:content-title="${title}"/></ac:link></ac:parameter></ac:structured-macro>`;

/** A rendering shows what an included page says NOW; the guard asks what is STORED of that page. */
describe("included text that is younger than what is stored of the included page", () => {
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

  const write = (title: string, body: string) => editPage(world.site, world.page(title).id, { body });
  const settle = async () => {
    await world.sync();
    await world.sweep();
    for (let n = 0; n < 3; n += 1) await world.minute("sweep-access");
  };
  const stored = async (title: string) => {
    const rows = await database.sql<{ content: string }[]>`
      select c.content from archon_crawled_pages c join confluence_pages p using (source_id, page_id)
      where p.title = ${title} order by c.chunk_number`;
    return rows.map(({ content }) => content).join("\n");
  };
  const shownTo = async (who: string, title: string) =>
    (await world.finds(who)).includes(title) ? stored(title) : "";
  /** What a hook's delivery about this page does. */
  const announce = async (title: string) => {
    const { status } = await world.api(
      "POST",
      `/api/confluence/${SOURCE_ID}/pages/${world.page(title).id}/sync`,
    );
    expect(status).toBe(202);
    for (let n = 0; n < 2; n += 1) await world.minute("start-scheduled-syncs");
  };
  const setUp = async () => {
    world.add("B");
    world.add("A");
    write("B", "<p>The openword of B</p>");
    write("A", `<p>Ownword</p>${include("B")}`);
    await settle();
    expect(await shownTo("w", "A")).toContain("openword");
  };

  it("the new text of an included page that was restricted and edited since is not shown through the page that includes it", async () => {
    await setUp();
    restrictContent(world.site, world.page("B").id, { users: ["u"] });
    write("B", "<p>The secretword of B</p>");
    expect(world.mayFind("w")).toEqual(["A"]);
    write("A", `<p>Ownword again</p>${include("B")}`);
    await announce("A");
    expect(await stored("A")).toContain("again");
    expect(await shownTo("w", "A")).not.toContain("secretword");
  });

  it("a restricted page that an included page includes by now is not shown two pages up", async () => {
    world.add("C", { users: ["u"] });
    write("C", "<p>The secretword of C</p>");
    await setUp();
    write("B", `<p>The openword of B</p>${include("C")}`);
    write("A", `<p>Ownword again</p>${include("B")}`);
    await announce("A");
    expect(await stored("A")).toContain("again");
    // No sweep mends it: no right has changed. It lasts until B itself is synced.
    await world.sweep();
    expect(await shownTo("w", "A")).not.toContain("secretword");
  });

  it("a restricted page that has the title of an included page by now is not shown in its place", async () => {
    await setUp();
    editPage(world.site, world.page("B").id, { title: "B of old" });
    world.add("B", { users: ["u"] });
    write("B", "<p>The secretword of the new B</p>");
    write("A", `<p>Ownword again</p>${include("B")}`);
    await announce("A");
    expect(await stored("A")).toContain("again");
    expect(await shownTo("w", "A")).not.toContain("secretword");
  });
});
