import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import type { ConfluenceClient } from "#shared/confluence/client.ts";
import { PAGES_ONLY } from "#shared/content-kinds.ts";
import { transaction } from "#shared/db/connect.ts";
import { PermanentError, TransientError } from "#shared/errors.ts";
import { listLabels } from "#shared/syncs/listing/list-labels.ts";
import type { StepContext } from "#shared/syncs/operations/step.ts";
import { makeSyncWorld, SOURCE_ID, type SyncWorld } from "#test/support/sync-world.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

type Labelled = {
  labels?: Record<string, string[]>;
  /** The labels of pages as the pages themselves give them, where they differ from the lists; null: out of sight. */
  own?: Record<string, string[] | null>;
  parts?: string[][];
  error?: Error;
  isSpaceGone?: boolean;
};
type Place = Exclude<Parameters<typeof listLabels>[1], null>;

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

/** A site with these labels, listed in these parts, on content whose ids are `page …` and `blogpost …`. */
async function siteWith(
  { parts = [], labels = {}, own = {}, error, isSpaceGone = false }: Labelled,
  { dryRun = false, failures = 0, blogposts = false } = {},
) {
  const asked: string[] = [];
  const source = { ...(await world.source()), content: { ...PAGES_ONLY, blogposts } };
  const client = {
    spaceLabels: async (spaceId: string, cursor: string | null) => {
      asked.push(`labels of ${spaceId} from ${cursor}`);
      if (error) throw error;
      const part = Number(cursor ?? 0);
      const next = part + 1 < parts.length ? String(part + 1) : null;
      return { labels: (parts[part] ?? []).map((name) => ({ id: `id of ${name}`, name })), next };
    },
    labelledPageIds: async (kind: string, labelId: string, _space: string, cursor: string | null) => {
      asked.push(`${kind} with ${labelId} from ${cursor}`);
      const ids = (labels[labelId] ?? []).filter((id) => id.startsWith(kind));
      const at = Number(cursor ?? 0);
      return { ids: ids.slice(at, at + 1), next: at + 1 < ids.length ? String(at + 1) : null };
    },
    searchContent: async (cql: string) => {
      const [, ids] = / id in \(([^)]*)\)/.exec(cql) ?? [];
      asked.push(ids === undefined ? cql : `the labels of ${ids}`);
      const pages = (ids?.split(", ") ?? []).flatMap((id) => {
        const listed = Object.entries(labels).flatMap(([labelId, on]) =>
          on.includes(id) ? [labelId.replace("id of ", "")] : [],
        );
        const ofPage = id in own ? own[id] : listed;
        return ofPage ? [{ id, labels: ofPage }] : [];
      });
      return { pages, next: null };
    },
    space: async () => {
      asked.push("the space");
      return isSpaceGone ? null : { id: source.spaceId };
    },
  } as unknown as ConfluenceClient;
  const operation = { sourceId: SOURCE_ID, operationId: "operation-1", dryRun, failures };
  const context = { client, source, operation, services: world.outside } as unknown as StepContext;
  return { context, asked, spaceId: source.spaceId };
}

const store = (pageId: string, ...labels: string[]) => database.sql`
  insert into confluence_pages (source_id, page_id, title, version, kind, labels)
  values (${SOURCE_ID}, ${pageId}, 'Page', 1, ${pageId.split(" ")[0] ?? ""}, ${labels})`;
const stored = async () => {
  const rows = await database.sql<{ page_id: string; labels: string[] }[]>`
    select page_id, labels from confluence_pages order by page_id`;
  return rows.map((row) => [row.page_id, ...row.labels]);
};
const place = (more: Partial<Place>): Place => ({
  cursor: null,
  recent_cursors: [],
  done: [],
  remaining: [],
  namesComplete: true,
  asked_to: null,
  ...more,
});
const remaining = (...names: string[]): Place["remaining"] =>
  names.map((name) => ({ id: `id of ${name}`, name, kinds: ["page"] }));
