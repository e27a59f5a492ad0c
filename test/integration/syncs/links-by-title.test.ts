import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { addPage, editPage } from "#infra/local/confluence-site/edits.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { makeSyncWorld, OTHER_SPACE, SPACE, type SyncWorld } from "#test/support/sync-world.ts";

const toPage = (title: string, space = ""): string =>
  `<ac:link><ri:page ri:content-title="${title}"${space}/></ac:link>`;
const toPost = (title: string): string => `<ac:link><ri:blog-post ri:content-title="${title}"/></ac:link>`;
const toFile = (name: string, on: string): string =>
  `<ac:link><ri:attachment ri:filename="${name}">${on}</ri:attachment></ac:link>`;

describe("links by title", () => {
  let database: TestDatabase;
  let world: SyncWorld;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    world = await makeSyncWorld(database.sql, {
      content: { blogposts: true, comments: "none", attachments: false },
    });
  });
  afterAll(() => database.close());

  const add = (title: string, body: string, kind: "page" | "blogpost" = "page", space = SPACE) =>
    addPage(world.site, { kind, space, title, body });
  const markdown = async (word: string) => (await world.find(word))[0]?.content ?? "";

  /** In either order of their ids. */
  it.each([
    ["page", "blogpost"],
    ["blogpost", "page"],
  ] as const)(
    "of a page and a blog post of one title, a link leads to the kind that it names: %s first",
    async (...kinds) => {
      const [first, second] = kinds.map((kind) => add("Weekly", "<p>Targetword</p>", kind));
      const [page, post] = kinds[0] === "page" ? [first, second] : [second, first];
      await world.sync();
      // In a later batch, so that the index is what tells.
      world.pass(60_000);
      add("Linking", `<p>Sourceword ${toPage("Weekly")} and ${toPost("Weekly")}</p>`);
      await world.sync();
      const found = await markdown("Sourceword");
      expect(found).toMatch(
        new RegExp(`\\[Weekly\\]\\([^)]*/${page?.id}\\) and \\[Weekly\\]\\([^)]*/${post?.id}\\)`),
      );
    },
  );

  it.each(["page", "blogpost"] as const)("the same where all are in one batch: %s first", async (kind) => {
    const other = kind === "page" ? "blogpost" : "page";
    const targets = {
      [kind]: add("Weekly", "<p>Targetword</p>", kind),
      [other]: add("Weekly", "<p>Otherword</p>", other),
    };
    add("Linking", `<p>Sourceword ${toPage("Weekly")} and ${toPost("Weekly")}</p>`);
    await world.sync();
    const found = await markdown("Sourceword");
    expect(found).toMatch(
      new RegExp(
        `\\[Weekly\\]\\([^)]*/${targets["page"]?.id}\\) and \\[Weekly\\]\\([^)]*/${targets["blogpost"]?.id}\\)`,
      ),
    );
  });

  it("a link to a blog post stays when only the page with the link is read again", async () => {
    const post = add("News", "<p>Targetword</p>", "blogpost");
    const linking = add("Linking", `<p>Sourceword ${toPost("News")}</p>`, "blogpost");
    await world.sync();
    expect(await markdown("Sourceword")).toContain(`/${post.id})`);
    world.pass(60_000);
    editPage(world.site, linking.id, { body: `<p>Laterword ${toPost("News")}</p>` });
    await world.sync();
    expect(await markdown("Laterword")).toContain(`/${post.id})`);
  });

  it("of several blog posts of one title, a link leads to the last", async () => {
    for (let n = 0; n < 3; n += 1) add("News", `<p>Targetword ${n}</p>`, "blogpost");
    const last = add("News", "<p>Lastword</p>", "blogpost");
    await world.sync();
    world.pass(60_000);
    add("Linking", `<p>Sourceword ${toPost("News")}</p>`);
    await world.sync();
    expect(await markdown("Sourceword")).toContain(`/${last.id})`);
  });

  it("a link to a file of a page of the same title in another space does not lead to this page's file", async () => {
    const named = (space: string) => `<ri:page ri:content-title="Linking"${space}/>`;
    const other = ` ri:space-key="${OTHER_SPACE}"`;
    const files = [
      toFile("own.txt", ""),
      toFile("named.txt", named("")),
      toFile("keyed.txt", named(` ri:space-key="${SPACE}"`)),
      toFile("other.txt", named(other)),
      toFile("posted.txt", `<ri:blog-post ri:content-title="News"/>`),
    ];
    const page = add("Linking", `<p>Sourceword ${files.join(" ")}</p>`);
    await world.sync();
    const found = await markdown("Sourceword");
    for (const name of ["own", "named", "keyed"])
      expect(found).toContain(
        `[${name}.txt](https://demo.atlassian.net/wiki/download/attachments/${page.id}/${name}.txt)`,
      );
    expect(found).toContain("other.txt");
    expect(found).not.toContain("[other.txt]");
    expect(found).not.toContain("[posted.txt]");
  });
});
