import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { deleteSourceRows } from "#shared/documents/delete-source.ts";
import { makeAccessWorld, type AccessWorld } from "#test/support/access-world.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { SOURCE_ID, SPACE } from "#test/support/sync-world.ts";

const PATH = `/api/confluence/${SOURCE_ID}`;

describe("a source's option of who finds what", () => {
  let database: TestDatabase;
  let world: AccessWorld;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    world = await makeAccessWorld(database.sql, { access: { access: "everything" } });
    world.add("P", { users: ["u"] });
    world.add("Q");
  });
  afterAll(() => database.close());

  const shown = async () => (await world.api("GET", PATH)).body;
  const patch = async (body: object) => world.api("PATCH", PATH, { body });
  const codes = async () => (await shown()).warnings.map(({ code }: { code: string }) => code);

  it("a source that shows everything reads no rights, and warns of it", async () => {
    world.takeRequests();
    await world.sync();
    await world.sweep();
    expect(world.takeRequests().filter(({ query }) => query.includes("restrictions"))).toEqual([]);
    expect(await shown()).toMatchObject({
      access: { mode: "everything", verified_at: null, sweep: null, restricted_contents: null },
      warnings: [{ code: "access_everything" }],
    });
  });

  const WEEK_MS = 7 * 24 * 60 * 60_000;
  const restrictionsRead = () =>
    world.takeRequests().filter(({ query }) => query.includes("restrictions")).length;

  it("a source that shows everything counts what is restricted with a deletion check, once a week", async () => {
    await world.sync();
    await world.check();
    expect(await shown()).toMatchObject({
      access: { verified_at: null, sweep: null, restricted_contents: 1 },
      warnings: [{ code: "access_everything", message: /, 1 page with/ }],
    });
    world.add("R", { groups: ["staff"] });
    world.pass(WEEK_MS / 2);
    restrictionsRead();
    await world.check();
    expect([restrictionsRead(), (await shown()).access.restricted_contents]).toEqual([0, 1]);
    world.pass(WEEK_MS / 2);
    await world.check();
    expect([restrictionsRead(), (await shown()).access.restricted_contents]).toEqual([1, 2]);
  });

  it("a dry run counts no restrictions", async () => {
    await world.sync();
    restrictionsRead();
    await world.check({ dryRun: true });
    expect([restrictionsRead(), (await shown()).access.restricted_contents]).toEqual([0, null]);
  });

  it("a count that Confluence refuses ends no deletion check, and the last number stays", async () => {
    await world.sync();
    await world.check();
    world.add("R", { groups: ["staff"] });
    world.pass(WEEK_MS);
    const path = "/rest/api/content/search";
    world.site.faults.push({ effect: "status", status: 403, retry_after: null, path, times: 1000, skip: 0 });
    expect((await world.check()).status).toBe("completed");
    expect((await shown()).access.restricted_contents).toBe(1);
    expect(world.logged).toContainEqual(
      expect.objectContaining({
        event: "confluence.call_refused",
        fields: expect.objectContaining({ wanted: "restrictions", code: "forbidden" }),
      }),
    );
  });

  it("a source whose restrictions were counted is swept at once when it begins to carry rights over", async () => {
    await world.sync();
    await world.check();
    await patch({ access: "per_user" });
    expect(await world.finds("u")).toEqual([]);
    await world.minute("sweep-access");
    expect([await world.finds("u"), await world.finds("w")]).toEqual([["P", "Q"], ["Q"]]);
  });

  it("a source that begins to carry rights over shows nothing until they are read, which begins at once", async () => {
    await world.sync();
    const { status, body } = await patch({ access: "per_user" });
    expect([status, body.access]).toMatchObject([
      200,
      {
        mode: "per_user",
        verified_at: null,
        sweep: { due_at: world.now().toISOString(), completed_at: null },
      },
    ]);
    expect(await world.finds("u")).toEqual([]);
    await world.minute("sweep-access");
    expect(await world.finds("u")).toEqual(["P", "Q"]);
    expect(await world.finds("w")).toEqual(["Q"]);
    expect(await shown()).toMatchObject({
      access: {
        verified_at: expect.any(String),
        restricted_contents: 1,
        sweep: { error: null, calls: expect.any(Number) },
      },
      warnings: [],
    });
  });

  it("a source that shows everything again names the number of restricted pages, and forgets its evidence", async () => {
    await patch({ access: "per_user" });
    await world.sync();
    expect((await shown()).access.verified_at).not.toBeNull();
    await patch({ access: "everything" });
    expect((await shown()).warnings).toMatchObject([{ code: "access_everything", message: /, 1 page with/ }]);
    await patch({ access: "unrestricted" });
    expect((await shown()).access).toMatchObject({ mode: "unrestricted", verified_at: null });
  });

  it("a change between modes that carry rights over keeps what is known", async () => {
    await patch({ access: "per_user" });
    await world.sync();
    const { verified_at } = (await shown()).access;
    await patch({ access: "unrestricted" });
    expect((await shown()).access.verified_at).toBe(verified_at);
  });

  it("a new source shows what no restriction is over, and is swept by its first sync", async () => {
    await world.api("DELETE", PATH);
    const made = await world.api("POST", "/api/confluence/sources", {
      body: {
        base_url: world.site.url,
        email: "sync@example.com",
        api_token: "demo-token",
        space_key: SPACE,
      },
    });
    expect([made.status, made.body.access]).toMatchObject([
      201,
      { mode: "unrestricted", unreadable_containers: "hide", verified_at: null },
    ]);
    await world.api("POST", `/api/confluence/${made.body.source_id}/sync`, { body: {} });
    await world.drain();
    const { body } = await world.api("GET", `/api/confluence/${made.body.source_id}`);
    expect(body).toMatchObject({ access: { restricted_contents: 1 }, page_count: 2 });
    const nodes = await database.sql`
      select access_node from confluence_pages where source_id = ${made.body.source_id} and access_node is null`;
    expect(nodes).toHaveLength(0);
  });

  it("a sweep that fails is a warning, and content is synced meanwhile", async () => {
    await patch({ access: "per_user" });
    world.site.faults.push({
      effect: "scope_missing",
      said_in: "both",
      path: "/permissions",
      times: 1000,
      skip: 0,
    });
    expect(await world.sync()).toMatchObject({ status: "completed" });
    expect(await codes()).toEqual(["sweep_overdue"]);
    expect(await shown()).toMatchObject({
      page_count: 2,
      access: { sweep: { error: { code: "scope_missing" } } },
    });
    expect(await world.finds("u")).toEqual([]);
  });

  it("a source that is deleted leaves no rights behind", async () => {
    await patch({ access: "per_user" });
    await world.sync();
    await world.sweep();
    await world.api("DELETE", PATH);
    let steps = 0;
    for (let done = false; !done; steps += 1) {
      done = (await deleteSourceRows(database.sql, SOURCE_ID, { batch: 1 })).done;
      if (!done) expect(await database.sql`select from archon_sources`).toHaveLength(1);
    }
    // Two pages with a row each, two nodes.
    expect(steps).toBeGreaterThanOrEqual(4);
    for (const table of ["access_nodes", "content_access", "access_sweeps", "access_sweep_lists"])
      expect(await database.sql`select from ${database.sql(table)}`).toHaveLength(0);
  });

  it("an idle sync of a source with rights takes as many calls as of one without", async () => {
    await world.sync();
    world.pass(3 * 60 * 60_000);
    await world.sync();
    world.takeRequests();
    await world.sync();
    const before = world.takeRequests().length;
    await patch({ access: "per_user" });
    await world.sync();
    world.takeRequests();
    await world.sync();
    expect(world.takeRequests()).toHaveLength(before);
  });

  it.each(["full sync", "deletion check", "hint"])(
    "after a %s the rights are read again at once",
    async (what) => {
      await patch({ access: "per_user" });
      await world.sync();
      world.pass(2 * 60_000);
      const due = async () => Date.parse((await shown()).access.sweep.due_at);
      expect(await due()).toBeGreaterThan(world.now().getTime());
      if (what === "full sync") await world.sync({ mode: "full" });
      else if (what === "deletion check") await world.check();
      else await world.api("POST", `${PATH}/pages/${world.page("P").id}/sync`, { body: {} });
      expect(await due()).toBeLessThanOrEqual(world.now().getTime());
      const before = (await shown()).access.verified_at;
      await world.minute("sweep-access");
      expect((await shown()).access.verified_at > before).toBe(true);
    },
  );

  it("an announced page that was restricted is narrowed with its announcement", async () => {
    await patch({ access: "per_user" });
    await world.sync();
    await world.minute("sweep-access");
    expect(await world.finds("w")).toEqual(["Q"]);
    world.restrict(world.page("Q"), { users: ["u"] });
    await world.api("POST", `${PATH}/pages/${world.page("Q").id}/sync`, { body: {} });
    world.pass(20_000);
    await world.drain();
    expect(await world.finds("w")).toEqual([]);
  });
});