/** One step, whose result is written. */
async function step(context: StepContext, at: Place | null) {
  const { write, next } = await listLabels(context, at);
  await transaction(database.sql, write);
  return next;
}
/** All steps from there. */
async function finish(context: StepContext, at: Place | null) {
  for (let next = await step(context, at); next !== null;) next = await step(context, next);
}

it("the names of the space's labels are listed part by part", async () => {
  const { context, asked, spaceId } = await siteWith({ parts: [["a", "b"], ["c"]] });
  const first = await step(context, null);
  expect(first).toEqual(
    place({
      cursor: "1",
      recent_cursors: ["1"],
      namesComplete: false,
      remaining: ["a", "b"].map((name) => ({ id: `id of ${name}`, name, kinds: [] })),
    }),
  );
  expect(await step(context, first)).toEqual(place({ remaining: remaining("a", "b", "c") }));
  expect(asked).toEqual([`labels of ${spaceId} from null`, `labels of ${spaceId} from 1`]);
});

it("a label is listed for the kinds of content of which it changed, and is done where it did not", async () => {
  await store("blogpost 1", "a");
  const { context } = await siteWith({ parts: [["a", "b", "c", "d"]] }, { blogposts: true });
  expect(await step(context, null)).toEqual(
    place({
      remaining: [{ id: "id of a", name: "a", kinds: ["page", "blogpost"] }, ...remaining("b", "c", "d")],
    }),
  );
});

it("of many labels those that did not change are done without a call, and stay", async () => {
  const names = Array.from({ length: 26 }, (_, n) => `topic-${n}`);
  await store("page 1", "topic-0");
  const { context } = await siteWith({ parts: [names] });
  expect(await step(context, null)).toEqual(place({ remaining: remaining("topic-0"), done: names.slice(1) }));
});

it("a space without labels takes all labels from its pages, with one call for its labels and one for fifty pages", async () => {
  await store("page 1", "a");
  await store("page 2");
  const { context, asked } = await siteWith({ parts: [[]] });
  await finish(context, null);
  expect(await stored()).toEqual([["page 1"], ["page 2"]]);
  expect(asked.slice(1)).toEqual(["the labels of page 1"]);
});

it("each step lists the pages of one label, to the end of its list, and writes them", async () => {
  await store("page 1");
  await store("page 2");
  await store("page 3", "a", "b");
  await store("page 4", "z");
  const { context, asked } = await siteWith({
    labels: { "id of a": ["page 1", "page 2"], "id of b": ["page 3"] },
  });
  const next = await step(context, place({ remaining: remaining("a", "b"), done: ["c"] }));
  expect(next).toEqual(place({ remaining: remaining("b"), done: ["c", "a"] }));
  expect(asked).toEqual(["page with id of a from null", "page with id of a from 1", "the labels of page 3"]);
  expect(await stored()).toEqual([
    ["page 1", "a"],
    ["page 2", "a"],
    ["page 3", "b"],
    ["page 4", "z"],
  ]);
});

it("the last step takes away the labels that the space has no longer", async () => {
  await store("page 1", "b", "c", "z");
  const { context } = await siteWith({ labels: { "id of b": ["page 1"], "id of c": ["page 1"] } });
  const next = await step(context, place({ remaining: remaining("b"), done: ["c"] }));
  expect(next).toEqual(place({ done: ["c", "b"] }));
  expect(await step(context, next)).toBeNull();
  expect(await stored()).toEqual([["page 1", "b", "c"]]);
});

it("two labels of one name (global:review, team:review) are both written, and take nothing from each other", async () => {
  await store("page 1", "review");
  await store("page 2", "review");
  await store("page 3");
  const { context, asked } = await siteWith({
    labels: { "id of global": ["page 1"], "id of team": ["page 2", "page 3"] },
  });
  const labels = ["global", "team"].map((prefix) => ({
    id: `id of ${prefix}`,
    name: "review",
    kinds: ["page" as const],
  }));
  const next = await step(context, place({ remaining: labels }));
  expect(next).toEqual(place({ done: ["review"] }));
  await finish(context, next);
  expect(await stored()).toEqual(["page 1", "page 2", "page 3"].map((id) => [id, "review"]));
  expect(asked).not.toContainEqual(expect.stringContaining("the labels of"));
});

