import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ACCOUNT_ID } from "#infra/local/confluence-site/site.ts";
import { rightsClient, type RightsClient, type ToldContent } from "#test/support/rights-client.ts";
import { change, makeSweptSource, type SweptSource } from "#test/support/swept-source.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

describe("how much is restricted in a source that shows everything", () => {
  let database: TestDatabase;
  let source: SweptSource;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    source = await makeSweptSource(database.sql);
    await database.sql`update archon_sources set access = 'everything'`;
  });
  afterAll(() => database.close());

  const told = (contents: Record<string, Partial<ToldContent>>) => rightsClient(contents, ACCOUNT_ID);
  const counters = async () => {
    const [row] = await database.sql`select counters from access_sweeps`;
    return row?.["counters"];
  };
  const error = async () => {
    const [row] = await database.sql`select error ->> 'code' as code from access_sweeps`;
    return row?.["code"];
  };
  /** A week later, when the next count is due. */
  const week = async () => database.sql`update access_sweeps set due_at = ${source.now()}`;
  /** Two that are restricted, of four on two pages of the listing. */
  const restricted = () => told({ "1": { users: ["u"] }, "2": {}, "3": { groups: ["g"] }, "4": {} });

  it("content counts that names a person or a group, or so many that the list was cut", async () => {
    const site = told({
      "1": { users: ["u"] },
      "2": { groups: ["g"] },
      "3": { users: ["u"], groups: ["g"] },
      "4": { isCut: true },
      "5": {},
    });
    expect(await source.sweep(site)).toBe("complete");
    expect(await counters()).toMatchObject({ restricted: 4 });
    // No restriction is read by itself, and no right is stored.
    expect(site.calls.filter((call) => call !== "search")).toEqual(["user"]);
    expect(await database.sql`select from content_access`).toHaveLength(0);
  });

  it("content of another space that the listing names does not count", async () => {
    const site = restricted();
    site.spoil = (page) => ({
      ...page,
      contents: page.contents.map((content) =>
        content.id === "1" ? { ...content, spaceKey: "ELSE" } : content,
      ),
    });
    await source.sweep(site);
    expect(await counters()).toMatchObject({ restricted: 1 });
  });

  it("a count over several invocations adds up what each found, with its calls and how long it took", async () => {
    const site = restricted();
    expect(await source.step(site)).toBe("more");
    source.minute();
    expect(await source.step(site)).toBe("complete");
    expect(await counters()).toEqual({ restricted: 2, calls: 3, duration_ms: 60_000 });
    expect(source.logged).toMatchObject([
      { event: "access_sweep.completed", source_id: "source-1", restricted: 2, calls: 3 },
    ]);
  });

  it.each<[string, (site: RightsClient) => void]>([
    [
      "with an item that cannot be read",
      (site) => {
        site.spoil = (page) => ({ ...page, skipped: 1 });
      },
    ],
    [
      "of an account that is anonymous",
      (site) => {
        site.account.id = null;
      },
    ],
    [
      "of a space that is out of sight",
      (site) => {
        site.client.space = async () => null;
      },
    ],
    [
      "whose cursors repeat",
      (site) => {
        site.spoil = (page) => ({ ...page, next: "1" });
      },
    ],
  ])("a listing %s counts nothing, and the last number stays", async (_, spoil) => {
    const site = restricted();
    await source.sweep(site);
    change(site, "2", { users: ["u"] });
    await week();
    spoil(site);
    expect(await source.step(site, 100)).toBe("failed");
    expect(await counters()).toMatchObject({ restricted: 2 });
    expect(await error()).toEqual(expect.any(String));
  });

  it("a count that failed is tried again a day later, and not before", async () => {
    const site = restricted();
    site.account.id = "somebody-else";
    expect(await source.step(site, 100)).toBe("failed");
    site.account.id = ACCOUNT_ID;
    expect(await source.sweep(site)).toBe("not due");
    for (let minutes = 0; minutes < 24 * 60; minutes += 1) source.minute();
    expect(await source.step(site, 100)).toBe("complete");
    expect(await counters()).toMatchObject({ restricted: 2 });
  });
});
