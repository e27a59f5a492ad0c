import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { editFolder, editPage, movePage } from "#infra/local/confluence-site/edits.ts";
import type { Folder, SitePage } from "#infra/local/confluence-site/site.ts";
import { applyRights } from "#shared/access/sweeps/apply-rights.ts";
import { forgetContent } from "#shared/access/sweeps/forget-content.ts";
import { transaction } from "#shared/db/connect.ts";
import { makeAccessWorld, type AccessWorld } from "#test/support/access-world.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { SOURCE_ID } from "#test/support/sync-world.ts";

const INCLUDES_B = `<p>Ownword</p><ac:structured-macro ac:name="include"><ac:parameter ac:name=""><ac:link><ri:page ri:content-title="B"/></ac:link></ac:parameter></ac:structured-macro>`;

describe("pages that include others and are moved out of their restriction", () => {
  let database: TestDatabase;
  let world: AccessWorld;
  let restricted: SitePage;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    world = await makeAccessWorld(database.sql);
    restricted = world.add("P", { users: ["u"] });
    const target = world.add("B", { parent: restricted });
    editPage(world.site, target.id, { body: "<p>The secretword of B</p>" });
  });
  afterAll(() => database.close());

  const addIncluder = (at: Parameters<AccessWorld["add"]>[1]) => {
    const page = world.add("A", at);
    editPage(world.site, page.id, { body: INCLUDES_B });
    return page;
  };
  const minutes = async (count: number) => {
    for (let n = 0; n < count; n += 1) await world.minute("start-scheduled-syncs");
  };
  const settle = async () => {
    await world.sync();
    await world.sweep();
    await minutes(3);
  };
  const stored = async () => {
    const rows = await database.sql<{ content: string }[]>`
      select c.content from archon_crawled_pages c join confluence_pages p using (source_id, page_id)
      where p.title = 'A' order by c.chunk_number`;
    return rows.map(({ content }) => content).join("\n");
  };
  /** What somebody who may not read B is shown of A. */
  const shownTo = async (who: string) => ((await world.finds(who)).includes("A") ? stored() : "");
  /** A sweep, with a look at what `who` is shown after each of its steps and while pages are rendered again. */
  const sweepAndLook = async (who: string) => {
    world.pass(15 * 60_000);
    world.invoke("sweep-access", {}, Number.POSITIVE_INFINITY);
    while (world.scheduler.running() > 0) {
      await world.scheduler.advance();
      expect(await shownTo(who)).not.toContain("secretword");
    }
    for (let n = 0; n < 3; n += 1) {
      await minutes(1);
      expect(await shownTo(who)).not.toContain("secretword");
    }
  };

  it("a page under a restriction of its own shows nothing of what stayed under the other one", async () => {
    const page = addIncluder({ parent: restricted, users: ["u", "w"] });
    await settle();
    expect(await shownTo("u")).toContain("secretword");
    movePage(world.site, page.id, { parentId: null });
    await sweepAndLook("w");
    expect(await shownTo("w")).toContain("Ownword");
  });

  it("nor does a page below such a page", async () => {
    const moved = world.add("M", { parent: restricted, users: ["u", "w"] });
    addIncluder({ parent: moved });
    await settle();
    expect(await shownTo("u")).toContain("secretword");
    movePage(world.site, moved.id, { parentId: null });
    await sweepAndLook("w");
    expect(await shownTo("w")).toContain("Ownword");
  });

  it.each([1, 2])("nor does a page in %i folders that are moved", async (depth) => {
    const folder = world.addFolder("F", { parent: restricted });
    let parent: Folder = folder;
    for (let n = 1; n < depth; n += 1) parent = world.addFolder(`F${n}`, { parent });
    addIncluder({ parent });
    await settle();
    expect(await shownTo("u")).toContain("secretword");
    editFolder(world.site, folder.id, { parentId: null });
    await sweepAndLook("w");
    await sweepAndLook("w");
    expect(await shownTo("w")).toContain("Ownword");
  });

  it("nor does a page below one that is out of sight for a while and then listed at its new place", async () => {
    const moved = world.add("M", { parent: restricted, users: ["u", "w"] });
    addIncluder({ parent: moved });
    await settle();
    expect(await shownTo("u")).toContain("secretword");
    const readAt = world.now();
    const contents = [{ id: moved.id, ancestors: [], restriction: { users: ["u", "w"], groups: [] } }];
    await transaction(database.sql, (tx) => forgetContent(tx, SOURCE_ID, { contentIds: [moved.id], readAt }));
    await transaction(database.sql, (tx) => applyRights(tx, SOURCE_ID, { contents, readAt }));
    movePage(world.site, moved.id, { parentId: null });
    await sweepAndLook("w");
    expect(await shownTo("w")).toContain("Ownword");
  });

  it("a page that is moved together with what it includes shows it again, also when it was rendered while both were hidden", async () => {
    const moved = world.add("M", { parent: restricted, users: ["u", "w"] });
    addIncluder({ parent: moved });
    movePage(world.site, world.page("B").id, { parentId: moved.id });
    await settle();
    expect(await shownTo("w")).toBe("");
    expect(await shownTo("u")).toContain("secretword");
    movePage(world.site, moved.id, { parentId: null });
    const contents = [{ id: moved.id, ancestors: [], restriction: { users: ["u", "w"], groups: [] } }];
    await transaction(database.sql, (tx) => applyRights(tx, SOURCE_ID, { contents, readAt: world.now() }));
    await world.sync();
    expect(await shownTo("u")).toBe("");
    expect(await stored()).not.toContain("secretword");
    await world.sweep();
    expect(await shownTo("w")).toContain("Ownword");
    await world.sync();
    expect(await shownTo("w")).toContain("secretword");
    expect(await shownTo("x")).toBe("");
  });
});
