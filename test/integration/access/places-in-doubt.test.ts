import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ACCOUNT_ID } from "#infra/local/confluence-site/site.ts";
import { transaction } from "#shared/db/connect.ts";
import { rightsOfPages } from "#shared/syncs/rights/listed-rights.ts";
import { seenContent, type Reader } from "#test/support/passed-nodes.ts";
import { rightsClient, type ToldContent } from "#test/support/rights-client.ts";
import {
  change,
  makeSweptSource,
  rightsReader,
  SOURCE_ID,
  type SweptSource,
} from "#test/support/swept-source.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const STAFF: Reader = { accountId: "u", groups: ["staff"] };
const OTHER: Reader = { accountId: "w", groups: ["staff"] };

describe("the tree of content", () => {
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

  const told = (contents: Record<string, Partial<ToldContent>>) => {
    const site = rightsClient(contents, ACCOUNT_ID);
    site.pageSize = 100;
    return site;
  };
  const seen = async (reader: Reader) => seenContent(database.sql, SOURCE_ID, reader);

  it("new content read before its parent was moved below a restriction, and stored after, is below the restriction", async () => {
    const site = told({ "1": {}, "9": { users: ["u"] } });
    await source.sweep(site);
    // A sync reads the new page 3 below 1 …
    source.minute();
    site.contents.set("3", { type: "page", parentId: "1", users: [], groups: [] });
    const rights = await rightsOfPages(await rightsReader(database.sql, site, source.now), ["3"]);
    // … then 1 is moved below 9 with it, and a sweep lists that. The index lacks 3 still.
    change(site, "1", { parentId: "9" });
    change(site, "3", { isUnlisted: true });
    await source.list(site);
    expect(await seen(OTHER)).toEqual([]);
    await transaction(database.sql, rights);
    const afterStoring = await seen(OTHER);
    expect(await source.step(site, 100)).toBe("complete");
    expect({ afterStoring, afterTheSweep: await seen(OTHER) }).toEqual({
      afterStoring: [],
      afterTheSweep: [],
    });
  });

  it.each(["hide", "trust"])(
    "a page that one response named as above another without saying that it is a page is one when it is listed (%s)",
    async (unreadable) => {
      await database.sql`update archon_sources set unreadable_containers = ${unreadable}`;
      const site = told({ "1": { users: ["u"] }, "2": { parentId: "1" }, "3": {} });
      site.spoil = (page) => ({
        ...page,
        contents: page.contents.map((content) => ({
          ...content,
          ancestors: (content.ancestors ?? []).map(({ id }) => ({ id, type: "unknown" })),
        })),
      });
      await source.sweep(site);
      site.spoil = null;
      for (let n = 0; n < 3; n += 1) expect(await source.sweep(site)).toBe("complete");
      expect(await seen(OTHER)).toEqual(["3"]);
      expect(await seen(STAFF)).toEqual(["1", "2", "3"]);
    },
  );
});
