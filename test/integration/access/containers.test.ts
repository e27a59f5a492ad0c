import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { setSpaceReaders } from "#infra/local/confluence-site/directory-edits.ts";
import { editPage, movePage } from "#infra/local/confluence-site/edits.ts";
import { FOLDER_KINDS } from "#shared/confluence/client.ts";
import { makeAccessWorld, type AccessWorld } from "#test/support/access-world.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { SOURCE_ID, SPACE } from "#test/support/sync-world.ts";

/** The numbers are those of the table of cases in the specification of rights. */
describe("who finds pages below folders", () => {
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
  };
  const whoFinds = async (title: string) => {
    const found: string[] = [];
    for (const who of ["u", "v", "w", "x"]) if ((await world.finds(who)).includes(title)) found.push(who);
    return found;
  };
  const access = async () => (await world.api("GET", `/api/confluence/${SOURCE_ID}`)).body;

  it("case 24: below a folder of which Confluence tells nothing nobody finds a page, and the source says so", async () => {
    world.site.settings.administrator = false;
    world.add("C", { parent: world.addFolder("F") });
    await settle();
    expect(await whoFinds("C")).toEqual([]);
    expect(await access()).toMatchObject({
      access: { containers_hidden: 1, containers_trusted: 0 },
      warnings: [{ code: "containers_hidden" }],
    });
  });

  it("case 24: a source that trusts such folders shows what whoever passes above it may see", async () => {
    await database.clear();
    world = await makeAccessWorld(database.sql, { access: { unreadableContainers: "trust" } });
    world.site.settings.administrator = false;
    world.add("C", { parent: world.addFolder("F", { parent: world.add("P", { users: ["u"] }) }) });
    world.add("D", { parent: world.addFolder("G") });
    await settle();
    expect(await whoFinds("C")).toEqual(["u"]);
    expect(await whoFinds("D")).toEqual(["u", "w", "x"]);
    expect((await access()).access).toMatchObject({ containers_hidden: 0, containers_trusted: 2 });
    const path = `/api/confluence/${SOURCE_ID}`;
    await world.api("PATCH", path, { body: { unreadable_containers: "hide" } });
    expect(await whoFinds("D")).toEqual([]);
    await world.sweep();
    expect(await whoFinds("D")).toEqual([]);
  });

  it("case 25: below a folder that lets all readers in they find a page", async () => {
    world.add("C", { parent: world.addFolder("F") });
    await settle();
    expect(await whoFinds("C")).toEqual(["u", "w", "x"]);
  });

  it("case 26: below a folder that lets only some in only those find a page of whom that is proven", async () => {
    world.add("C", { parent: world.addFolder("F", { groups: ["g2"] }) });
    world.add("E", {
      parent: world.addFolder("H", { parent: world.add("P", { users: ["u", "w", "x"] }), users: ["w"] }),
    });
    await settle();
    expect(await whoFinds("C")).toEqual(["w"]);
    expect(await whoFinds("E")).toEqual(["w"]);
  });

  it("of a group that a folder does not let in each member is asked about, unless they are too many", async () => {
    const folder = world.addFolder("F", { users: ["u", "w"] });
    world.add("C", { parent: folder });
    await settle();
    expect(await whoFinds("C")).toEqual(["u", "w"]);
    world.restrict(folder, { users: ["u"] });
    await world.sweep();
    expect(await whoFinds("C")).toEqual(["u"]);
    const staff = [...world.site.directory.groups.values()].find(({ name }) => name === "staff");
    for (let n = 0; n < 60; n += 1) staff?.members.add(`member-${n}`);
    await world.sweep();
    await world.sweep();
    expect(await whoFinds("C")).toEqual([]);
  });

  it.each(FOLDER_KINDS)("case 27: a %s as a parent is a folder", async (kind) => {
    world.add("C", { parent: world.addFolder("F", { kind, parent: world.addFolder("G", { kind }) }) });
    world.add("D", { parent: world.addFolder("H", { kind, groups: ["g2"] }) });
    await settle();
    expect(await whoFinds("C")).toEqual(["u", "w", "x"]);
    expect(await whoFinds("D")).toEqual(["w"]);
    world.site.settings.administrator = false;
    await world.sweep();
    expect(await whoFinds("C")).toEqual([]);
    expect(await whoFinds("D")).toEqual([]);
  });

  it("a folder that is restricted later hides what is below it by the next sweep", async () => {
    const folder = world.addFolder("F");
    world.add("C", { parent: folder });
    await settle();
    world.restrict(folder, { users: ["u"] });
    await world.sweep();
    expect(await whoFinds("C")).toEqual(["u"]);
    world.restrict(folder, {});
    await world.sweep();
    expect(await whoFinds("C")).toEqual(["u", "w", "x"]);
  });

  it("a page moved into a folder that nothing is known of is hidden, and a folder that is left is forgotten", async () => {
    const page = world.add("C");
    await settle();
    world.site.settings.administrator = false;
    movePage(world.site, page.id, { parentId: world.addFolder("F").id });
    await world.sweep();
    expect(await whoFinds("C")).toEqual([]);
    movePage(world.site, page.id, { parentId: null });
    await world.sweep();
    expect(await whoFinds("C")).toEqual(["u", "w", "x"]);
    expect(await database.sql`select from access_nodes where content_id is not null`).toHaveLength(0);
  });

  it.each([
    ["a space whose readers are none that are known", { classes: ["SOMETHING_NEW"] }],
    ["a space that others read than those who are known", { users: ["u"], classes: ["SOMETHING_NEW"] }],
  ])("what everybody may see of %s has nothing in it of a folder with a restriction", async (_, readers) => {
    await database.clear();
    world = await makeAccessWorld(database.sql, { access: { access: "unrestricted" } });
    setSpaceReaders(world.site, SPACE, readers);
    world.add("C", { parent: world.addFolder("F", { users: ["u"] }) });
    world.add("D");
    await settle();
    const { body } = await world.api("POST", "/api/rag/query", { body: { query: "C D section" } });
    expect(new Set(body.results.map(({ title }: { title: string }) => title))).toEqual(new Set(["D"]));
    expect((await access()).access).toMatchObject({ containers_hidden: 1 });
  });

  it("a site that cannot be asked about folders is one that tells nothing", async () => {
    world.site.settings.folder_checks = false;
    world.add("C", { parent: world.addFolder("F") });
    await settle();
    expect(await whoFinds("C")).toEqual([]);
  });

  it("case 24: where the search leaves folders out, nobody finds what is in one, first sync and edits included", async () => {
    world.site.settings.ancestors_are = "pages";
    const page = world.add("C", { parent: world.addFolder("F", { users: ["u"] }) });
    world.add("D", { parent: page });
    world.add("Q");
    await world.sync();
    expect(await whoFinds("C")).toEqual([]);
    await world.sweep();
    expect(await whoFinds("D")).toEqual([]);
    editPage(world.site, page.id, { body: "<p>edited</p>" });
    await world.sync();
    await world.sweep();
    expect(await whoFinds("C")).toEqual([]);
    expect(await whoFinds("D")).toEqual([]);
    expect(await whoFinds("Q")).toEqual(["u", "w", "x"]);
  });

  it("where the search leaves folders out, the first page of a space that is moved into one is hidden by the next sweep", async () => {
    world.site.settings.ancestors_are = "pages";
    const folder = world.addFolder("F", { users: ["u"] });
    const page = world.add("C");
    await world.sync();
    await world.sweep();
    expect(await whoFinds("C")).toEqual(["u", "w", "x"]);
    movePage(world.site, page.id, { parentId: folder.id });
    await world.sweep();
    expect(await whoFinds("C")).toEqual([]);
  });

  it("a sweep asks pages for their parents only until the search was seen to name a folder, and only in spaces with folders", async () => {
    const asked = () => world.takeRequests().filter(({ path }) => path.endsWith("/api/v2/pages")).length;
    world.add("C");
    await world.sync();
    world.takeRequests();
    await world.sweep();
    expect(asked()).toBe(0);
    const folder = world.addFolder("F");
    await world.sweep();
    expect(asked()).toBe(1);
    world.add("D", { parent: folder });
    await world.sync();
    await world.sweep();
    world.takeRequests();
    await world.sweep();
    expect(asked()).toBe(0);
  });
});
