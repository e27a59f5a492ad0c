import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ACCOUNT_ID } from "#infra/local/confluence-site/site.ts";
import { applyRights, type ReadContent } from "#shared/access/sweeps/apply-rights.ts";
import { transaction } from "#shared/db/connect.ts";
import { seenContent, type Reader } from "#test/support/passed-nodes.ts";
import { rightsClient, type ToldContent } from "#test/support/rights-client.ts";
import { change, makeSweptSource, SOURCE_ID, type SweptSource } from "#test/support/swept-source.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const STAFF: Reader = { accountId: "u", groups: ["staff"] };
const OTHER: Reader = { accountId: "w", groups: ["staff"] };
const NONE = { users: [], groups: [] };

describe("new content below content whose place is not known yet", () => {
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
  const seen = async (reader: Reader) => seenContent(database.sql, SOURCE_ID, reader);
  /** What a sync reads of changed content, a minute later. */
  const read = async (contents: ReadContent[]) => {
    source.minute();
    const readAt = source.now();
    await transaction(database.sql, (tx) => applyRights(tx, SOURCE_ID, { contents, readAt }));
  };
  const pages = (...ids: string[]) => ids.map((id) => ({ id, type: "page" }));

  it("is hidden when what is above it was listed before the restriction above that", async () => {
    const site = told({ "9": {} });
    site.pageSize = 1;
    await source.sweep(site);
    const restricted = { type: "page", parentId: null, users: ["u"], groups: [] };
    site.contents.set("2", { ...restricted, parentId: "1", users: ["u", "w"] });
    site.contents.set("1", restricted);
    site.contents.set("3", { type: "page", parentId: "2", ...NONE });
    await source.list(site);
    expect(await seen(OTHER)).toEqual(["9"]);
    expect(await source.step(site, 100)).toBe("complete");
    expect(await seen(OTHER)).toEqual(["9"]);
    expect(await seen(STAFF)).toEqual(["1", "2", "3", "9"]);
  });

  it("stays hidden when what is above it is moved on, below a restriction", async () => {
    const site = told({ "1": { users: ["u"] }, "2": { parentId: "1" } });
    await source.sweep(site);
    await read([{ id: "2", ancestors: [], restriction: NONE }]);
    await read([{ id: "3", ancestors: pages("2"), restriction: NONE }]);
    await read([{ id: "2", ancestors: pages("1"), restriction: NONE }]);
    expect(await seen(OTHER)).toEqual([]);
    site.contents.set("3", { type: "page", parentId: "2", ...NONE });
    expect(await source.sweep(site)).toBe("complete");
    expect(await seen(OTHER)).toEqual([]);
    expect(await seen(STAFF)).toEqual(["1", "2", "3"]);
  });

  it("is hidden in a folder below it too, and shown when the sweep is complete", async () => {
    const site = told({ "1": { users: ["u"] }, "2": { parentId: "1" } });
    site.permitted = () => true;
    await source.sweep(site);
    await read([{ id: "2", ancestors: [], restriction: NONE }]);
    const ancestors = [...pages("2"), { id: "8", type: "folder" }];
    await read([{ id: "3", ancestors, restriction: NONE }]);
    expect(
      await database.sql`
      select from content_access where content_id in ('2', '3', '8') and node_id is not null`,
    ).toHaveLength(0);
    change(site, "2", { parentId: null });
    site.contents.set("8", { type: "folder", parentId: "2", ...NONE });
    site.contents.set("3", { type: "page", parentId: "8", ...NONE });
    expect(await source.sweep(site)).toBe("complete");
    expect(await seen(OTHER)).toEqual(["2", "3"]);
  });
});
