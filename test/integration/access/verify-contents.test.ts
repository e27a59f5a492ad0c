import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ACCOUNT_ID } from "#infra/local/confluence-site/site.ts";
import type { VerifyRequest } from "#shared/access/live/hit-verifier.ts";
import type { RightsSubject } from "#shared/confluence/content-rights.ts";
import { PermanentError } from "#shared/errors.ts";
import { makeLog } from "#shared/log.ts";
import { later } from "#shared/syncs/later.ts";
import { verifyContents } from "#shared/syncs/rights/verify-contents.ts";
import { rightsClient, type RightsClient } from "#test/support/rights-client.ts";
import { makeSweptSource, SOURCE_ID, type SweptSource } from "#test/support/swept-source.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

describe("contents that Confluence is asked about for a search", () => {
  let database: TestDatabase;
  let source: SweptSource;
  let site: RightsClient;
  let subjects: RightsSubject[];
  let logged: Record<string, unknown>[];
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    source = await makeSweptSource(database.sql);
    site = rightsClient({ "1": {}, "2": {}, "3": {} }, ACCOUNT_ID);
    subjects = [];
    logged = [];
    await source.sweep(site);
    // What differs has the source swept again five minutes after its last sweep.
    for (let minutes = 0; minutes < 6; minutes += 1) source.minute();
    site.permitted = (_, subject) => {
      subjects.push(subject);
      return true;
    };
  });
  afterAll(() => database.close());

  const verify = (request: Partial<VerifyRequest> = {}, client = site.client) => {
    const services = {
      sql: database.sql,
      now: source.now,
      log: makeLog("info", (line) => logged.push(JSON.parse(line)), source.now),
      cipher: { encrypt: async (text: string) => text, decrypt: async (text: string) => text },
      confluence: () => client,
    };
    const all = { sourceId: SOURCE_ID, accountId: "u", contentIds: ["1", "2", "3"], withinMs: 2000 };
    return verifyContents({ ...all, ...request }, services, new Map());
  };
  const isSweptAgain = async () => {
    const [row] = await database.sql`select due_at from access_sweeps`;
    return row?.["due_at"] <= source.now();
  };
  const ALL = ["1", "2", "3"];
  const NOTHING = { permitted: [], denied: [] };

  it("what all may be seen is as it is stored, and nothing is to be read again", async () => {
    expect(await verify()).toEqual({ permitted: ALL, denied: [] });
    expect(subjects).toEqual(ALL.map(() => ({ type: "user", id: "u" })));
    expect([await isSweptAgain(), logged]).toEqual([false, []]);
  });

  it("where nobody in particular asks, it is the public that is asked about", async () => {
    await verify({ accountId: null, contentIds: ["1"] });
    expect(subjects).toEqual([{ type: "anonymous" }]);
  });

  it("content that may not be seen has the source's rights read again soon", async () => {
    site.permitted = (id) => id !== "2";
    expect(await verify()).toEqual({ permitted: ["1", "3"], denied: ["2"] });
    expect([await isSweptAgain(), logged]).toEqual([true, []]);
  });

  it("content of which Confluence does not say is undecided, which is logged, and has the rights read again", async () => {
    site.permitted = (id) => {
      if (id === "1") return false;
      if (id === "3") throw new PermanentError("forbidden", "no");
      return true;
    };
    expect(await verify()).toEqual({ permitted: ["2"], denied: ["1"] });
    expect(await isSweptAgain()).toBe(true);
    expect(logged).toMatchObject([
      { event: "hits.undecided", source_id: SOURCE_ID, undecided: 1, code: "forbidden" },
    ]);
  });

  it("content is undecided when Confluence does not say in time", async () => {
    const client = { ...site.client, isPermitted: () => new Promise<boolean>(() => {}) };
    expect(await verify({ withinMs: 1 }, client)).toEqual(NOTHING);
    expect(logged).toMatchObject([{ event: "hits.undecided", undecided: 3, code: "too_slow" }]);
  });

  it.each([
    ["is gone", (id: string) => database.sql`delete from archon_sources where source_id = ${id}`],
    [
      "has an account whose credentials expired",
      () => database.sql`update confluence_sites set status = 'credentials_expired'`,
    ],
    [
      "is being deleted",
      (id: string) => database.sql`update archon_sources set status = 'deleting' where source_id = ${id}`,
    ],
    [
      "is paused for a while",
      () => database.sql`update confluence_sites set paused_until = ${later(source.now(), 1)}`,
    ],
  ])("the site of a source that %s is not asked: all is undecided", async (_, stop) => {
    await stop(SOURCE_ID);
    expect(await verify()).toEqual(NOTHING);
    expect([subjects, logged]).toEqual([[], []]);
  });

  it("a site is asked again as soon as its pause has ended", async () => {
    await database.sql`update confluence_sites set paused_until = ${source.now()}`;
    expect(await verify()).toEqual({ permitted: ALL, denied: [] });
  });
});