it("a page that is out of sight or hidden keeps its labels, whatever the lists say", async () => {
  await store("page 1", "a", "z");
  await store("page 2", "a", "z");
  await database.sql`update confluence_pages set missing_since = ${world.now()} where page_id = 'page 2'`;
  const { context, asked } = await siteWith({ parts: [["a"]], own: { "page 1": null } });
  await finish(context, null);
  expect(await stored()).toEqual([
    ["page 1", "a", "z"],
    ["page 2", "a", "z"],
  ]);
  expect(asked.slice(2)).toEqual(["the labels of page 1", "the labels of page 1"]);
});

it("labels that the space's list leaves out stay on pages whose own responses give them", async () => {
  await store("page 1", "global");
  await store("page 2", "global", "other");
  const { context } = await siteWith({
    parts: [[]],
    own: { "page 1": ["global"], "page 2": ["global", "new"] },
  });
  await finish(context, null);
  expect(await stored()).toEqual([
    ["page 1", "global"],
    ["page 2", "global", "new"],
  ]);
});

it("a thousand pages are asked for their labels in one step, and the others in the next", async () => {
  await database.sql`
    insert into confluence_pages (source_id, page_id, title, version, kind, labels)
    select ${SOURCE_ID}, 'page ' || lpad(n::text, 4, '0'), 'Page', 1, 'page', '{a}' from generate_series(1, 1020) n`;
  const left = async () => (await stored()).filter(([, ...labels]) => labels.includes("a")).length;
  const { context, asked } = await siteWith({ parts: [["a"]] });
  const first = await step(context, await step(context, null));
  expect(first).toEqual(place({ remaining: remaining("a"), asked_to: "page 1000" }));
  expect([await left(), asked.length]).toEqual([20, 22]);
  expect(await step(context, first)).toEqual(place({ done: ["a"] }));
  expect(await left()).toBe(0);
});

it("a label is listed apart for pages and for blog posts", async () => {
  await store("page 1");
  await store("blogpost 1");
  const { context } = await siteWith({ labels: { "id of a": ["page 1", "blogpost 1"] } });
  await step(context, place({ remaining: [{ id: "id of a", name: "a", kinds: ["page", "blogpost"] }] }));
  expect(await stored()).toEqual([
    ["blogpost 1", "a"],
    ["page 1", "a"],
  ]);
});

it("a dry run asks for no labels and takes none away", async () => {
  await store("page 1", "a");
  const { context, asked } = await siteWith({ parts: [[]] }, { dryRun: true });
  expect(await step(context, null)).toBeNull();
  expect(asked).toEqual([]);
  expect(await stored()).toEqual([["page 1", "a"]]);
});

it("a fault is tried once more, then the stored labels stay until the next full listing", async () => {
  await store("page 1", "a");
  const error = new TransientError("timeout", "Too late");
  const { context } = await siteWith({ error });
  await expect(listLabels(context, null)).rejects.toBe(error);
  const again = await siteWith({ error }, { failures: 1 });
  expect(await step(again.context, null)).toBeNull();
  expect(await stored()).toEqual([["page 1", "a"]]);
});

it.each(["forbidden", "not_found"])(
  "labels that are '%s' may be those of a space that is gone, which ends the sync",
  async (code) => {
    const error = new PermanentError(code, "Confluence refuses");
    const gone = await siteWith({ error, isSpaceGone: true });
    await expect(listLabels(gone.context, null)).rejects.toMatchObject({ code: "space_unavailable" });
    const { context, asked } = await siteWith({ error });
    expect(await step(context, null)).toBeNull();
    expect(asked).toContain("the space");
  },
);

it("a token without the scope for labels says nothing about the space", async () => {
  const error = new PermanentError("scope_missing", "The token has no such scope");
  const { context, asked } = await siteWith({ error, isSpaceGone: true });
  expect(await step(context, null)).toBeNull();
  expect(asked).not.toContain("the space");
});
