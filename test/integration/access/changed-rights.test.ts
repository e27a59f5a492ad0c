import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { setSpaceReaders } from "#infra/local/confluence-site/directory-edits.ts";
import { editPage, movePage } from "#infra/local/confluence-site/edits.ts";
import { syncSpace } from "#shared/syncs/listing/sync-space.ts";
import { addSpacesWithSources } from "#test/support/site-sources.ts";
import { makeAccessWorld, type AccessWorld } from "#test/support/access-world.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { bodyOf, SOURCE_ID } from "#test/support/sync-world.ts";

const MINUTE_MS = 60_000;

/** The numbers are those of the table of cases in the specification of rights. */
describe("who finds pages whose rights change or cannot be read", () => {
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
    await world.minute("sweep-access");
  };
  const fault = (path: string, status: number) =>
    world.site.faults.push({ effect: "status", status, retry_after: null, path, times: 1000, skip: 0 });
  /** Titles that a search for somebody returns, by the limits of age that it has. */
  const searched = async (account_id: string) => {
    const { status, body } = await world.api("POST", "/api/rag/query", {
      authorizer: { lambda: { name: "chat", scopes: ["search", "search:on-behalf-of"] } },
      body: { query: "says", return_mode: "pages", match_count: 10, on_behalf_of: { account_id } },
    });
    expect(status).toBe(200);
    return body.results.map((hit: { title: string }) => hit.title).toSorted();
  };
  const verifiedAt = async (title: string) => {
    const [row] = await database.sql<{ verified_at: Date | null }[]>`
      select coalesce(n.verified_at, s.access_verified_at) as verified_at
      from access_nodes n join archon_sources s using (source_id) where n.content_id = ${world.page(title).id}`;
    return row?.verified_at ?? null;
  };

  it.each([500, 429])(
    "case 18: while a restriction cannot be read (%i) who passed it finds the page until what is known of it is too old, then nobody",
    async (status) => {
      world.site.settings.embedded_principals = 1;
      world.add("P", { users: ["u", "w"] });
      world.add("Q");
      await settle();
      const before = await verifiedAt("P");
      fault("/restriction/", status);
      await world.sweep();
      await world.sweep();
      expect(await world.finds("u")).toEqual(["P", "Q"]);
      expect(await world.finds("x")).toEqual(["Q"]);
      expect(await verifiedAt("P")).toEqual(before);
      expect(await searched("u")).toEqual(["P", "Q"]);
      world.pass(4 * 60 * MINUTE_MS);
      for (let sweeps = 0; sweeps < 2; sweeps += 1) await world.sweep();
      expect(await verifiedAt("P")).toEqual(before);
      // A site that limits requests lets no sweep end: then all of the source is too old.
      const left = status === 429 ? [] : ["Q"];
      expect([await searched("u"), await searched("w")]).toEqual([left, left]);
    },
  );

  it("case 19: a new page is found by nobody until its rights were read", async () => {
    fault("/permissions", 403);
    world.add("P");
    await settle();
    expect(await database.sql`select from archon_crawled_pages`).not.toHaveLength(0);
    expect(await world.finds("u")).toEqual([]);
    world.site.faults.length = 0;
    await world.sweep();
    expect(await world.finds("u")).toEqual(["P"]);
  });

  it.each([403, 404])(
    "case 20: a restriction that may not be read (%i), although the page is shown, lets nobody in",
    async (status) => {
      world.site.settings.embedded_principals = 1;
      world.add("P", { users: ["u", "w"] });
      fault("/restriction/", status);
      await settle();
      expect(await world.finds("u")).toEqual([]);
    },
  );

  it("case 21: below a page in the trash nobody finds anything, and other pages are not affected", async () => {
    const trashed = world.add("P");
    world.add("C", { parent: trashed });
    world.add("Q");
    trashed.status = "trashed";
    await settle();
    expect(await world.finds("u")).toEqual(["Q"]);
  });

  it("case 23: a page whose ancestors form a circle is found by nobody", async () => {
    const page = world.add("P");
    world.add("C", { parent: page });
    world.add("Q");
    await settle();
    const { id } = page;
    world.onTheWay.change = (text, url) =>
      url.includes("restrictions.read") ? withAncestor(text, id, world.page("C").id) : text;
    await world.sweep();
    expect(await world.finds("u")).toEqual(["Q"]);
  });

  it("case 30: a page moved below a restricted one is narrowed with all below it by the next sweep", async () => {
    const restricted = world.add("P", { users: ["u"] });
    const moved = world.add("C");
    world.add("D", { parent: moved });
    await settle();
    expect(await world.finds("w")).toEqual(["C", "D"]);
    movePage(world.site, moved.id, { parentId: restricted.id });
    await world.sweep();
    expect(await world.finds("w")).toEqual([]);
    expect(await world.finds("u")).toEqual(["C", "D", "P"]);
  });

  it("case 31: a page moved out of a restriction is found by more people after a complete sweep only", async () => {
    const moved = world.add("C", { parent: world.add("P", { users: ["u"] }) });
    await settle();
    movePage(world.site, moved.id, { parentId: null });
    fault("/user/current", 500);
    await world.sweep();
    expect(await world.finds("w")).toEqual([]);
    world.site.faults.length = 0;
    world.pass(MINUTE_MS);
    await world.sweep();
    expect(await world.finds("w")).toEqual(["C"]);
  });

  it("case 32: in another space the readers of that one find a page, and not those of the old one", async () => {
    await addSpacesWithSources(world, ["NEW"], { synced: false });
    await database.sql`update archon_sources set access = 'per_user'`;
    setSpaceReaders(world.site, "NEW", { users: ["v"] });
    const page = world.add("P");
    await settle();
    movePage(world.site, page.id, { space: "NEW", parentId: null });
    await world.sweep();
    expect(await world.finds("u")).toEqual([]);
    const { operationId } = await syncSpace("source-NEW", "NEW", { actor: "api" }, world.outside);
    await world.ended(operationId);
    await world.sweep();
    expect(await world.finds("v", "source-NEW")).toEqual(["NEW 1", "P"]);
    expect(await world.finds("u", "source-NEW")).toEqual([]);
    expect(await world.finds("v")).toEqual([]);
  });

  it("case 34: who was shut out finds a page again after a sweep in which the restriction is gone", async () => {
    const page = world.add("P", { users: ["u"] });
    world.add("C", { parent: page });
    await settle();
    world.restrict(page, {});
    await world.sweep();
    expect(await world.finds("w")).toEqual(["C", "P"]);
  });

  it.each(["P", "C"])(
    "case 35: the new text of a page edited after %s above it was restricted is never found by who was shut out",
    async (restricted) => {
      const page = world.add("P");
      const child = world.add("C", { parent: page });
      await settle();
      // Long enough ago that the next sync lists only what was edited.
      world.pass(3 * 60 * MINUTE_MS);
      await settle();
      world.pass(MINUTE_MS);
      world.restrict(world.page(restricted), { users: ["u"] });
      editPage(world.site, child.id, { body: bodyOf("secret") });
      const id = await world.startSync();
      while ((await world.progress(id)).finished_at === null) {
        for (const queue of ["plan", "page"] as const) await world.deliverOne(queue);
        const stored = await database.sql`select from archon_crawled_pages where content like '%secret%'`;
        if (stored.length > 0) expect(await world.finds("w")).not.toContain("C");
      }
      expect(await world.finds("u")).toEqual(["C", "P"]);
    },
  );

  it("case 35: nor if it was restricted and edited again between the listing and the fetch of its text", async () => {
    const page = world.add("C");
    await settle();
    world.pass(MINUTE_MS);
    editPage(world.site, page.id, { body: bodyOf("first") });
    await world.startSync();
    while (await world.deliverOne("plan"));
    world.restrict(page, { users: ["u"] });
    editPage(world.site, page.id, { body: bodyOf("secret") });
    await world.deliverOne("page");
    expect(await database.sql`select from archon_crawled_pages where content like '%secret%'`).toHaveLength(
      1,
    );
    expect(await world.finds("w")).toEqual([]);
    expect(await world.finds("u")).toEqual(["C"]);
  });

  it("case 36: a page out of the account's own sight is hidden at once and kept", async () => {
    const page = world.add("P");
    world.add("C", { parent: page });
    world.add("Q");
    await settle();
    page.visibleTo = "nobody";
    await world.sweep();
    expect(await world.finds("u")).toEqual(["Q"]);
    expect(
      await database.sql`select from confluence_pages where not is_deleted and chunk_count > 0`,
    ).toHaveLength(3);
  });

  it("case 52: what is known of a source is as old as the start of its last complete sweep", async () => {
    world.add("P");
    await settle();
    const age = async () =>
      (
        await database.sql<
          { at: Date }[]
        >`select access_verified_at as at from archon_sources where source_id = ${SOURCE_ID}`
      )[0]?.at;
    const before = await age();
    fault("/user/current", 500);
    await world.sweep();
    expect(await age()).toEqual(before);
    world.site.faults.length = 0;
    world.pass(MINUTE_MS);
    await world.sweep();
    expect((await age())?.getTime()).toBeGreaterThan(before?.getTime() ?? Infinity);
  });
});

/** The response of a search, in which this content has itself above it. */
function withAncestor(text: string, contentId: string, aboveId: string): string {
  const body = JSON.parse(text);
  for (const hit of body.results ?? [])
    if (hit.id === contentId)
      hit.ancestors = [
        { id: aboveId, type: "page" },
        { id: contentId, type: "page" },
      ];
  return JSON.stringify(body);
}
