import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ACCOUNT_ID } from "#infra/local/confluence-site/site.ts";
import { PermanentError } from "#shared/errors.ts";
import { seenContent, type Reader } from "#test/support/passed-nodes.ts";
import { rightsClient, type RightsClient, type ToldContent } from "#test/support/rights-client.ts";
import { change, makeSweptSource, SOURCE_ID, type SweptSource } from "#test/support/swept-source.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const STAFF: Reader = { accountId: "u", groups: ["staff"] };
const OTHER: Reader = { accountId: "w", groups: ["staff"] };

describe("steps of a sweep of rights", () => {
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

  it("after a sweep everybody sees what no restriction keeps from them", async () => {
    const site = told({ "1": {}, "2": { parentId: "1", users: ["u"] }, "3": { parentId: "2" }, "4": {} });
    expect(await sweep(site)).toBe("complete");
    expect(await seen(STAFF)).toEqual(["1", "2", "3", "4"]);
    expect(await seen(OTHER)).toEqual(["1", "4"]);
    expect(await seen({ accountId: "u" })).toEqual([]);
  });

  it("a restriction counts at once for everything below it, before the sweep is complete", async () => {
    const site = told({ "1": {}, "2": { parentId: "1" }, "3": { parentId: "2", users: ["w"] }, "4": {} });
    await sweep(site);
    change(site, "1", { users: ["u"] });
    await list(site);
    expect(await seen(OTHER)).toEqual(["4"]);
    expect(await seen(STAFF)).toEqual(["1", "2", "4"]);
  });

  it("a restriction that is gone counts when the sweep is complete", async () => {
    const site = told({ "1": { users: ["u"] }, "2": { parentId: "1" } });
    await sweep(site);
    change(site, "1", { users: [] });
    await list(site);
    expect(await seen(OTHER)).toEqual([]);
    expect(await step(site, 100)).toBe("complete");
    expect(await seen(OTHER)).toEqual(["1", "2"]);
    expect(await database.sql`select from access_nodes where content_id is not null`).toHaveLength(0);
  });

  it("who was removed from a restriction is out at once, who was added is in at the end", async () => {
    const site = told({ "1": { users: ["u", "v"], groups: ["g"] } });
    await sweep(site);
    change(site, "1", { users: ["v", "w"] });
    await list(site);
    expect(await seen(STAFF)).toEqual([]);
    expect(await seen({ accountId: "v", groups: ["staff"] })).toEqual(["1"]);
    expect(await seen(OTHER)).toEqual([]);
    await step(site, 100);
    expect(await seen(OTHER)).toEqual(["1"]);
  });

  it("who may not read the space any more sees nothing at once", async () => {
    const site = told({ "1": {} });
    await sweep(site);
    site.readers = { users: ["u"], groups: ["others"], classes: ["anonymous"], unknown: [] };
    await list(site);
    expect(await seen(STAFF)).toEqual([]);
    expect(await seen({})).toEqual([]);
    await step(site, 100);
    expect(await seen({})).toEqual(["1"]);
  });

  it("content moved under a restriction is narrowed at once with all below it, whichever was listed first", async () => {
    const site = told({
      "1": { users: ["u"] },
      "3": {},
      "4": { parentId: "3" },
      "5": { parentId: "4", users: ["w", "u"] },
    });
    await sweep(site);
    expect(await seen(OTHER)).toEqual(["3", "4", "5"]);
    change(site, "3", { parentId: "1" });
    await list(site);
    expect(await seen(OTHER)).toEqual([]);
    expect(await seen(STAFF)).toEqual(["1", "3", "4", "5"]);
    expect(await step(site, 100)).toBe("complete");
    expect(await seen(STAFF)).toEqual(["1", "3", "4", "5"]);
  });

  it("content that was listed before what is above it was moved stays narrowed when the sweep is complete", async () => {
    const site = told({
      "1": { parentId: "2", users: ["u", "w"] },
      "2": { parentId: "3" },
      "3": {},
      "4": { users: ["u"] },
    });
    site.pageSize = 1;
    await sweep(site);
    expect(await seen(OTHER)).toEqual(["1", "2", "3"]);
    for (let minutes = 0; minutes < 16; minutes += 1) minute();
    for (let steps = 0; steps < 3; steps += 1) await step(site);
    change(site, "3", { parentId: "4" });
    expect(await step(site, 100)).toBe("complete");
    expect(await seen(OTHER)).toEqual([]);
    expect(await seen(STAFF)).toEqual(["1", "2", "3", "4"]);
  });

  it("content moved out of a restriction is seen by nobody until the sweep is complete", async () => {
    const site = told({
      "1": { users: ["u"] },
      "2": { users: ["w"] },
      "3": { parentId: "1" },
      "4": { parentId: "3", users: ["u", "w"] },
      "5": { parentId: "4" },
    });
    await sweep(site);
    change(site, "3", { parentId: "2" });
    await list(site);
    expect(await seen(STAFF)).toEqual(["1"]);
    expect(await seen(OTHER)).toEqual(["2"]);
    await step(site, 100);
    expect(await seen(STAFF)).toEqual(["1"]);
    expect(await seen(OTHER)).toEqual(["2", "3", "4", "5"]);
  });

  it("content whose chain is cyclic or not told is seen by nobody, nor what is below it", async () => {
    const site = told({ "1": {}, "2": { parentId: "1" }, "3": { parentId: "2" }, "4": {} });
    await sweep(site);
    for (const ancestors of [
      null,
      [
        { id: "1", type: "page" },
        { id: "2", type: "page" },
      ],
    ]) {
      site.spoil = (page) => ({
        ...page,
        contents: page.contents.map((content) => (content.id === "2" ? { ...content, ancestors } : content)),
      });
      await list(site);
      expect(await seen(STAFF)).toEqual(["1", "4"]);
      expect(await step(site, 100)).toBe("complete");
      expect(await seen(STAFF)).toEqual(["1", "4"]);
      site.spoil = null;
      await sweep(site);
      expect(await seen(STAFF)).toEqual(["1", "2", "3", "4"]);
    }
  });

  it("an ancestor that is not listed is read by itself, and nobody passes one that is not shown", async () => {
    const site = told({
      "1": { isUnlisted: true, users: ["u"] },
      "2": { parentId: "1" },
      "3": { isUnlisted: true, failure: new PermanentError("not_found", "404") },
      "4": { parentId: "3" },
      "5": { isUnlisted: true },
      "6": { parentId: "5" },
      "7": {},
    });
    await sweep(site);
    expect(await seen(OTHER)).toEqual(["5", "6", "7"]);
    expect(await seen(STAFF)).toEqual(["1", "2", "5", "6", "7"]);
    change(site, "5", { groups: ["g"] });
    await sweep(site);
    expect(await seen(OTHER)).toEqual(["7"]);
  });

  it("content that is not listed any more is hidden if the account does not see it, and kept if it does", async () => {
    const site = told({ "1": {}, "2": { parentId: "1" }, "3": {}, "4": { users: ["u"] } });
    await sweep(site);
    site.contents.delete("1");
    site.contents.delete("2");
    change(site, "3", { isUnlisted: true, groups: ["g"] });
    change(site, "4", { isUnlisted: true });
    expect(await sweep(site)).toBe("complete");
    expect(await seen(STAFF)).toEqual(["4"]);
    site.contents.set("1", { type: "page", parentId: null, users: [], groups: [] });
    change(site, "3", { isUnlisted: false, groups: [] });
    await sweep(site);
    expect(await seen(OTHER)).toEqual(["1", "3"]);
  });

  it("content moved into a folder that was never proven is hidden with the step that lists it", async () => {
    const site = told({ "1": {}, "2": { parentId: "1" }, "9": { type: "folder" } });
    site.permitted = () => true;
    await sweep(site);
    expect(await seen(OTHER)).toEqual(["1", "2"]);
    change(site, "1", { parentId: "9" });
    await list(site);
    expect(await seen(OTHER)).toEqual([]);
    expect(await step(site, 100)).toBe("complete");
    expect(await seen(OTHER)).toEqual(["1", "2"]);
    site.permitted = (_, { type }) => type !== "group";
    await sweep(site);
    expect(await seen(OTHER)).toEqual([]);
  });

  it("case 19: new content below what was never read is seen by nobody before that was read", async () => {
    const site = told({ "3": {} });
    await sweep(site);
    const added = { type: "page", parentId: null, users: [], groups: [] };
    site.contents.set("1", { ...added, isUnlisted: true, users: ["u"] });
    site.contents.set("2", { ...added, parentId: "1" });
    await list(site);
    expect(await seen(OTHER)).toEqual(["3"]);
    expect(await step(site, 100)).toBe("complete");
    expect(await seen(OTHER)).toEqual(["3"]);
    expect(await seen(STAFF)).toEqual(["1", "2", "3"]);
  });
});
