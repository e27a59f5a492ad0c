import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ACCOUNT_ID } from "#infra/local/confluence-site/site.ts";
import { applyRights } from "#shared/access/sweeps/apply-rights.ts";
import { transaction } from "#shared/db/connect.ts";
import { PermanentError, TransientError } from "#shared/errors.ts";
import { seenContent, type Reader } from "#test/support/passed-nodes.ts";
import { rightsClient, type RightsClient, type ToldContent } from "#test/support/rights-client.ts";
import { change, makeSweptSource, SOURCE_ID, type SweptSource } from "#test/support/swept-source.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const STAFF: Reader = { accountId: "u", groups: ["staff"] };
const OTHER: Reader = { accountId: "w", groups: ["staff"] };

describe("what a sweep of rights must prove", () => {
  let database: TestDatabase;
  let source: SweptSource;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    source = await makeSweptSource(database.sql);
  });
  afterAll(() => database.close());

  const told = (contents: Record<string, Partial<ToldContent>>) => rightsClient(contents, ACCOUNT_ID);
  const minute = () => source.minute();
  const step = async (site: RightsClient, maxSteps?: number) => source.step(site, maxSteps);
  const sweep = async (site: RightsClient) => source.sweep(site);
  const seen = async (reader: Reader) => seenContent(database.sql, SOURCE_ID, reader);

  const list = async (site: RightsClient) => source.list(site);
  const errorCode = async () => {
    const [row] = await database.sql<{ code: string | null }[]>`
      select error ->> 'code' as code from access_sweeps where source_id = ${SOURCE_ID}`;
    return row?.code ?? null;
  };

  const SPOILT: [
    string,
    (page: Awaited<ReturnType<RightsClient["client"]["searchRights"]>>) => typeof page,
  ][] = [
    ["short", (page) => ({ ...page, contents: page.contents.slice(0, 1) })],
    ["with an item that cannot be read", (page) => ({ ...page, skipped: 1 })],
    ["with a repeated cursor", (page) => ({ ...page, next: "1" })],
    ["that ends too early", (page) => ({ ...page, next: null })],
  ];
  it.each(SPOILT)("a listing %s lets nobody see more, and says so", async (_, spoil) => {
    const site = told({ "1": { users: ["u"] }, "2": { parentId: "1" }, "3": {}, "4": {} });
    site.readers.users = ["x"];
    await sweep(site);
    change(site, "1", { users: [] });
    site.spoil = spoil;
    expect(await sweep(site)).toBe("failed");
    expect(await seen(OTHER)).toEqual(["3", "4"]);
    expect(await errorCode()).toMatch(/incomplete_sweep|repeated_cursor/);
    site.spoil = null;
    expect(await sweep(site)).toBe("complete");
    expect(await seen(OTHER)).toEqual(["1", "2", "3", "4"]);
    expect(await errorCode()).toBeNull();
  });

  it("a sweep whose account changed on the way lets nobody see more", async () => {
    const site = told({ "1": { users: ["u"] } });
    await sweep(site);
    change(site, "1", { users: [] });
    await list(site);
    site.account.id = null;
    expect(await step(site, 100)).toBe("failed");
    expect(await seen(OTHER)).toEqual([]);
  });

  it("a sweep whose account changed while it was read in one go lets nobody see more", async () => {
    const site = told({ "1": { users: ["u"] } });
    await sweep(site);
    change(site, "1", { users: [] });
    site.spoil = (page) => {
      site.account.id = null;
      return page;
    };
    expect(await sweep(site)).toBe("failed");
    expect(await seen(OTHER)).toEqual([]);
  });

  it("what an incomplete sweep read is not let in by a later one that could not read it", async () => {
    const site = told({ "1": { users: ["u"] }, "2": {} });
    await sweep(site);
    change(site, "1", { users: ["u", "w"] });
    site.spoil = (page) => ({ ...page, skipped: 1 });
    await sweep(site);
    site.spoil = null;
    change(site, "1", { isCut: true, failure: new TransientError("confluence_failed", "500") });
    expect(await sweep(site)).toBe("complete");
    expect(await seen(OTHER)).toEqual(["2"]);
    expect(await seen(STAFF)).toEqual(["1", "2"]);
  });

  it("a list of principals that comes cut is read whole; nobody passes a new one that cannot be read", async () => {
    const many = Array.from({ length: 201 }, (_, n) => `user${n}`);
    const site = told({ "1": { isCut: true, users: many }, "2": { isCut: true, users: ["u"] } });
    change(site, "2", { failure: new TransientError("confluence_failed", "500") });
    await sweep(site);
    expect(await seen({ accountId: "user200", groups: ["staff"] })).toEqual(["1"]);
    expect(await seen(STAFF)).toEqual([]);
  });

  it("a restriction that cannot be read ages from when it was last read", async () => {
    const site = told({ "1": { isCut: true, users: ["u"] } });
    await sweep(site);
    const ages = async () => {
      const [row] = await database.sql<{ node: Date | null; source: Date }[]>`
        select n.verified_at as node, s.access_verified_at as source from access_nodes n join archon_sources s using (source_id) where n.content_id = '1'`;
      return row;
    };
    const first = (await ages())?.source;
    expect((await ages())?.node).toBeNull();
    change(site, "1", { failure: new TransientError("confluence_failed", "500") });
    await sweep(site);
    await sweep(site);
    expect((await ages())?.node).toEqual(first);
    expect((await ages())?.source.getTime()).toBeGreaterThan(first?.getTime() ?? 0);
    change(site, "1", { failure: new PermanentError("forbidden", "403") });
    await list(site);
    expect(await seen(STAFF)).toEqual([]);
  });

  it("a step that is repeated changes nothing", async () => {
    const site = told({
      "1": { users: ["u"] },
      "2": { parentId: "1" },
      "3": { parentId: "2", users: ["w"] },
      "4": {},
    });
    await sweep(site);
    change(site, "4", { groups: ["g"] });
    change(site, "1", { users: ["u", "w"] });
    change(site, "3", { parentId: "4" });
    await list(site);
    const rows = async () => ({
      nodes: await database.sql`select * from access_nodes order by node_id`,
      places: await database.sql`select * from content_access order by content_id`,
      lists: await database.sql`select * from access_sweep_lists order by number`,
    });
    const before = await rows();
    await database.sql`
      update access_sweeps set checkpoint = checkpoint || '{"phase": "listing", "cursor": null, "recent_cursors": [], "lists": 0}'`;
    expect(await step(site)).toBe("more");
    expect(await step(site)).toBe("more");
    expect(await rows()).toEqual(before);
    expect(await step(site, 100)).toBe("complete");
    expect(await seen(OTHER)).toEqual(["1", "2"]);
  });

  it("a worker whose claim was lost writes nothing", async () => {
    const site = told({ "1": {}, "2": {} });
    await step(site);
    const { client } = site;
    const slow = {
      ...site,
      client: {
        ...client,
        searchRights: async (cql: string, cursor: string | null) => {
          for (let minutes = 0; minutes < 3; minutes += 1) minute();
          expect(await step(site, 100)).toBe("complete");
          change(site, "1", { users: ["u"] });
          return client.searchRights(cql, cursor);
        },
      },
    };
    expect(await step(slow)).toBe("not due");
    expect(await seen(OTHER)).toEqual(["1", "2"]);
    expect(await database.sql`select from access_sweep_lists`).toHaveLength(0);
  });

  it("what was requested before what is stored changes nothing", async () => {
    const site = told({ "1": { users: ["u"] }, "2": {} });
    await sweep(site);
    const before = new Date(source.now().getTime() - 60_000);
    change(site, "1", { users: ["w"] });
    await list(site);
    const old = {
      id: "1",
      ancestors: [{ id: "2", type: "page" }],
      restriction: { users: ["u"], groups: [] },
    };
    await transaction(database.sql, (tx) => applyRights(tx, SOURCE_ID, { contents: [old], readAt: before }));
    await step(site, 100);
    expect(await seen(OTHER)).toEqual(["1", "2"]);
  });

  it("a place that was requested before what is stored changes nothing", async () => {
    const site = told({ "1": {}, "2": { users: ["w"] } });
    await sweep(site);
    change(site, "1", { parentId: "2" });
    await list(site);
    const before = new Date(source.now().getTime() - 60_000);
    const old = { id: "1", ancestors: [], restriction: { users: [], groups: [] } };
    await transaction(database.sql, (tx) => applyRights(tx, SOURCE_ID, { contents: [old], readAt: before }));
    expect(await step(site, 100)).toBe("complete");
    expect(await seen(STAFF)).toEqual([]);
    expect(await seen(OTHER)).toEqual(["1", "2"]);
  });

  it("content that is out of sight stays hidden when a reading that was requested before is stored after", async () => {
    const site = told({ "1": {}, "2": {} });
    await sweep(site);
    const before = source.now();
    const page = site.contents.get("1");
    site.contents.delete("1");
    await sweep(site);
    const old = { id: "1", ancestors: [], restriction: { users: [], groups: [] } };
    await transaction(database.sql, (tx) => applyRights(tx, SOURCE_ID, { contents: [old], readAt: before }));
    expect(await seen(STAFF)).toEqual(["2"]);
    if (page) site.contents.set("1", page);
    await sweep(site);
    expect(await seen(STAFF)).toEqual(["1", "2"]);
    expect(await database.sql`select from forgotten_content`).toHaveLength(0);
  });
});
