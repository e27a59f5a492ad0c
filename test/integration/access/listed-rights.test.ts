import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ACCOUNT_ID } from "#infra/local/confluence-site/site.ts";
import type { ListedPage } from "#shared/confluence/client.ts";
import { transaction } from "#shared/db/connect.ts";
import { PermanentError, TransientError } from "#shared/errors.ts";
import { getSource, type Source } from "#shared/sources/sources.ts";
import { later } from "#shared/syncs/later.ts";
import {
  rightsOfListed,
  rightsOfPages,
  rightsOfSpace,
  rightsOfYoung,
  type ListedRights,
} from "#shared/syncs/rights/listed-rights.ts";
import { readRightsAgain } from "#shared/syncs/rights/read-rights-again.ts";
import { seenContent } from "#test/support/passed-nodes.ts";
import { rightsClient, type RightsClient } from "#test/support/rights-client.ts";
import { change, makeSweptSource, SOURCE_ID, type SweptSource } from "#test/support/swept-source.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const MINUTE_MS = 60_000;

describe("rights of content whose text is about to change", () => {
  let database: TestDatabase;
  let swept: SweptSource;
  let site: RightsClient;
  let source: Source;
  /** The pages 1, 2 below it and 3, which everybody who reads the space may read, a minute after a sweep. */
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    swept = await makeSweptSource(database.sql);
    site = rightsClient({ "1": {}, "2": { parentId: "1" }, "3": {} }, ACCOUNT_ID);
    await swept.sweep(site);
    swept.minute();
    source = await storedSource();
    site.calls.length = 0;
  });
  afterAll(() => database.close());

  const storedSource = async () => {
    const found = await getSource(database.sql, SOURCE_ID);
    if (!found) throw new Error("The source is gone");
    return found;
  };
  const reader = () => ({ client: site.client, source, services: { now: swept.now, sql: database.sql } });
  const write = async (rights: ListedRights) => transaction(database.sql, rights);
  /** What staff sees, and what the account w alone does. */
  const seen = async (groups = ["staff"]) => seenContent(database.sql, SOURCE_ID, { accountId: "w", groups });
  const listed = (id: string, more: Partial<ListedPage> = {}): ListedPage => ({
    id,
    kind: "page",
    title: id,
    version: 2,
    status: "current",
    spaceId: "1",
    spaceKey: null,
    parentId: null,
    parentType: null,
    subtype: null,
    labels: null,
    url: "",
    modifiedAt: swept.now(),
    rights: null,
    ...more,
  });
  const listing = (pages: ListedPage[], containerIds: string[] = []) => ({
    pages,
    containerIds,
    readAt: swept.now(),
  });
  const searchFails = (error: Error) => {
    site.spoil = () => {
      throw error;
    };
  };

  it("a restriction that came with a listing counts without a further search", async () => {
    const rights = { ancestors: [], restriction: { users: ["u"], groups: [] } };
    await write(await rightsOfListed(reader(), listing([listed("1", { rights })])));
    expect(site.calls).toEqual([]);
    expect(await seen()).toEqual(["3"]);
  });

  it("the rights of what a listing has without them are searched for, and those of what comments are on", async () => {
    change(site, "1", { users: ["u"] });
    change(site, "3", { users: ["u"] });
    await write(await rightsOfListed(reader(), listing([listed("1")], ["3"])));
    expect(await seen()).toEqual([]);
  });

  it("rights that came with a listing are as old as the listing, others as their search", async () => {
    const readAt = async (id: string) => {
      const [row] = await database.sql`select read_at from access_nodes where content_id = ${id}`;
      return row?.["read_at"];
    };
    change(site, "3", { users: ["u"] });
    const listedAt = swept.now();
    const rights = { ancestors: [], restriction: { users: ["u"], groups: [] } };
    const [with1, without3] = [listing([listed("1", { rights })]), listing([listed("3")])];
    swept.minute();
    await write(await rightsOfListed(reader(), with1));
    await write(await rightsOfListed(reader(), without3));
    expect([await readAt("1"), await readAt("3")]).toEqual([listedAt, swept.now()]);
  });

  it("what is above changed content is read with it", async () => {
    change(site, "1", { users: ["u"] });
    await write(await rightsOfPages(reader(), ["2"]));
    expect(await seen()).toEqual(["3"]);
  });

  it("what is above listed content is searched for once, and not if it is listed too", async () => {
    await rightsOfPages(reader(), ["2"]);
    expect(site.calls).toEqual(["search", "search"]);
    site.calls.length = 0;
    await rightsOfPages(reader(), ["1", "2"]);
    expect(site.calls).toEqual(["search"]);
  });

  it("content that the search does not find is seen by nobody", async () => {
    change(site, "3", { isUnlisted: true });
    await write(await rightsOfPages(reader(), ["3", "1"]));
    expect(await seen()).toEqual(["1", "2"]);
  });

  it("an id that is no number is not put into a search", async () => {
    await write(await rightsOfPages(reader(), ["att3", "3) or (type = page"]));
    expect(site.calls).toEqual([]);
    expect(await seen()).toEqual(["1", "2", "3"]);
  });

  it("where rights may not be read, all of the listed content is seen by nobody, and the sync goes on", async () => {
    searchFails(new PermanentError("forbidden", "no"));
    const rights = { ancestors: [], restriction: { users: [], groups: [] } };
    await write(await rightsOfListed(reader(), listing([listed("1", { rights }), listed("3")])));
    expect(await seen()).toEqual([]);
  });

  it("content hidden because its rights could not be read is seen again after the next sweep", async () => {
    searchFails(new PermanentError("forbidden", "no"));
    await write(await rightsOfPages(reader(), ["3"]));
    expect(await seen()).toEqual(["1", "2"]);
    site.spoil = null;
    expect(await swept.sweep(site)).toBe("complete");
    expect(await seen()).toEqual(["1", "2", "3"]);
  });

  it("rights that could not be read in time stop the step, which is tried again", async () => {
    const error = new TransientError("timeout", "no answer");
    searchFails(error);
    await expect(rightsOfPages(reader(), ["3"])).rejects.toBe(error);
  });

  it("a hundred ids are searched for in one query", async () => {
    site.pageSize = 1000;
    const ids = Array.from({ length: 201 }, (_, n) => `${1000 + n}`);
    await rightsOfPages(reader(), [...ids, ...ids]);
    expect(site.calls).toEqual(["search", "search", "search"]);
  });

  it("a search of several pages is read to its end", async () => {
    site.pageSize = 1;
    for (const id of ["1", "2", "3"]) change(site, id, { users: ["u"] });
    await write(await rightsOfPages(reader(), ["1", "2", "3"]));
    expect(await seen()).toEqual([]);
  });

  it("nothing is asked where no content changed, and of a source whose rights were never read or are not carried over", async () => {
    await write(await rightsOfPages(reader(), []));
    source = { ...source, sourceId: "never-swept", accessVerifiedAt: null };
    await write(await rightsOfPages(reader(), ["1"]));
    source = { ...(await storedSource()), access: "everything" };
    await write(await rightsOfPages(reader(), ["1"]));
    expect(site.calls).toEqual([]);
    expect(await seen()).toEqual(["1", "2", "3"]);
  });

  it("a folder that was never seen has the source swept at once, and a known one does not", async () => {
    const due = async () => {
      const [sweep] = await database.sql`select due_at from access_sweeps`;
      return sweep?.["due_at"] as Date;
    };
    const before = await due();
    await write(await rightsOfPages(reader(), ["3"]));
    expect(await due()).toEqual(before);
    site.contents.set("9", { type: "folder", parentId: null, users: [], groups: [] });
    change(site, "3", { parentId: "9" });
    await write(await rightsOfPages(reader(), ["3"]));
    expect(await due()).toEqual(swept.now());
    expect(await seen()).toEqual(["1", "2"]);
  });

  describe("in a listing of the whole space", () => {
    /** A minute after the sweep began, five of which are the clocks'. */
    const ago = (minutes: number) => later(source.accessVerifiedAt ?? swept.now(), -minutes * MINUTE_MS);
    beforeEach(() => {
      for (const id of ["1", "3"]) change(site, id, { users: ["u"] });
    });

    it.each([
      ["younger than the last sweep", () => swept.now(), ["1", "2"]],
      ["a little older, by clocks that differ", () => ago(4), ["1", "2"]],
      ["older than the last sweep", () => ago(6), ["1", "2", "3"]],
      ["of no known time", () => null, ["1", "2"]],
    ])("a version %s has its page's rights read accordingly", async (_, modifiedAt, expected) => {
      const pages = [listed("3", { modifiedAt: modifiedAt() })];
      await write(await rightsOfSpace(reader(), pages, swept.now()));
      expect(await seen()).toEqual(expected);
    });

    it("of what comments and files are on, only the rights of younger ones are read", async () => {
      const on = (containerId: string | null, modifiedAt: Date | null) => ({ containerId, modifiedAt });
      await write(await rightsOfYoung(reader(), [on("1", ago(6)), on("3", swept.now()), on(null, null)]));
      expect(await seen()).toEqual(["1", "2"]);
    });

    it("a page in a folder that its rights were read without is seen by nobody", async () => {
      const inFolder = { parentId: "9", parentType: "folder", modifiedAt: ago(6) };
      await write(await rightsOfSpace(reader(), [listed("3", inFolder)], swept.now()));
      expect(await seen()).toEqual(["1", "2"]);
      const [sweep] = await database.sql`select omits_folders from access_sweeps`;
      expect(sweep?.["omits_folders"]).toBe(true);
    });

    it.each<[string, Partial<ListedPage>]>([
      ["below a page", { parentId: "1", parentType: "page" }],
      ["at the top", { parentId: null, parentType: null }],
      ["in a place that is not named", { parentId: null, parentType: "folder" }],
      ["below what is not said", { parentId: "9", parentType: null }],
    ])("a page %s is in no folder that could hide it", async (_, place) => {
      await write(
        await rightsOfSpace(reader(), [listed("3", { ...place, modifiedAt: ago(6) })], swept.now()),
      );
      expect(await seen()).toEqual(["1", "2", "3"]);
    });
  });

  describe("whose text is younger than what was listed", () => {
    const again = async (page: Partial<ListedPage>, listedVersion: number | null, storedVersion?: number) => {
      change(site, "3", { users: ["u"] });
      const work = { kind: "page", pageId: "3", title: "", listedVersion, attempts: 1, crashes: 0 } as const;
      const pages = new Map([["3", { ...listed("3", page), body: null }]]);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all that is compared
      const states = new Map(storedVersion === undefined ? [] : [["3", { version: storedVersion } as never]]);
      await readRightsAgain(reader(), [work, { ...work, pageId: "absent" }], { pages, states });
      return seen();
    };

    it.each<[string, Partial<ListedPage>, number | null, number | undefined, string[]]>([
      ["a version after the listed one", { version: 3 }, 2, undefined, ["1", "2"]],
      ["the listed version", { version: 2 }, 2, undefined, ["1", "2", "3"]],
      ["a live doc, whose version says nothing", { version: 2, subtype: "live" }, 2, undefined, ["1", "2"]],
      ["a version after the stored one, where none was listed", { version: 3 }, null, 2, ["1", "2"]],
      ["the stored version, where none was listed", { version: 2 }, null, 2, ["1", "2", "3"]],
      ["a page of which nothing was known", { version: 1 }, null, undefined, ["1", "2"]],
    ])(
      "the rights of a fetched page are read again if it is younger: %s",
      async (_, page, at, stored, expected) => {
        expect(await again(page, at, stored)).toEqual(expected);
      },
    );

    it("fetched pages of a source that carries over no rights are not asked about", async () => {
      source = { ...source, access: "everything" };
      await again({ version: 3 }, 2);
      expect(site.calls).toEqual([]);
    });
  });
});
