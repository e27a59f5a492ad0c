import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { UNREADABLE, type ConfluenceClient } from "#shared/confluence/client.ts";
import type { ContentOptions } from "#shared/content-kinds.ts";
import { PermanentError, TransientError } from "#shared/errors.ts";
import { contentOfArrived } from "#shared/syncs/listing/arrived-content.ts";
import type { StepContext } from "#shared/syncs/operations/step.ts";
import { makeSyncWorld, SOURCE_ID, type SyncWorld } from "#test/support/sync-world.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const EVERYTHING: ContentOptions = { blogposts: true, comments: "open", attachments: true };

let database: TestDatabase;
let world: SyncWorld;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  await database.clear();
  world = await makeSyncWorld(database.sql);
});
afterAll(() => database.close());

type Site = {
  comments?: (call: number) => string | null | Error;
  files?: (call: number) => string | null | Error;
};

/** A site that finds one comment or file with each call; what `site` returns is the next cursor, or the refusal. */
async function step(site: Site = {}, content: ContentOptions = EVERYTHING, { dryRun = false } = {}) {
  const asked: string[] = [];
  const calls = { comments: 0, files: 0 };
  const answer = (kind: keyof Site, cql: string) => {
    asked.push(cql);
    calls[kind] += 1;
    const next = site[kind]?.(calls[kind]) ?? null;
    if (next instanceof Error) throw next;
    return { [kind]: [{ id: `${kind}-${calls[kind]}` }], next };
  };
  const client = {
    searchComments: async (cql: string) => answer("comments", cql),
    searchContent: async (cql: string) => answer("files", cql),
  } as unknown as ConfluenceClient;
  const source = { ...(await world.source()), content };
  const context = {
    client,
    source,
    operation: { dryRun },
    services: world.outside,
  } as unknown as StepContext;
  return { context, asked, calls };
}

const page = (id: string, more: { version?: number; status?: string } = {}) => ({
  id,
  version: 2,
  status: "current",
  ...more,
});
const pages = (count: number, version = 2) =>
  Array.from({ length: count }, (_, n) => page(`${n + 1}`, { version }));
const store = (pageId: string, { isDeleted = false, isMissing = false } = {}) => database.sql`
  insert into confluence_pages (source_id, page_id, title, version, is_deleted, missing_since)
  values (${SOURCE_ID}, ${pageId}, 'Page', 1, ${isDeleted}, ${isMissing ? world.now() : null})`;
const BY_TIME = { listedByTime: true };

it("the comments and files on pages that are not stored, or not visible, are requested, and of no others", async () => {
  await store("1");
  await store("2", { isDeleted: true });
  await store("3", { isMissing: true });
  const { context, asked } = await step();
  const listed = [page("1"), page("2"), page("3"), page("4"), page("5", { status: UNREADABLE })];
  expect(await contentOfArrived(context, listed, BY_TIME)).toEqual({
    comments: [{ id: "comments-1" }],
    files: [{ id: "files-1" }],
  });
  expect(asked).toEqual([
    "type = comment and container in (2, 3, 4) order by created asc",
    "type = attachment and container in (2, 3, 4) order by created asc",
  ]);
});

it("of a page that was written since the last sync no comments are older than that, but files may be", async () => {
  const { context, asked } = await step();
  await contentOfArrived(context, [page("1", { version: 1 }), page("2")], BY_TIME);
  expect(asked).toEqual([
    "type = comment and container in (2) order by created asc",
    "type = attachment and container in (1, 2) order by created asc",
  ]);
});

it("of a page that no search by time listed all comments are requested", async () => {
  const { context, asked } = await step();
  await contentOfArrived(context, [page("1", { version: 1 })], { listedByTime: false });
  expect(asked[0]).toBe("type = comment and container in (1) order by created asc");
});

it.each<[string, ContentOptions, number, number]>([
  ["neither", { ...EVERYTHING, comments: "none", attachments: false }, 0, 0],
  ["comments", { ...EVERYTHING, attachments: false }, 1, 0],
  ["files", { ...EVERYTHING, comments: "none" }, 0, 1],
])("a source that syncs %s requests nothing else of new pages", async (_, content, comments, files) => {
  const { context, calls } = await step({}, content);
  const arrived = await contentOfArrived(context, pages(1), BY_TIME);
  expect(calls).toEqual({ comments, files });
  expect([arrived.comments.length, arrived.files.length]).toEqual([comments, files]);
});

it("a dry run requests nothing of new pages", async () => {
  const { context, asked } = await step({}, EVERYTHING, { dryRun: true });
  expect(await contentOfArrived(context, pages(1), BY_TIME)).toEqual({ comments: [], files: [] });
  expect(asked).toEqual([]);
});

it("fifty pages are named in one query, and each list is followed to its end", async () => {
  const { context, calls, asked } = await step({ comments: (call) => (call === 1 ? "more" : null) });
  const { comments } = await contentOfArrived(context, pages(51), BY_TIME);
  const named = asked.map((cql) => cql.match(/\d+/g)?.map(Number) ?? []);
  const first = Array.from({ length: 50 }, (_, n) => n + 1);
  expect(named).toEqual([first, first, [51], first, [51]]);
  expect(comments.map(({ id }) => id)).toEqual(["comments-1", "comments-2", "comments-3"]);
  expect(calls).toEqual({ comments: 3, files: 2 });
});

it("many new pages cost twenty calls of one step, and what was found by then is kept", async () => {
  const { context, calls } = await step();
  const { comments, files } = await contentOfArrived(context, pages(50 * 15), BY_TIME);
  expect(calls).toEqual({ comments: 15, files: 5 });
  expect([comments.length, files.length]).toEqual([15, 5]);
});

it("a list without an end costs twenty calls of one step", async () => {
  const { context, calls } = await step({ comments: (call) => `cursor ${call}` });
  expect((await contentOfArrived(context, pages(1), BY_TIME)).comments).toHaveLength(20);
  expect(calls).toEqual({ comments: 20, files: 0 });
});

it("a refusal is logged, and what was found before it is kept", async () => {
  const error = new PermanentError("request_refused", "Confluence returned 400");
  const { context } = await step({ files: () => error });
  expect(await contentOfArrived(context, pages(1), BY_TIME)).toEqual({
    comments: [{ id: "comments-1" }],
    files: [],
  });
  expect(world.logged.map(({ event, fields }) => [event, fields])).toEqual([
    [
      "confluence.call_refused",
      { source_id: SOURCE_ID, wanted: "comments and files of new pages", code: "request_refused", error },
    ],
  ]);
});

it.each([
  new PermanentError("scope_missing", "The token has no such scope"),
  new PermanentError("credentials_rejected", "Confluence returned 401"),
  new TransientError("timeout", "Too late"),
])("%s is no refusal of these comments alone: the step fails", async (error) => {
  const { context } = await step({ comments: () => error });
  await expect(contentOfArrived(context, pages(1), BY_TIME)).rejects.toBe(error);
});
