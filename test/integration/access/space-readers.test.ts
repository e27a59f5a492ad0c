import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  addRole,
  assignRoles,
  putPerson,
  setSpaceReaders,
} from "#infra/local/confluence-site/directory-edits.ts";
import { EVERYBODY, makeAccessWorld, type AccessWorld } from "#test/support/access-world.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { SPACE } from "#test/support/sync-world.ts";

/** The numbers are those of the table of cases in the specification of rights. */
describe("who finds pages as a reader of their space", () => {
  let database: TestDatabase;
  let world: AccessWorld;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    world = await makeAccessWorld(database.sql);
    world.add("P");
    world.add("R", { users: ["u"] });
  });
  afterAll(() => database.close());

  /** As the site's own rule has it. */
  const whoFinds = async (title: string, people: readonly string[] = EVERYBODY) => {
    await world.sync();
    await world.minute("sweep-access");
    const found: string[] = [];
    for (const who of people) {
      const titles = await world.finds(who);
      expect([who, titles]).toEqual([who, world.mayFind(who)]);
      if (titles.includes(title)) found.push(who);
    }
    return found;
  };

  it("case 39: a space of all licensed accounts is read by each of them, by no guest and nobody anonymous", async () => {
    putPerson(world.site, "guest", { isGuest: true });
    setSpaceReaders(world.site, SPACE, { classes: ["ALL_LICENSED_USERS"] });
    expect(await whoFinds("P", [...EVERYBODY, "guest"])).toEqual(["u", "v", "w", "x"]);
  });

  it("case 40: a role that reads lets its holders in, a custom one that does not read nobody", async () => {
    world.site.settings.role_mode = "ROLES";
    setSpaceReaders(world.site, SPACE, {});
    addRole(world.site, { name: "Comments only", permissions: ["create/comment"] });
    assignRoles(world.site, SPACE, [
      { role: "Viewer", groups: ["g2"] },
      { role: "Comments only", users: ["x"] },
    ]);
    expect(await whoFinds("P")).toEqual(["w"]);
  });

  it.each(["create", "administer"])("case 41: who may %s is no reader because of that", async (key) => {
    const other = {
      principal: { type: "user", id: "v" },
      operation: { key, targetType: key === "create" ? "page" : "space" },
    };
    setSpaceReaders(world.site, SPACE, { users: ["w"], others: [other] });
    expect(await whoFinds("P")).toEqual(["w"]);
  });

  it("case 42: a class and a role that are not known let nobody in, which is logged", async () => {
    world.site.settings.role_mode = "ROLES";
    setSpaceReaders(world.site, SPACE, { users: ["w"], classes: ["EVERYONE_ON_THE_MOON"] });
    assignRoles(world.site, SPACE, [{ role: "no-such-role", users: ["v"] }]);
    expect(await whoFinds("P")).toEqual(["w"]);
    expect(world.logged).toContainEqual(
      expect.objectContaining({ level: "warn", event: "access_sweep.unknown_readers" }),
    );
  });

  it("case 43: a guest who is named finds the pages of that space", async () => {
    putPerson(world.site, "guest", { isGuest: true });
    setSpaceReaders(world.site, SPACE, { users: ["guest"] });
    expect(await whoFinds("P", [...EVERYBODY, "guest"])).toEqual(["guest"]);
  });

  it("case 45: what everybody may read a licensed account finds too, and restricted pages only who is named", async () => {
    world.site.settings.anonymous_access = true;
    setSpaceReaders(world.site, SPACE, { users: ["u"], classes: [] });
    expect(await whoFinds("P")).toEqual(["u", "v", "w", "x", "anonymous"]);
    expect(await whoFinds("R")).toEqual(["u"]);
  });
});
