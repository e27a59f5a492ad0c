import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { editPage } from "#infra/local/confluence-site/edits.ts";
import { ACCOUNT_ID } from "#infra/local/confluence-site/site.ts";
import type { ListedPage } from "#shared/confluence/client.ts";
import { transaction } from "#shared/db/connect.ts";
import { TransientError } from "#shared/errors.ts";
import { rightsOfListed, rightsOfPages } from "#shared/syncs/rights/listed-rights.ts";
import { READ_AT_ONCE } from "#shared/syncs/rights/read-restriction.ts";
import { makeAccessWorld, type AccessWorld } from "#test/support/access-world.ts";
import { seenContent } from "#test/support/passed-nodes.ts";
import { rightsClient, type RightsClient, type ToldContent } from "#test/support/rights-client.ts";
import {
  change,
  makeSweptSource,
  rightsReader,
  SOURCE_ID,
  type SweptSource,
} from "#test/support/swept-source.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(() => database.clear());
afterAll(() => database.close());

const FAILURE = new TransientError("unavailable", "Confluence failed with 500");

describe("changed content whose restriction does not come with the search", () => {
  let swept: SweptSource;
  const sweptSite = async (contents: Record<string, Partial<ToldContent>>): Promise<RightsClient> => {
    swept = await makeSweptSource(database.sql);
    const site = rightsClient(contents, ACCOUNT_ID);
    site.pageSize = 250;
    await swept.sweep(site);
    swept.minute();
    site.calls.length = 0;
    return site;
  };
  const reader = (site: RightsClient) => rightsReader(database.sql, site, swept.now);
  const readRights = async (site: RightsClient, ids: readonly string[]) =>
    transaction(database.sql, await rightsOfPages(await reader(site), ids));
  const seen = async () => seenContent(database.sql, SOURCE_ID, { accountId: "w", groups: ["staff"] });

  it("a changed page whose cut list of principals cannot be read is seen by nobody until the next sweep", async () => {
    const site = await sweptSite({ "1": { users: ["u", "w"] }, "2": {} });
    expect(await seen()).toEqual(["1", "2"]);
    change(site, "1", { isCut: true, failure: FAILURE });
    await readRights(site, ["1"]);
    expect(await seen()).toEqual(["2"]);
    site.contents.set("1", { type: "page", parentId: null, users: ["u", "w"], groups: [] });
    await swept.sweep(site);
    expect(await seen()).toEqual(["1", "2"]);
  });

  it("where the list of a page above cannot be read, what changed below it is hidden, and nothing else", async () => {
    const above = { users: ["u", "w"] };
    const site = await sweptSite({ "1": above, "2": { parentId: "1" }, "3": { parentId: "1" } });
    change(site, "1", { isCut: true, failure: FAILURE });
    await readRights(site, ["2"]);
    expect(await seen()).toEqual(["1", "3"]);
  });

  it("a hundred restrictions are read one by one, and what has further ones is hidden", async () => {
    const ids = Array.from({ length: 101 }, (_, n) => String(1000 + n));
    const site = await sweptSite(Object.fromEntries(ids.map((id) => [id, {}])));
    for (const id of ids) change(site, id, { isCut: true });
    await readRights(site, ids);
    expect(site.calls.filter((call) => call.startsWith("restriction"))).toHaveLength(100);
    expect(await seen()).toEqual(ids.slice(0, 100));
  });

  it("the restriction of an archived page above, which no search finds, is read by itself", async () => {
    const site = await sweptSite({ "1": { isUnlisted: true }, "2": { parentId: "1" }, "3": {} });
    expect(await seen()).toEqual(["1", "2", "3"]);
    change(site, "1", { users: ["u"] });
    await readRights(site, ["2"]);
    expect(site.calls).toEqual(["search", "search", "restriction 1"]);
    expect(await seen()).toEqual(["3"]);
  });

  it("a list that came cut with a listing, and what comments are on, are read later than the listing", async () => {
    const site = await sweptSite({ "1": {}, "2": {}, "3": {} });
    const listed = (id: string, restriction: { users: string[]; groups: string[] } | null): ListedPage => {
      const rights = { ancestors: [], restriction };
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what is read of a listed page
      return { id, kind: "page", rights } as unknown as ListedPage;
    };
    const open = { users: [], groups: [] };
    const pages = [listed("1", null), listed("2", open), listed("3", open)];
    const readAt = swept.now();
    for (const id of ["1", "2"]) change(site, id, { users: ["u"] });
    swept.minute();
    const rights = await rightsOfListed(await reader(site), { pages, containerIds: ["2"], readAt });
    await transaction(database.sql, rights);
    expect(await seen()).toEqual(["3"]);
  });
});

describe("a sync of pages that were restricted further and edited", () => {
  let world: AccessWorld;
  beforeEach(async () => {
    world = await makeAccessWorld(database.sql);
  });
  const isStored = async () =>
    (await database.sql`select from archon_crawled_pages where content like '%secretword%'`).length > 0;

  it("a page does not show its new text by evidence from before, while its restriction cannot be read", async () => {
    world.site.settings.embedded_principals = 1;
    const page = world.add("P", { users: ["u", "w"] });
    await world.sync();
    await world.sweep();
    expect(await world.finds("w")).toEqual(["P"]);
    world.restrict(page, { users: ["u", "x"] });
    editPage(world.site, page.id, { body: "<p>The secretword of P</p>" });
    const failing = { effect: "status", status: 500, retry_after: null, times: 1000, skip: 0 } as const;
    world.site.faults.push({ ...failing, path: "/restriction/" });
    world.pass(60_000);
    await world.sync();
    for (let n = 0; n < 2; n += 1) await world.sweep();
    expect(await isStored()).toBe(true);
    expect(await world.finds("w")).toEqual([]);
  });

  it.each([READ_AT_ONCE, READ_AT_ONCE + 1])(
    "of %i pages with long lists, none shows its new text to who was shut out",
    async (count) => {
      world.site.settings.embedded_principals = 1;
      const titles = Array.from({ length: count }, (_, n) => `P${n}`);
      for (const title of titles) world.add(title, { users: ["u", "w"] });
      await world.sync();
      await world.sweep();
      expect(await world.finds("w")).toHaveLength(count);
      for (const title of titles) {
        const page = world.page(title);
        // Still two, so that the list comes cut.
        world.restrict(page, { users: ["u", "x"] });
        editPage(world.site, page.id, { body: `<p>The secretword of ${title}</p>` });
      }
      world.pass(60_000);
      await world.sync();
      expect(await isStored()).toBe(true);
      expect(await world.finds("w")).toEqual([]);
      expect(await world.finds("u")).toHaveLength(count);
    },
  );

  it("a page below an archived one that was restricted since does not show the text that was written after that", async () => {
    const above = world.add("X");
    const page = world.add("P", { parent: above });
    above.status = "archived";
    await world.sync();
    await world.sweep();
    expect(await world.finds("w")).toEqual(["P"]);
    world.restrict(above, { users: ["u"] });
    world.pass(60_000);
    editPage(world.site, page.id, { body: "<p>The secretword of P</p>" });
    world.pass(60_000);
    await world.sync();
    expect(await isStored()).toBe(true);
    expect(await world.finds("w")).toEqual([]);
    expect(await world.finds("u")).toEqual(["P"]);
  });
});
