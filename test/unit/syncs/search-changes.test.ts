import { describe, expect, it } from "vitest";
import type { ConfluenceClient } from "#shared/confluence/client.ts";
import { PAGES_ONLY, type ContentOptions } from "#shared/content-kinds.ts";
import { PermanentError, TransientError } from "#shared/errors.ts";
import type { Source } from "#shared/sources/sources.ts";
import { countChanges, nextMode, SEARCH_MODES } from "#shared/syncs/listing/search-changes.ts";

const refused = new PermanentError("request_refused", "Confluence returned 400");
const PAGES_AND_COMMENTS: ContentOptions = { blogposts: false, comments: "open", attachments: false };

const sourceWith = (content: ContentOptions, last: string | null = "2026-03-01T12:00:00.000Z") =>
  ({ spaceKey: "DEMO", content, metadata: { last_sync_timestamp: last } }) as Source;

/** A site that counts what `count` returns for a query, or refuses it with that error. */
function countingSite(count: (cql: string) => number | null | Error) {
  const asked: string[] = [];
  const countPages = async (cql: string) => {
    asked.push(cql);
    const counted = count(cql);
    if (counted instanceof Error) throw counted;
    return counted;
  };
  return { asked, client: { countPages } as unknown as ConfluenceClient };
}

describe("how changes are searched for", () => {
  it("changes are counted since half an hour before the watermark, of all kinds and folders in one query", async () => {
    const { client, asked } = countingSite(() => 7);
    const source = sourceWith(PAGES_AND_COMMENTS);
    const changes = await countChanges(client, source, { timeZone: "UTC", mode: "with folders" });
    const cql =
      'space = "DEMO" and type in (page, comment, folder) and lastModified >= "2026-03-01 11:30" order by lastmodified desc';
    expect(changes).toEqual({
      mode: "with folders",
      queries: [{ cql, kinds: ["page", "comments"] }],
      expected: 7,
    });
    expect(asked).toEqual([cql]);
  });

  it("a site that knows no folders is asked without them", async () => {
    const { client, asked } = countingSite((cql) => (cql.includes("folder") ? refused : 3));
    const source = sourceWith(PAGES_AND_COMMENTS);
    const changes = await countChanges(client, source, { timeZone: "UTC", mode: "with folders" });
    expect(changes).toMatchObject({ mode: "one query", expected: 3 });
    expect(changes.queries.map(({ cql }) => cql)).toEqual([
      expect.stringContaining("type in (page, comment) and"),
    ]);
    expect(asked).toHaveLength(2);
  });

  it("a site that refuses two kinds in one query is asked for each, and the counts are added up", async () => {
    const { client } = countingSite((cql) =>
      cql.includes("type in") ? refused : cql.includes("comment") ? 4 : 5,
    );
    const source = sourceWith(PAGES_AND_COMMENTS);
    const changes = await countChanges(client, source, { timeZone: "UTC", mode: "with folders" });
    expect(changes).toMatchObject({ mode: "each kind", expected: 9 });
    expect(changes.queries.map(({ kinds }) => kinds)).toEqual([["page"], ["comments"]]);
    expect(changes.queries.map(({ cql }) => cql)).toEqual([
      expect.stringContaining("type = page and"),
      expect.stringContaining("type = comment and"),
    ]);
  });

  it("a site that refuses every query fails with its refusal", async () => {
    const { client, asked } = countingSite(() => refused);
    const counting = countChanges(client, sourceWith(PAGES_ONLY), { timeZone: "UTC", mode: "with folders" });
    await expect(counting).rejects.toBe(refused);
    expect(asked).toHaveLength(SEARCH_MODES.length);
  });

  it("a fault is no refusal: no other query is tried", async () => {
    const fault = new TransientError("timeout", "Too late");
    const { client, asked } = countingSite(() => fault);
    const counting = countChanges(client, sourceWith(PAGES_ONLY), { timeZone: "UTC", mode: "with folders" });
    await expect(counting).rejects.toBe(fault);
    expect(asked).toHaveLength(1);
  });

  it("a site that does not say how many changes there are has none to be compared with", async () => {
    const { client } = countingSite(() => null);
    const source = sourceWith(PAGES_ONLY);
    expect(await countChanges(client, source, { timeZone: "UTC", mode: "one query" })).toMatchObject({
      expected: 0,
    });
  });

  it("without a watermark changes are those since the beginning of time", async () => {
    const { client, asked } = countingSite(() => 0);
    await countChanges(client, sourceWith(PAGES_ONLY, null), { timeZone: "UTC", mode: "one query" });
    expect(asked[0]).toContain('lastModified >= "1969-12-31 23:30"');
  });
});

it.each([
  ["with folders", refused, "one query"],
  ["one query", refused, "each kind"],
  ["each kind", refused, null],
  ["with folders", new PermanentError("scope_missing", "Confluence returned 401"), null],
  ["with folders", new TransientError("request_refused", "Another kind of error"), null],
] as const)("after the mode '%s' and %s comes %s", (mode, error, next) => {
  expect(nextMode(mode, error)).toBe(next);
});
