import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { makeAccessWorld, type AccessWorld } from "#test/support/access-world.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { editPage, movePage } from "#infra/local/confluence-site/edits.ts";
import { SOURCE_ID } from "#test/support/sync-world.ts";

/** A site whose search leaves folders out of what is above a page, and a folder that had nothing in it when the space was swept. */
describe("a page in a folder that the search leaves out", () => {
  let database: TestDatabase;
  let world: AccessWorld;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    world = await makeAccessWorld(database.sql);
    world.site.settings.ancestors_are = "pages";
  });
  afterAll(() => database.close());

  const isShown = async () => {
    const rows = await database.sql`select from archon_crawled_pages where content like '%P here%'`;
    return rows.length > 0 && (await world.finds("w")).includes("P");
  };
  const announce = async (id: string) => {
    const { status } = await world.api("POST", `/api/confluence/${SOURCE_ID}/pages/${id}/sync`);
    expect(status).toBe(202);
    for (let n = 0; n < 2; n += 1) await world.minute("start-scheduled-syncs");
  };

  it.each(["a sync", "a hook"])(
    "a page new in a folder that the search leaves out is shown to nobody whom the folder keeps out, when %s stores it",
    async (by) => {
      const folder = world.addFolder("F", { users: ["u"] });
      world.add("Q");
      await world.sync();
      await world.sweep();
      expect(await world.finds("w")).toEqual(["Q"]);
      world.pass(60_000);
      const page = world.add("P", { parent: folder });
      expect(world.mayFind("w")).toEqual(["Q"]);
      world.pass(60_000);
      if (by === "a sync") await world.sync();
      else await announce(page.id);
      expect(await isShown()).toBe(false);
    },
  );

  it("a page moved into such a folder is shown to nobody whom the folder keeps out a minute after a hook", async () => {
    const folder = world.addFolder("F", { users: ["u"] });
    const page = world.add("P");
    await world.sync();
    await world.sweep();
    expect(await world.finds("w")).toEqual(["P"]);
    world.pass(60_000);
    movePage(world.site, page.id, { parentId: folder.id });
    await announce(page.id);
    await world.minute("sweep-access");
    expect(await isShown()).toBe(false);
  });

  it("the new text of a page moved into such a folder is shown to nobody whom the folder keeps out, when a sync stores it", async () => {
    const folder = world.addFolder("F", { users: ["u"] });
    const page = world.add("P");
    await world.sync();
    await world.sweep();
    world.pass(60_000);
    movePage(world.site, page.id, { parentId: folder.id });
    editPage(world.site, page.id, { body: "<p>The new word of P here</p>" });
    world.pass(60_000);
    await world.sync();
    expect(await isShown()).toBe(false);
  });
});
