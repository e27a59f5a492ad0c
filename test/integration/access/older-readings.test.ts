import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ACCOUNT_ID } from "#infra/local/confluence-site/site.ts";
import { transaction } from "#shared/db/connect.ts";
import { rightsOfPages } from "#shared/syncs/rights/listed-rights.ts";
import { seenContent, type Reader } from "#test/support/passed-nodes.ts";
import { rightsClient, type RightsClient, type ToldContent } from "#test/support/rights-client.ts";
import {
  change,
  makeSweptSource,
  rightsReader,
  SOURCE_ID,
  type SweptSource,
} from "#test/support/swept-source.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const OTHER: Reader = { accountId: "w", groups: ["staff"] };

/*
 * "What was read before what is stored changes nothing" - unless what was read later found the same as is stored: then nothing says that it
 * was read, and the older reading counts.
 */
describe("a sweep's reading that is stored after a sync's later reading, which found things as they are stored", () => {
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
  /** What a sync does before it stores a new text of page 1. */
  const syncReads = async (site: RightsClient) => {
    const reader = await rightsReader(database.sql, site, source.now);
    await transaction(database.sql, await rightsOfPages(reader, ["1"]));
  };
  /** A sweep whose response about the listing is on its way while `meanwhile` happens. */
  const sweepWhile = async (site: RightsClient, meanwhile: () => Promise<void>) => {
    const { client: before } = site;
    let happened = false;
    const client = {
      ...before,
      searchRights: async (cql: string, cursor: string | null) => {
        const response = await before.searchRights(cql, cursor);
        if (!happened) {
          happened = true;
          await meanwhile();
        }
        return response;
      },
    };
    for (let minutes = 0; minutes < 16; minutes += 1) source.minute();
    return source.step({ ...site, client }, 1000);
  };

  it.each<[string, Partial<ToldContent>, Partial<ToldContent>]>([
    ["the restriction was lifted for a moment", { users: ["u"] }, { users: [] }],
    ["more people were let in for a moment", { users: ["u"] }, { users: ["u", "w"] }],
    ["the page was out of its restricted parent for a moment", { parentId: "2" }, { parentId: null }],
  ])(
    "a sweep's reading that a later one of a sync contradicts lets nobody see what was written since: %s",
    async (_, settled, forAMoment) => {
      const site = told({ "1": settled, "2": { users: ["u"] } });
      await source.sweep(site);
      expect(await seen(OTHER)).toEqual([]);
      change(site, "1", forAMoment);
      const outcome = await sweepWhile(site, async () => {
        // The sweep has read it as it is for a moment. That ends, the page is edited, and a hook has it synced.
        source.minute();
        change(site, "1", settled);
        await syncReads(site);
      });
      expect(outcome).toBe("complete");
      expect(await seen(OTHER)).toEqual([]);
    },
  );
});
