import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { deleteGroup, editGroup, putPerson } from "#infra/local/confluence-site/directory-edits.ts";
import { makeAccessWorld, type AccessWorld } from "#test/support/access-world.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { SOURCE_ID } from "#test/support/sync-world.ts";

const MINUTE_MS = 60_000;

/** The numbers are those of the table of cases in the specification of rights. */
describe("the directory of a site", () => {
  let database: TestDatabase;
  let world: AccessWorld;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    world = await makeAccessWorld(database.sql);
    world.add("P");
    world.add("R", { groups: ["g2"] });
    await world.sync();
    await world.minute("sweep-access");
  });
  afterAll(() => database.close());

  /** Five minutes, of which each has its invocation. */
  const fiveMinutes = async () => {
    for (let minutes = 0; minutes < 5; minutes += 1) await world.minute("sweep-access");
  };
  const site = async () => {
    const [row] = await database.sql<{ verified_at: Date | null; code: string | null }[]>`
      select directory_verified_at as verified_at, directory_error ->> 'code' as code from confluence_sites`;
    return row;
  };
  const fault = (path: string, status: number) =>
    world.site.faults.push({ effect: "status", status, retry_after: null, path, times: 1000, skip: 0 });

  it("case 37: who left a group just after it was read finds nothing by it after five minutes, and who joined finds it", async () => {
    expect(await world.finds("w")).toEqual(["P", "R"]);
    editGroup(world.site, "g2", { add: ["x"], remove: ["w"] });
    await fiveMinutes();
    expect(await world.finds("w")).toEqual(["P"]);
    expect(await world.finds("x")).toEqual(["P", "R"]);
  });

  it("case 38: who was deactivated just after accounts were read finds nothing after five minutes", async () => {
    putPerson(world.site, "w", { status: "inactive" });
    await fiveMinutes();
    expect(await world.finds("w")).toEqual([]);
  });

  it("a group that was deleted lets nobody in after five minutes", async () => {
    deleteGroup(world.site, "g2");
    await fiveMinutes();
    expect(await world.finds("w")).toEqual(["P"]);
  });

  it("a directory that cannot be read stays and ages, which the source says", async () => {
    const before = await site();
    editGroup(world.site, "g2", { remove: ["w"] });
    fault("/membersByGroupId", 500);
    await fiveMinutes();
    expect(await world.finds("w")).toEqual(["P", "R"]);
    expect(await site()).toEqual({ verified_at: before?.verified_at, code: "confluence_failed" });
    const { body } = await world.api("GET", `/api/confluence/${SOURCE_ID}`);
    expect(body.warnings).toMatchObject([{ code: "directory_stale" }]);
    world.site.faults.length = 0;
    await fiveMinutes();
    expect(await world.finds("w")).toEqual(["P"]);
    expect(await site()).toMatchObject({ code: null });
    expect((await world.api("GET", `/api/confluence/${SOURCE_ID}`)).body.warnings).toEqual([]);
  });

  it("a directory is as old as what was read of it longest ago", async () => {
    await fiveMinutes();
    const [row] = await database.sql<{ oldest: Date }[]>`
      select min(verified_at) as oldest from (
        select verified_at from directory_groups union all select verified_at from directory_accounts) known`;
    const { verified_at } = (await site()) ?? {};
    expect(verified_at?.getTime()).toBeLessThanOrEqual(row?.oldest.getTime() ?? 0);
    expect(world.now().getTime() - (verified_at?.getTime() ?? 0)).toBeLessThan(6 * MINUTE_MS);
  });

  it("with credentials that are refused no group loses its members", async () => {
    world.site.settings.anonymous_access = true;
    fault("/user/current", 401);
    await fiveMinutes();
    expect(await world.finds("w")).toEqual(["P", "R"]);
  });

  it("a site whose sources show everything is not asked for its groups", async () => {
    await database.sql`update archon_sources set access = 'everything'`;
    world.takeRequests();
    await fiveMinutes();
    expect(world.takeRequests().filter(({ path }) => /group|users-bulk|search/.test(path))).toEqual([]);
  });
});
