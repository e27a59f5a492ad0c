import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ACCOUNT_ID } from "#infra/local/confluence-site/site.ts";
import { applyRights, type ReadContent } from "#shared/access/sweeps/apply-rights.ts";
import { transaction } from "#shared/db/connect.ts";
import { TransientError } from "#shared/errors.ts";
import { seenContent } from "#test/support/passed-nodes.ts";
import { rightsClient, type RightsClient, type ToldContent } from "#test/support/rights-client.ts";
import { change, makeSweptSource, SOURCE_ID, type SweptSource } from "#test/support/swept-source.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const NONE = { users: [], groups: [] };
const fails = () => {
  throw new TransientError("confluence_failed", "500");
};

describe("a folder that was proven open for those who pass what is above it", () => {
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

  const seen = async (accountId: string) => seenContent(database.sql, SOURCE_ID, { accountId });
  /** The folder 9, which lets in u alone, below the page 1, and a page 3 in it. The space is read by u and w. */
  const makeSite = (contents: Record<string, Partial<ToldContent>> = {}): RightsClient => {
    const folder = { type: "folder", parentId: "1" };
    const site = rightsClient(
      { "1": { users: ["u"] }, "9": folder, "3": { parentId: "9" }, ...contents },
      ACCOUNT_ID,
    );
    site.readers = { users: ["u", "w"], groups: [], classes: [], unknown: [] };
    site.permitted = (id, subject) => id !== "9" || subject.type !== "user" || subject.id === "u";
    return site;
  };
  const open = async () => {
    const rows = await database.sql<{ content_id: string }[]>`
      select content_id from access_nodes where state = 'open' order by content_id`;
    return rows.map((row) => row.content_id);
  };
  /** A sweep as far as everything is read and proven. */
  const prove = async (site: RightsClient) => {
    for (let minutes = 0; minutes < 16; minutes += 1) source.minute();
    for (let steps = 0; steps < 50; steps += 1) {
      await source.step(site);
      const [row] = await database.sql<{ phase: string }[]>`
        select checkpoint ->> 'phase' as phase from access_sweeps`;
      if (row?.phase === "closing") return;
    }
    throw new Error("The sweep does not come to its end");
  };
  /** What a sync reads of changed content, a minute later. */
  const read = async (contents: ReadContent[]) => {
    source.minute();
    const readAt = source.now();
    await transaction(database.sql, (tx) => applyRights(tx, SOURCE_ID, { contents, readAt }));
  };

  it("is open no more when the restriction above it is gone and it cannot be proven again", async () => {
    const site = makeSite();
    await source.sweep(site);
    await source.sweep(site);
    expect([await seen("u"), await open()]).toEqual([["1", "3"], ["9"]]);
    change(site, "1", NONE);
    const { permitted } = site;
    site.permitted = fails;
    expect(await source.sweep(site)).toBe("complete");
    expect(await seen("w")).toEqual(["1"]);
    site.permitted = permitted;
    await source.sweep(site);
    expect([await seen("u"), await seen("w")]).toEqual([["1", "3"], ["1"]]);
  });

  it("is open no more when more people read the space and it cannot be proven again", async () => {
    const site = makeSite({ "1": {} });
    site.readers.users = ["u"];
    await source.sweep(site);
    expect(await seen("u")).toEqual(["1", "3"]);
    site.readers.users = ["u", "w"];
    site.permitted = fails;
    expect(await source.sweep(site)).toBe("complete");
    expect(await seen("w")).toEqual(["1"]);
  });

  it("is proven for those who pass what is above its new place when it is moved", async () => {
    const site = makeSite();
    await source.sweep(site);
    change(site, "9", { parentId: null });
    expect(await source.sweep(site)).toBe("complete");
    expect([await seen("u"), await seen("w")]).toEqual([["1", "3"], []]);
  });

  it("is open no more when a folder above it is moved and it cannot be proven again", async () => {
    const site = makeSite({ "8": { type: "folder", parentId: "1" }, "9": { type: "folder", parentId: "8" } });
    await source.sweep(site);
    await source.sweep(site);
    expect([await seen("u"), await open()]).toEqual([
      ["1", "3"],
      ["8", "9"],
    ]);
    change(site, "8", { parentId: null });
    site.permitted = (id) => id === "8" || fails();
    expect(await source.sweep(site)).toBe("complete");
    expect(await seen("w")).toEqual([]);
  });

  it("is open no more when a sync reads after its proof that the restriction above it is gone", async () => {
    const site = makeSite();
    await source.sweep(site);
    await prove(site);
    change(site, "1", NONE);
    await read([{ id: "1", ancestors: [], restriction: NONE }]);
    expect(await source.step(site)).toBe("complete");
    expect(await seen("w")).toEqual(["1"]);
    await source.sweep(site);
    expect([await seen("u"), await seen("w")]).toEqual([["1", "3"], ["1"]]);
  });

  it("is not open when a sync that asked before reads while it is being proven that the restriction above it is gone", async () => {
    const site = makeSite();
    await source.sweep(site);
    for (let minutes = 0; minutes < 16; minutes += 1) source.minute();
    const readAt = source.now();
    const isPermitted = site.client.isPermitted.bind(site.client);
    site.client.isPermitted = async (id, subject) => {
      const contents = [{ id: "1", ancestors: [], restriction: NONE }];
      change(site, "1", NONE);
      await transaction(database.sql, (tx) => applyRights(tx, SOURCE_ID, { contents, readAt }));
      return isPermitted(id, subject);
    };
    expect(await source.step(site, 1000)).toBe("complete");
    expect(await seen("w")).toEqual(["1"]);
  });

  it("is open no more when a sync reads after its proof that it was moved", async () => {
    const site = makeSite();
    await source.sweep(site);
    await prove(site);
    change(site, "9", { parentId: null });
    const ancestors = [{ id: "9", type: "folder" }];
    await read([{ id: "3", ancestors, restriction: NONE }]);
    expect(await source.step(site)).toBe("complete");
    expect(await seen("w")).toEqual([]);
    await source.sweep(site);
    expect([await seen("u"), await seen("w")]).toEqual([["1", "3"], []]);
  });

  it("stays open for fewer people when it cannot be proven again", async () => {
    const site = makeSite({ "1": {}, "2": { parentId: "1" }, "9": { type: "folder", parentId: "2" } });
    site.permitted = () => true;
    await source.sweep(site);
    expect(await seen("w")).toEqual(["1", "2", "3"]);
    change(site, "2", { users: ["u"] });
    site.permitted = fails;
    expect(await source.sweep(site)).toBe("complete");
    expect([await seen("u"), await seen("w")]).toEqual([["1", "2", "3"], ["1"]]);
    expect(await source.sweep(site)).toBe("complete");
    expect(await seen("u")).toEqual(["1", "2", "3"]);
  });

  it("stays open for everybody when folders that cannot be proven are trusted", async () => {
    await database.sql`update archon_sources set unreadable_containers = 'trust'`;
    const site = makeSite();
    site.permitted = null;
    await source.sweep(site);
    expect([await seen("u"), await seen("w")]).toEqual([["1", "3"], []]);
    change(site, "1", NONE);
    site.permitted = fails;
    expect(await source.sweep(site)).toBe("complete");
    expect(await seen("w")).toEqual(["1", "3"]);
  });
});
