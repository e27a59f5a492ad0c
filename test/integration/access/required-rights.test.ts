import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { PAGES_ONLY } from "#shared/content-kinds.ts";
import type { PageDependency } from "#shared/markdown/page-dependencies.ts";
import type { Source } from "#shared/sources/source.ts";
import { othersIn, requireIncluded, requireSameGuard } from "#shared/syncs/pages/included-rights.ts";
import { makeAccessWorld, type AccessWorld } from "#test/support/access-world.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { SOURCE_ID, SPACE } from "#test/support/sync-world.ts";

const CHANGED = { name: "TransientError", code: "rights_changed" };

/*
 * What is looked at once more in the transaction that stores a page: whether all that it shows may still be shown there.
 */
describe("rights that a page is stored by", () => {
  let database: TestDatabase;
  let world: AccessWorld;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    world = await makeAccessWorld(database.sql);
    world.add("A");
    world.add("B");
    await world.sync();
    await world.sweep();
  });
  afterAll(() => database.close());

  const show = (target: PageDependency["target"], kind: PageDependency["kind"] = "page"): PageDependency => ({
    kind,
    target,
    depth: null,
    showsText: true,
  });
  const byId = () => show({ id: world.page("B").id });
  const byTitle = (title: string, spaceKey: string | null = null) => show({ title, spaceKey, kind: "page" });
  const require = async (included: PageDependency[], access: Source["access"] = "per_user") =>
    requireIncluded(
      database.sql,
      { sourceId: SOURCE_ID, spaceKey: SPACE, access, content: PAGES_ONLY },
      world.page("A").id,
      included,
    );

  it("a page may be stored that shows nothing, or what all of its readers may read, by id and by title", async () => {
    const inSpace = byTitle("B", SPACE.toLowerCase());
    for (const included of [[], [byId()], [byTitle("B")], [inSpace], [byId(), inSpace]])
      await expect(require(included)).resolves.toBeUndefined();
  });

  it("a page is tried again when what it shows was restricted while it was processed", async () => {
    world.restrict(world.page("B"), { users: ["u"] });
    await world.sweep();
    for (const included of [[byId()], [byTitle("B")]])
      await expect(require(included)).rejects.toMatchObject(CHANGED);
  });

  it.each<[string, () => PageDependency[]]>([
    ["one of which is not stored", () => [byId(), byTitle("C")]],
    ["one of which is in another space", () => [byId(), byTitle("B", "OTHER")]],
    [
      "one of which is a blog post of that title",
      () => [show({ title: "B", spaceKey: null, kind: "blogpost" })],
    ],
    ["one of which is the page itself", () => [show({ id: world.page("A").id })]],
    ["one of which is a list", () => [byId(), show("self", "children")]],
    ["one of which is not understood", () => [byId(), show(null, "unknown")]],
  ])("a page is tried again when it shows several, %s", async (_, included) => {
    await expect(require(included())).rejects.toMatchObject(CHANGED);
  });

  it("a page is tried again when its source carries no rights over any more", async () => {
    await expect(require([byId()], "everything")).rejects.toMatchObject(CHANGED);
  });

  it.each<[Source["access"], Source["access"], "guarded" | "unguarded" | null | undefined, boolean]>([
    ["per_user", "per_user", "guarded", false],
    ["everything", "per_user", "unguarded", true],
    ["everything", "per_user", null, true],
    ["unrestricted", "per_user", null, false],
    ["per_user", "everything", null, false],
    ["per_user", "everything", "guarded", true],
    ["everything", "everything", "unguarded", false],
    ["everything", "everything", undefined, false],
  ])(
    "a page read with access %s and stored with access %s, which shows others %s, is read again: %s",
    async (before, access, others, isAgain) => {
      await database.sql`update archon_sources set access = ${access}`;
      const required = requireSameGuard(database.sql, { sourceId: SOURCE_ID, access: before }, others);
      if (isAgain) await expect(required).rejects.toMatchObject(CHANGED);
      else await expect(required).resolves.toBeUndefined();
    },
  );

  it("of a source that is gone nothing is required", async () => {
    await expect(
      requireSameGuard(database.sql, { sourceId: "gone", access: "per_user" }, "guarded"),
    ).resolves.toBeUndefined();
  });

  it("the files of the page itself are its own; anything else that a macro shows, or nothing known, is not", () => {
    const others = (shownByMacros: PageDependency[][], access: Source["access"] = "per_user") =>
      othersIn({ shownByMacros }, { access });
    const own = show("self", "files");
    expect(others([])).toBeNull();
    expect(others([[own], [own, own]])).toBeNull();
    expect(others([[own], []])).toBe("guarded");
    expect(others([[own, show("self", "children")]])).toBe("guarded");
    expect(others([[show({ id: "1" }, "files")]])).toBe("guarded");
    expect(others([[show({ id: "1" })]], "everything")).toBe("unguarded");
  });
});
