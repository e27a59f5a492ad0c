import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  addGroup,
  deleteGroup,
  deletePerson,
  editGroup,
  putPerson,
  restrictContent,
  setSpaceReaders,
} from "#infra/local/confluence-site/directory-edits.ts";
import type { ContentOptions } from "#shared/content-kinds.ts";
import { SPACE } from "#test/support/sync-world.ts";
import { EVERYBODY, makeAccessWorld, type AccessWorld } from "#test/support/access-world.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

/** The numbers are those of the table of cases in the specification of rights. */
describe("who finds pages under restrictions", () => {
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

  /** Syncs, reads the groups, and looks who finds the page. For everybody and every page it must be as the site has it. */
  const whoFinds = async (title: string) => {
    await world.sync();
    await world.minute("sweep-access");
    const found: string[] = [];
    for (const who of EVERYBODY) {
      const titles = await world.finds(who);
      expect([who, titles]).toEqual([who, world.mayFind(who)]);
      if (titles.includes(title)) found.push(who);
    }
    return found;
  };

  it("case 1: without a restriction, who may read the space finds a page, and nobody else", async () => {
    world.add("P");
    expect(await whoFinds("P")).toEqual(["u", "w", "x"]);
  });

  it("case 2: a page restricted to one person is found by that person", async () => {
    world.add("P", { users: ["u"] });
    expect(await whoFinds("P")).toEqual(["u"]);
  });

  it("case 3: a page restricted to somebody who may not read the space is found by nobody", async () => {
    world.add("P", { users: ["v"] });
    expect(await whoFinds("P")).toEqual([]);
  });

  it("case 4: a page restricted to a person and a group is found by both", async () => {
    world.add("P", { users: ["u"], groups: ["g2"] });
    expect(await whoFinds("P")).toEqual(["u", "w"]);
  });

  it("case 5: a page below a restricted one is found by whom that one names", async () => {
    world.add("C", { parent: world.add("P", { users: ["u"] }) });
    expect(await whoFinds("C")).toEqual(["u"]);
  });

  it("case 6: under two restrictions a page is found by whom both name", async () => {
    world.add("C", { parent: world.add("P", { users: ["u", "w"] }), users: ["w", "x"] });
    expect(await whoFinds("C")).toEqual(["w"]);
  });

  it("case 7: a person below a group to which they belong finds the page", async () => {
    world.add("C", { parent: world.add("P", { groups: ["g1"] }), users: ["u"] });
    expect(await whoFinds("C")).toEqual(["u"]);
  });

  it("case 8: a person below a group to which they do not belong does not find the page", async () => {
    world.add("C", { parent: world.add("P", { groups: ["g1"] }), users: ["w"] });
    expect(await whoFinds("C")).toEqual([]);
  });

  it("case 9: a restriction is inherited through a page without one", async () => {
    const parent = world.add("Q", { parent: world.add("P", { users: ["u"] }) });
    world.add("C", { parent });
    expect(await whoFinds("C")).toEqual(["u"]);
  });

  it("case 10: a restriction of editing keeps nobody from finding a page", async () => {
    restrictContent(world.site, world.add("P").id, { users: ["u"], operation: "update" });
    expect(await whoFinds("P")).toEqual(["u", "w", "x"]);
  });

  it("case 11: a restriction whose lists are empty is none", async () => {
    restrictContent(world.site, world.add("C", { parent: world.add("P", { users: ["u"] }) }).id, {});
    expect(await whoFinds("C")).toEqual(["u"]);
  });

  it("case 12: a page restricted to a deactivated account is found by nobody", async () => {
    putPerson(world.site, "u", { status: "inactive" });
    world.add("P", { users: ["u"] });
    expect(await whoFinds("P")).toEqual([]);
  });

  it("case 13: a page restricted to an app is found by nobody", async () => {
    putPerson(world.site, "bot", { type: "app" });
    world.add("P", { users: ["bot"] });
    expect(await whoFinds("P")).toEqual([]);
  });

  it.each(["named", "unnamed"] as const)(
    "case 14: a page restricted to a deleted group is found by nobody, its id being %s",
    async (deleted) => {
      world.site.settings.deleted_principals = deleted;
      world.add("P", { groups: ["g1"] });
      deleteGroup(world.site, "g1");
      expect(await whoFinds("P")).toEqual([]);
    },
  );

  it("case 15: an account that is not known keeps nobody out of a restriction that names others", async () => {
    putPerson(world.site, "gone");
    world.add("P", { users: ["gone", "u"] });
    deletePerson(world.site, "gone");
    expect(await whoFinds("P")).toEqual(["u"]);
  });

  it.each([403, 404] as const)(
    "case 16: a group whose members may not be read (%i) lets nobody in, and who is named beside it finds the page",
    async (membersStatus) => {
      world.add("P", { users: ["u"], groups: ["g2"] });
      editGroup(world.site, "g2", { membersStatus });
      await world.sync();
      await world.minute("sweep-access");
      expect(await world.finds("u")).toEqual(["P"]);
      expect(await world.finds("w")).toEqual([]);
    },
  );

  it.each(["next", "size"] as const)(
    "case 17: a restriction of 201 people comes whole, however its list says that it is cut (%s)",
    async (cut) => {
      world.site.settings.cut_lists_have = cut;
      const many = Array.from({ length: 200 }, (_, n) => `person${n}`);
      for (const id of many) putPerson(world.site, id, { groups: ["staff"] });
      world.add("P", { users: [...many, "x"] });
      expect(await whoFinds("P")).toEqual(["x"]);
      for (const who of ["person0", "person42", "person199"]) expect(await world.finds(who)).toEqual(["P"]);
    },
  );

  it("case 22: the restriction of a page that is not synced counts for what is below it", async () => {
    const draft = world.add("P", { users: ["u"] });
    world.add("C", { parent: draft });
    draft.status = "archived";
    expect(await whoFinds("C")).toEqual(["u"]);
  });

  it("case 28: a restricted blog post is found by whom it names", async () => {
    world = await makeOther({ blogposts: true });
    world.add("P", { kind: "blogpost", users: ["u"] });
    expect(await whoFinds("P")).toEqual(["u"]);
  });

  it("case 29: a restricted live doc is found by whom it names", async () => {
    world.add("P", { users: ["u"] }).subtype = "live";
    expect(await whoFinds("P")).toEqual(["u"]);
  });

  it("case 46: who is in no group that the directory lists flat is not in it", async () => {
    world.add("P", { groups: ["g1"] });
    addGroup(world.site, { name: "nested in g1", members: ["w"] });
    expect(await whoFinds("P")).toEqual(["u"]);
  });

  it("case 60: who administers the space finds only what the restriction lets them", async () => {
    const administers = {
      principal: { type: "user", id: "w" },
      operation: { key: "administer", targetType: "space" },
    };
    setSpaceReaders(world.site, SPACE, { groups: ["staff"], others: [administers] });
    world.add("P", { users: ["u"] });
    expect(await whoFinds("P")).toEqual(["u"]);
  });

  const makeOther = async (content: Partial<ContentOptions>) => {
    await database.clear();
    return makeAccessWorld(database.sql, {
      content: { blogposts: false, comments: "none", attachments: false, ...content },
    });
  };
});
