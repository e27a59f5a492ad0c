import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ACCOUNT_ID } from "#infra/local/confluence-site/site.ts";
import type { ContentRights } from "#shared/confluence/content-rights.ts";
import { PermanentError, TransientError } from "#shared/errors.ts";
import { requireSource, type Source } from "#shared/sources/sources.ts";
import { mayOmitFolders, withoutUntoldFolders } from "#shared/syncs/rights/missing-folders.ts";
import { readSitesOnce } from "#shared/syncs/rights/site-reads.ts";
import { rightsClient } from "#test/support/rights-client.ts";
import { makeSweptSource, SOURCE_ID, type SweptSource } from "#test/support/swept-source.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const IN_FOLDER = { parentId: "9", parentType: "folder" };
const BELOW_PAGE = { parentId: "1", parentType: "page" };
const AT_TOP = { parentId: null, parentType: null };
type Place = { parentId: string | null; parentType: string | null };

describe("folders that a search may leave out above a page", () => {
  let database: TestDatabase;
  let swept: SweptSource;
  let source: Source;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    swept = await makeSweptSource(database.sql);
    source = await requireSource(database.sql, SOURCE_ID);
  });
  afterAll(() => database.close());

  const omits = async () => {
    const [row] = await database.sql`select omits_folders from access_sweeps`;
    return row?.["omits_folders"];
  };

  describe("when rights are read", () => {
    /** What a listing of pages said last of page 2. */
    const stored = ({ parentId, parentType }: Place) => database.sql`
      insert into confluence_pages (source_id, page_id, title, version, parent_id, parent_type)
      values (${SOURCE_ID}, '2', 'Two', 1, ${parentId}, ${parentType})`;
    const found = (ancestors: string[] | null, type = "page"): ContentRights => ({
      id: "2",
      type,
      spaceKey: "DEMO",
      ancestors: ancestors?.map((id) => ({ id, type: "page" })) ?? null,
      restriction: { users: [], groups: [] },
    });
    /** What is above page 2, and which pages were asked; `place`: what the page itself says, if it is visible. */
    const read = async (
      content: ContentRights,
      place: Place | null,
      options?: { asksParents?: boolean },
    ): Promise<[string[] | null, string[]]> => {
      const asked: string[] = [];
      const { client } = rightsClient({}, ACCOUNT_ID);
      client.pagesById = async (_, ids) => {
        asked.push(...ids);
        const pages = [...(place ? [{ id: "2", ...place }] : []), { id: "3", ...AT_TOP }];
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what is looked at
        return pages as never[];
      };
      const other = { ...found([]), id: "3" };
      const reader = { client, source, services: { sql: database.sql } };
      const contents = await withoutUntoldFolders(reader, [content, other], options);
      expect(contents.map(({ id }) => id)).toEqual(["2", "3"]);
      expect(contents[1]).toEqual(other);
      return [contents[0]?.ancestors?.map(({ id }) => id) ?? null, asked];
    };

    it("a page in a folder that the search names is not asked", async () => {
      await stored(IN_FOLDER);
      expect(await read(found(["1", "9"]), IN_FOLDER)).toEqual([["1", "9"], []]);
    });

    it("a page that was below another page is not asked, wherever the search has it", async () => {
      await stored(BELOW_PAGE);
      expect(await read(found([]), IN_FOLDER)).toEqual([[], []]);
    });

    it("what is above a page is not known if the search leaves out its folder, and from then on each page is asked", async () => {
      await stored(IN_FOLDER);
      expect(await read(found([]), IN_FOLDER)).toEqual([null, ["2"]]);
      expect(await omits()).toBe(true);
      await database.sql`update confluence_pages set parent_id = null, parent_type = null`;
      expect(await read(found([]), AT_TOP)).toEqual([[], ["2", "3"]]);
      expect(await read(found([], "blogpost"), null)).toEqual([[], ["3"]]);
    });

    it.each<[string, string[], Place]>([
      ["to the top", [], AT_TOP],
      ["below another page", ["1"], BELOW_PAGE],
    ])(
      "a page that left its folder %s is where the search has it, and folders are not left out",
      async (_, above, place) => {
        await stored(IN_FOLDER);
        expect(await read(found(above), place)).toEqual([above, ["2"]]);
        expect(await omits()).toBe(false);
      },
    );

    it.each<[string, string[] | null, Place | null]>([
      ["that is not visible itself", [], null],
      ["that the page says is below another one", [], BELOW_PAGE],
      ["of which the search does not tell", null, IN_FOLDER],
    ])("what is above a page %s is not known", async (_, above, place) => {
      await stored(IN_FOLDER);
      expect((await read(found(above), place))[0]).toBeNull();
      expect(await omits()).toBe(place === IN_FOLDER);
    });

    it("a page that is asked in any case, and that the search has where it is, says nothing of folders", async () => {
      await stored(IN_FOLDER);
      const named = found(["1", "9"]);
      expect(await read(named, IN_FOLDER, { asksParents: true })).toEqual([
        ["1", "9"],
        ["2", "3"],
      ]);
      expect(await omits()).toBe(false);
    });

    it("blog posts are in no folder, so they are not asked", async () => {
      await stored(IN_FOLDER);
      expect(await read(found([], "blogpost"), IN_FOLDER)).toEqual([[], []]);
    });
  });

  describe("when a sweep begins", () => {
    const may = async ({
      site = 0,
      space = 0,
    }: {
      site?: number | null | Error;
      space?: number | null | Error;
    }) => {
      const { client } = rightsClient({}, ACCOUNT_ID);
      let calls = 0;
      client.countPages = async (cql) => {
        calls += 1;
        const count = cql.includes("space") ? space : site;
        if (count instanceof Error) throw count;
        return count;
      };
      const reader = { client, source, services: { sql: database.sql }, site: readSitesOnce() };
      return [await mayOmitFolders(reader), calls];
    };
    const refused = new PermanentError("request_refused", "No such type");

    it.each([
      ["no space of the site has one", { site: 0, space: 5 }, [false, 1]],
      ["only other spaces have some", { site: 5, space: 0 }, [false, 2]],
      ["the space has some", { site: 5, space: 1 }, [true, 2]],
      ["Confluence does not count them", { site: null, space: null }, [true, 2]],
      ["Confluence refuses to search for them", { site: refused }, [true, 1]],
      ["Confluence refuses to search for those of the space", { site: 5, space: refused }, [true, 2]],
    ] as const)("whether folders may be left out when %s", async (_, counts, expected) => {
      expect(await may(counts)).toEqual(expected);
    });

    it("folders are not left out by a search that named one before, and nothing is counted", async () => {
      const site = rightsClient({ "9": { type: "folder" }, "3": { parentId: "9" } }, ACCOUNT_ID);
      await swept.sweep(site);
      expect(await may({ site: 5, space: 1 })).toEqual([false, 0]);
    });

    it.each([
      new PermanentError("credentials_rejected", "401"),
      new TransientError("request_refused", "500"),
    ])("a failure that says nothing of folders stops the sweep: %s", async (error) => {
      await expect(may({ site: error })).rejects.toBe(error);
    });
  });
});
