import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { deleteSourceRows } from "#shared/documents/delete-source.ts";
import { sweepSource } from "#shared/syncs/rights/sweep-source.ts";
import { dueSweeps } from "#shared/access/sweeps/sweep-rows.ts";
import { addSpacesWithSources } from "#test/support/site-sources.ts";
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

  it("a source that shows everything stores no rights, and warns of it", async () => {
    await world.sync();
    await world.sweep();
    expect(await database.sql`select from access_nodes`).toHaveLength(0);
    expect(await shown()).toMatchObject({
      access: { mode: "everything", verified_at: null, sweep: null },
      warnings: [{ code: "access_everything" }],
    });
  });

  const DAY_MS = 24 * 60 * 60_000;
  const restrictionsRead = () =>
    world.takeRequests().filter(({ query }) => query.includes("restrictions")).length;
  /** The first is made within the hour. */
  const counts = async () => {
    restrictionsRead();
    await world.minute("sweep-access");
    world.pass(60 * 60_000);
    await world.sweep();
    return [restrictionsRead(), (await shown()).access.restricted_contents];
  };

  it("a source that shows everything counts what is restricted once a week, and no sync or check does", async () => {
    expect(await counts()).toEqual([1, 1]);
    expect((await shown()).warnings).toMatchObject([{ code: "access_everything", message: /, 1 page with/ }]);
    world.add("R", { groups: ["staff"] });
    await world.sync();
    await world.check();
    world.pass(6 * DAY_MS);
    expect(await counts()).toEqual([0, 1]);
    world.pass(DAY_MS);
    expect(await counts()).toEqual([1, 2]);
  });

  it("a count that Confluence refuses is tried again after a day, and the last number stays", async () => {
    await counts();
    world.add("R", { groups: ["staff"] });
    world.pass(7 * DAY_MS);
    const path = "/rest/api/content/search";
    world.site.faults.push({ effect: "status", status: 403, retry_after: null, path, times: 1000, skip: 0 });
    expect(await counts()).toEqual([1, 1]);
    expect(await codes()).toEqual(["access_everything"]);
    expect(world.logged).toContainEqual(
      expect.objectContaining({
        event: "access_sweep.failed",
        fields: expect.objectContaining({ code: "forbidden" }),
      }),
    );
    world.site.faults.length = 0;
    expect(await counts()).toEqual([0, 1]);
    world.pass(DAY_MS);
    expect(await counts()).toEqual([1, 2]);
  });

  it("a space that is out of sight is not counted as one without restrictions", async () => {
    await counts();
    for (const space of world.site.spaces.values()) space.visible = false;
    world.pass(7 * DAY_MS);
    expect((await counts())[1]).toBe(1);
  });

  it("rights are read before restrictions are counted", async () => {
    await addSpacesWithSources(world, ["OTHER"], { synced: false });
    const now = world.now();
    await database.sql`
      insert into access_sweeps (source_id, due_at)
      select source_id, case when source_id = ${SOURCE_ID} then ${now}::timestamptz - interval '1 hour' else ${now} end from archon_sources
      on conflict (source_id) do update set due_at = excluded.due_at`;
    await database.sql`update archon_sources set access = 'per_user' where source_id <> ${SOURCE_ID}`;
    expect(await dueSweeps(database.sql, now, 10)).toEqual(["source-OTHER", SOURCE_ID]);
  });

  it("a change whose sweep cannot be asked for is not stored", async () => {
    await database.sql`alter table access_sweeps add constraint refused check (due_at < '2000-01-01') not valid`;
    try {
      expect((await patch({ access: "per_user" })).status).toBe(500);
    } finally {
      await database.sql`alter table access_sweeps drop constraint refused`;
    }
    expect((await shown()).access.mode).toBe("everything");
  });

  it("a listing that is cut off is counted to its end, page by page", async () => {
    world.site.settings.restrictions_page_size = 1;
    for (const title of ["R", "S"]) world.add(title, { groups: ["staff"] });
    expect(await counts()).toEqual([4, 3]);
  });

  it("a source whose restrictions were counted is swept at once when it begins to carry rights over", async () => {
    await world.sync();
    await counts();
    await patch({ access: "per_user" });
    expect(await world.finds("u")).toEqual([]);
    await world.minute("sweep-access");
    expect([await world.finds("u"), await world.finds("w")]).toEqual([["P", "Q"], ["Q"]]);
  });

  it("a source that shows everything again counts from the start what is restricted, at once", async () => {
    await patch({ access: "per_user" });
    await world.sync();
    world.site.settings.restrictions_page_size = 1;
    const services = { ...world.outside, env: { ACCESS_SWEEP_MINUTES: 15 } };
    world.pass(15 * 60_000);
    const steps = { maxSteps: 2, remainingMs: () => 60_000 };
    expect(await sweepSource(SOURCE_ID, services, steps)).toBe("more");
    await patch({ access: "everything" });
    world.add("R", { groups: ["staff"] });
    restrictionsRead();
    await world.minute("sweep-access");
    expect([restrictionsRead(), (await shown()).access.restricted_contents]).toEqual([3, 2]);
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
