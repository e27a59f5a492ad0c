import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ACCOUNT_ID } from "#infra/local/confluence-site/site.ts";
import { applyRights } from "#shared/access/sweeps/apply-rights.ts";
import { forgetContent } from "#shared/access/sweeps/forget-content.ts";
import { UNREADABLE } from "#shared/confluence/client.ts";
import { transaction, type Sql } from "#shared/db/connect.ts";
import { PermanentError, TransientError } from "#shared/errors.ts";
import { READ_AT_ONCE } from "#shared/syncs/rights/read-restriction.ts";
import { seenContent } from "#test/support/passed-nodes.ts";
import { rightsClient, SPACE_ID, type RightsClient, type ToldContent } from "#test/support/rights-client.ts";
import { change, makeSweptSource, SOURCE_ID, type SweptSource } from "#test/support/swept-source.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

/** More than two steps have time for. */
const MANY = 2 * READ_AT_ONCE + 5;

describe("what a sweep of rights reads", () => {
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

  const told = (contents: Record<string, Partial<ToldContent>>, pageSize = 1000): RightsClient => {
    const site = rightsClient(contents, ACCOUNT_ID);
    site.pageSize = pageSize;
    return site;
  };
  const seen = async () => seenContent(database.sql, SOURCE_ID, { accountId: "w", groups: ["staff"] });
  const row = async () => {
    const [sweep] = await database.sql`
      select error ->> 'code' as code, error ->> 'message' as message, counters, due_at from access_sweeps`;
    return sweep ?? {};
  };
  const idsFrom = (first: number, count = MANY) => Array.from({ length: count }, (_, n) => `${first + n}`);
  const all = (ids: string[], of: (id: string) => Partial<ToldContent>) =>
    Object.fromEntries(ids.map((id) => [id, of(id)]));
  /** Runs the sweep step by step; the contents whose restriction each step read by itself, where it read any. */
  const stepwise = async (site: RightsClient) => {
    const steps: string[][] = [];
    let outcome = "more";
    for (let n = 0; n < 16; n += 1) source.minute();
    while (outcome === "more") {
      site.calls.length = 0;
      outcome = await source.step(site);
      const read = site.calls.flatMap((call) => /^restriction (.*)/.exec(call)?.[1] ?? []);
      if (read.length > 0) steps.push(read);
    }
    expect(outcome).toBe("complete");
    return steps;
  };
  const inSteps = (ids: string[]) => [ids.slice(0, 20), ids.slice(20, 40), ids.slice(40)];

  describe("one by one", () => {
    it("cut lists of principals are read in several steps, each once, before the listing goes on", async () => {
      const [first, second] = [idsFrom(100), idsFrom(200)];
      const cut = () => ({ isCut: true, users: ["u"] });
      const site = told({ ...all(first, cut), ...all(second, cut), "300": {} }, MANY);
      expect(await stepwise(site)).toEqual([...inSteps(first), ...inSteps(second)]);
      expect(await seen()).toEqual(["300"]);
    });

    it("cut lists of principals on the last page of a listing are read before anything else", async () => {
      const ids = idsFrom(100);
      const site = told({ ...all(ids, () => ({ isCut: true, users: ["u"] })), "200": {} });
      expect(await stepwise(site)).toEqual(inSteps(ids));
      expect(await seen()).toEqual(["200"]);
    });

    it("archived pages above listed ones are read in several steps, each once", async () => {
      const ids = idsFrom(100);
      const site = told({
        ...all(ids, () => ({ isUnlisted: true, users: ["u"] })),
        ...all(idsFrom(200), (id) => ({ parentId: `${Number(id) - 100}` })),
      });
      expect(await stepwise(site)).toEqual(inSteps(ids));
      expect(await seen()).toEqual([]);
    });

    it("content that is not listed any more is read in several steps, each once, and the account is looked at in each", async () => {
      const ids = idsFrom(100);
      const site = told(all(ids, () => ({})));
      await source.sweep(site);
      for (const id of ids) change(site, id, { isUnlisted: true, users: ["u"] });
      expect(await stepwise(site)).toEqual(inSteps(ids));
      expect(await seen()).toEqual([]);
    });
  });

  describe("of content that is not listed any more", () => {
    /** What Confluence says of page 1 itself. */
    const sweepWith = async (page: object | null, skips = false) => {
      const site = told({ "1": {}, "2": {} });
      await source.sweep(site);
      change(site, "1", { isUnlisted: true });
      let skipped = 0;
      Object.assign(site.client, { drift: () => ({ answers: 0, skipped, example: null }) });
      site.client.pagesById = async () => {
        if (skips) skipped += 1;
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what a sweep reads of a page
        return page ? [{ id: "1", parentId: null, ...page } as never] : [];
      };
      return source.sweep(site);
    };

    /** What another transaction does while the restriction of content is read. */
    const whileReading = (site: RightsClient, work: (tx: Sql, id: string) => Promise<void>) => {
      const client = { ...site.client };
      site.client.viewRestriction = async (id) => {
        await transaction(database.sql, (tx) => work(tx, id));
        return client.viewRestriction(id);
      };
    };

    it.each<[string, object | null, boolean]>([
      ["is in the space", { status: "current", spaceId: SPACE_ID }, true],
      ["does not say where it is", { status: "current", spaceId: null }, true],
      ["comes in a form that cannot be read", { status: UNREADABLE, spaceId: null }, false],
      ["is below another page by now", { status: "current", spaceId: SPACE_ID, parentId: "2" }, false],
      ["is in another space", { status: "current", spaceId: "77" }, false],
      ["is in the trash", { status: "trashed", spaceId: SPACE_ID }, false],
      ["is not visible", null, false],
    ])("a page that %s is seen or not accordingly", async (_, page, isSeen) => {
      expect(await sweepWith(page)).toBe("complete");
      expect(await seen()).toEqual(isSeen ? ["1", "2"] : ["2"]);
    });

    it("what lies below a page that was moved out of sight of the listing is seen by nobody, until it is listed there", async () => {
      const site = told({ "1": {}, "2": { parentId: "1" }, "3": { parentId: "2" }, "4": { users: ["u"] } });
      await source.sweep(site);
      for (const id of ["2", "3"]) change(site, id, { isUnlisted: true });
      change(site, "2", { parentId: "4" });
      await source.sweep(site);
      expect(await seen()).toEqual(["1"]);
      for (const id of ["2", "3"]) change(site, id, { isUnlisted: false });
      change(site, "2", { parentId: "1" });
      await source.sweep(site);
      expect(await seen()).toEqual(["1", "2", "3"]);
    });

    it("content that others found to be nowhere while its restriction was read stays unseen", async () => {
      const site = told({ "1": {}, "2": {} });
      await source.sweep(site);
      source.minute();
      const before = source.now();
      change(site, "1", { isUnlisted: true });
      whileReading(site, (tx, id) => forgetContent(tx, SOURCE_ID, { contentIds: [id], readAt: before }));
      await source.sweep(site);
      expect(await seen()).toEqual(["2"]);
    });

    it("content that others found elsewhere while its restriction was read stays where they found it", async () => {
      const site = told({ "1": {}, "2": {}, "3": { users: ["u"] } });
      await source.sweep(site);
      source.minute();
      const before = source.now();
      change(site, "1", { isUnlisted: true });
      whileReading(site, (tx, id) => {
        const there = { id, ancestors: [{ id: "3", type: "page" }], restriction: { users: [], groups: [] } };
        return applyRights(tx, SOURCE_ID, { contents: [there], readAt: before });
      });
      await source.sweep(site);
      expect(await seen()).toEqual(["2"]);
    });

    it("a page that may be the item which could not be read proves nothing: the sweep is not complete", async () => {
      expect(await sweepWith(null, true)).toBe("failed");
      expect(await row()).toMatchObject({ code: "incomplete_sweep", message: expect.stringMatching(/^1 /) });
      expect(await seen()).toEqual(["1", "2"]);
    });
  });

  describe("and how much Confluence counts of it", () => {
    /** A sweep that lists four. Returns how often was counted, too. */
    const sweepWith = async (...counts: (number | null)[]) => {
      const site = told({ "1": {}, "2": {}, "3": {}, "4": {} });
      let calls = 0;
      site.client.countPages = async (cql) => (cql.includes("folder") ? 0 : (counts[calls++] ?? null));
      return [await source.sweep(site), calls];
    };

    it.each<[string, (number | null)[], unknown[]]>([
      ["as much as was listed", [4], ["complete", 1]],
      ["less than was listed", [3], ["complete", 1]],
      ["nothing", [null], ["complete", 1]],
      ["more at first, and as much at the end", [5, 4], ["complete", 2]],
      ["more at first, and less at the end", [5, 3], ["complete", 2]],
      ["more at first, and nothing at the end", [5, null], ["complete", 2]],
      ["more, at the end too", [6, 5], ["failed", 2]],
    ])("a site that counts %s proves a sweep accordingly", async (_, counts, expected) => {
      expect(await sweepWith(...counts)).toEqual(expected);
      if (expected[0] === "failed")
        expect(await row()).toMatchObject({
          code: "incomplete_sweep",
          message: expect.stringContaining("4 of 5 pages"),
        });
    });
  });

  it("a complete sweep says what it found, in how many calls, and how long it took", async () => {
    const contents = { "1": { users: ["u"] }, "9": { type: "folder" }, "2": { parentId: "9" }, "3": {} };
    const site = told(contents, 2);
    await source.step(site);
    source.minute();
    expect(await source.step(site, 100)).toBe("complete");
    const found = {
      contents: 3,
      restricted: 1,
      containers_hidden: 1,
      containers_trusted: 0,
      listed: 3,
      calls: site.calls.length,
      duration_ms: 60_000,
    };
    expect((await row())["counters"]).toEqual(found);
    expect(source.logged).toMatchObject([
      { event: "access_sweep.completed", source_id: SOURCE_ID, ...found },
    ]);
  });

  it.each([
    ["one that names readers of a new kind is warned of", ["NEW_KIND"]],
    ["one that names none is not", []],
  ])("of spaces, %s", async (_, unknown) => {
    const site = told({ "1": {} });
    site.readers.unknown = unknown;
    await source.sweep(site);
    const warnings = source.logged.filter(({ event }) => event === "access_sweep.unknown_readers");
    expect(warnings).toMatchObject(unknown.length > 0 ? [{ source_id: SOURCE_ID, principals: unknown }] : []);
  });

  it.each<[string, Error, boolean, string]>([
    ["the space's absence", new PermanentError("not_found", "404"), false, "space_unavailable"],
    ["the refusal", new PermanentError("forbidden", "403"), true, "forbidden"],
    ["the failure", new TransientError("timeout", "slow"), false, "timeout"],
  ])("readers of a space that cannot be read fail the sweep with %s", async (_, error, isVisible, code) => {
    const site = told({ "1": {} });
    site.client.spaceReaders = async () => {
      throw error;
    };
    if (!isVisible) site.client.space = async () => null;
    expect(await source.sweep(site)).toBe("failed");
    expect(await row()).toMatchObject({ code });
  });
});
