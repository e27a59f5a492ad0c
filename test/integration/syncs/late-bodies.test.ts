import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { editPage } from "#infra/local/confluence-site/edits.ts";
import { restrictPage, trashPage } from "#infra/local/confluence-site/page-status-edits.ts";
import type { ConfluencePage } from "#shared/confluence/client.ts";
import { hidePages } from "#shared/documents/delete-pages.ts";
import { cancelOperation } from "#shared/syncs/operations/end-operation.ts";
import type { IncludedText } from "#shared/syncs/pages/included-rights.ts";
import { readCompletePage } from "#shared/syncs/pages/confluence-processor.ts";
import { silentCalls } from "#shared/syncs/optional-calls.ts";
import { evaluationResolver as resolver } from "#test/evaluation/conversion/resolver.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { clientOf, makeTestSite } from "#test/support/confluence-site.ts";
import { bodyOf, makeSyncWorld, SOURCE_ID, type SyncWorld } from "#test/support/sync-world.ts";

/** A body that is fetched by two calls: as it is stored, then as it is rendered. */
const renderedBodyOf = (word: string) => `${bodyOf(word)}<ac:structured-macro ac:name="children" />`;
const STORED = "body-format=storage";
const RENDERED = "body-format=export_view";
/** A version that was made less than this ago has not reached the replica. */
const BEHIND_SECONDS = 600;

/** Of a source that carries over no rights. */
const unguarded: IncludedText = { guardOf: async () => null, areAsStored: async () => true };

describe("a body that is older than what was seen before", () => {
  let database: TestDatabase;
  let world: SyncWorld;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    world = await makeSyncWorld(database.sql, { pages: 3 });
    editPage(world.site, id(1), { body: renderedBodyOf("oldword") });
    await world.sync();
    world.pass(60 * 60_000);
    editPage(world.site, id(1), { body: renderedBodyOf("newword") });
    world.takeRequests();
  });
  afterAll(() => database.close());

  const id = (n: number) => world.page(`Page ${n}`).id;
  const behind = (path: string, times: number) =>
    world.site.faults.push({ effect: "old_version", behind_seconds: BEHIND_SECONDS, path, times, skip: 0 });
  const found = async (word: string) => (await world.find(word)).map((hit) => hit.title);
  const row = async (n: number) => {
    const [page] = await database.sql`
      select version, is_deleted, sync_error from confluence_pages where page_id = ${id(n)}`;
    return page;
  };
  /** Runs a page worker until it has both bodies of Page 1; it has stored nothing yet. */
  const fetchOnly = async () => {
    world.deliver("page", Number.POSITIVE_INFINITY);
    while (!world.site.requests.some(({ query }) => query.includes(RENDERED)))
      expect(await world.scheduler.advance()).toBe(true);
  };

  it.each([
    ["as it is stored", STORED],
    ["as it is rendered", RENDERED],
  ])(
    "a body older than the version seen before (%s) is not stored as the newer version, and is requested again",
    async (_, path) => {
      behind(path, 1);
      const sync = await world.startSync();
      await world.drain();
      expect(await row(1)).toMatchObject({ version: 2, sync_error: null });
      expect(await found("oldword")).toEqual(["Page 1"]);
      expect(await world.progress(sync)).toMatchObject({ finished_at: null, pages_to_process: 1 });
      expect(await world.ended(sync)).toMatchObject({
        status: "completed",
        sync_metrics: { pages_updated: 1 },
      });
      expect(await row(1)).toMatchObject({ version: 3, sync_error: null });
      expect([await found("newword"), await found("oldword")]).toEqual([["Page 1"], []]);
    },
  );

  it("a page that is hidden while a worker of a cancelled sync holds its body stays hidden", async () => {
    await world.startSync();
    while (await world.deliverOne("plan"));
    await fetchOnly();
    const now = world.now();
    await cancelOperation(database.sql, { sourceId: SOURCE_ID, now, actor: "a test" });
    restrictPage(world.site, id(1), "nobody");
    const [stored] = await database.sql`select state_revision from confluence_pages where page_id = ${id(1)}`;
    const page = {
      pageId: id(1),
      reason: "not_visible",
      expectedStateRevision: Number(stored?.["state_revision"]),
    };
    expect(
      await hidePages(database.sql, { sourceId: SOURCE_ID, pages: [page], now, byHint: true }),
    ).toHaveLength(1);
    while (world.scheduler.running() > 0) await world.scheduler.advance();
    await world.drain();
    expect([await found("newword"), await found("oldword")]).toEqual([[], []]);
    // Visible again, it is stored as ever.
    restrictPage(world.site, id(1), "everyone");
    world.pass(60 * 60_000);
    await world.check();
    expect([await found("newword"), await found("oldword")]).toEqual([["Page 1"], []]);
  });

  it.each([
    ["as it is stored", STORED],
    ["as it is rendered", RENDERED],
  ])(
    "a body that stays older (%s) is recorded, and the edit arrives later although no query shows it",
    async (_, path) => {
      // Longer than a sync tries: replicas as far behind are not known.
      world.site.faults.push({ effect: "old_version", behind_seconds: 1e7, path, times: 1000, skip: 0 });
      // The third looks back to the second only.
      for (const [n, listed] of [1, 1, 0].entries()) {
        expect(await world.sync()).toMatchObject({
          status: "completed_with_errors",
          pages_listed: listed,
          failed_pages: [{ page_id: id(1), code: "older_version" }],
        });
        expect(await row(1)).toMatchObject({
          version: 2,
          sync_error: { code: "older_version", permanent: false, version: 3, attempts: n + 1 },
        });
        world.pass(5 * 60 * 60_000);
      }
      world.site.faults.length = 0;
      expect(await world.sync()).toMatchObject({ status: "completed", pages_listed: 0 });
      expect(await row(1)).toMatchObject({ version: 3, sync_error: null });
      expect(await found("newword")).toEqual(["Page 1"]);
    },
  );

  it("an older body of a page that was never stored is not stored either", async () => {
    await database.sql`delete from confluence_pages where page_id = ${id(2)}`;
    editPage(world.site, id(2), { body: bodyOf("secondword") });
    behind(STORED, 1);
    const sync = await world.startSync();
    await world.drain();
    expect(await found("word2")).toEqual([]);
    expect((await world.ended(sync)).status).toBe("completed");
    expect(await row(2)).toMatchObject({ version: 2 });
  });

  describe("when the page was deleted here meanwhile", () => {
    const deleteHere = (n: number) => database.sql`
      with gone as (delete from archon_crawled_pages where page_id = ${id(n)})
      update confluence_pages set is_deleted = true, deleted_at = ${world.now()}, chunk_count = 0,
        state_revision = state_revision + 1 where page_id = ${id(n)}`;

    it("a body fetched before the page was deleted is fetched again, and Confluence decides whether the page exists", async () => {
      const sync = await world.startSync();
      await world.deliverOne("plan");
      await fetchOnly();
      await deleteHere(1);
      while (world.scheduler.running() > 0) await world.scheduler.advance();
      expect(await row(1)).toMatchObject({ is_deleted: true });
      expect((await world.progress(sync)).pages_to_process).toBe(1);
      expect(await world.ended(sync)).toMatchObject({
        status: "completed",
        sync_metrics: { pages_restored: 1 },
      });
      expect(await row(1)).toMatchObject({ is_deleted: false, version: 3 });
      expect(await found("newword")).toEqual(["Page 1"]);
    });

    it("a page deleted meanwhile stays deleted when Confluence confirms it", async () => {
      const sync = await world.startSync();
      await world.deliverOne("plan");
      await fetchOnly();
      const gone = id(1);
      await deleteHere(1);
      trashPage(world.site, gone);
      while (world.scheduler.running() > 0) await world.scheduler.advance();
      expect(await world.ended(sync)).toMatchObject({
        status: "completed",
        sync_metrics: { pages_restored: 0 },
      });
      expect(await found("newword")).toEqual([]);
    });

    it("a body is also fetched again where the page had already been deleted before", async () => {
      await deleteHere(1);
      const sync = await world.startSync();
      await world.deliverOne("plan");
      await fetchOnly();
      await deleteHere(1);
      while (world.scheduler.running() > 0) await world.scheduler.advance();
      expect((await world.progress(sync)).pages_to_process).toBe(1);
      expect(await world.ended(sync)).toMatchObject({
        status: "completed",
        sync_metrics: { pages_restored: 1 },
      });
      expect(await found("newword")).toEqual(["Page 1"]);
    });
  });
});

describe("a rendered body", () => {
  const fetched = (version: number, format: "storage" | "export_view", value: string): ConfluencePage => ({
    id: "1",
    title: "Page",
    version,
    status: "current",
    spaceId: "9",
    spaceKey: null,
    parentId: null,
    parentType: null,
    kind: "page",
    subtype: "page",
    labels: null,
    url: "",
    modifiedAt: null,
    rights: null,
    body: { format, value },
  });
  const rendering = (version: number) => ({
    ...clientOf(makeTestSite().site),
    renderedPage: async () => fetched(version, "export_view", "<p>rendered</p>"),
  });

  it.each([
    [3, 3, 3],
    [3, 4, 3],
    [3, 2, 2],
  ])(
    "a rendered body over storage of version %i, itself of %i, counts as version %i",
    async (stored, rendered, version) => {
      const page = fetched(stored, "storage", renderedBodyOf("x"));
      expect((await readCompletePage(rendering(rendered), silentCalls, page, unguarded)).page.version).toBe(
        version,
      );
    },
  );

  it.each([
    ["the version whose macros are known is shown", 3, "page", true],
    ["a later version, which may have other macros, is not", 4, "page", false],
    ["an earlier version is not", 2, "page", false],
    ["a live doc, whose macros change without a version, is not", 3, "live", false],
  ])("where rights are carried over, rendered as %s", async (_, rendered, subtype, isShown) => {
    const list = '<ac:structured-macro ac:name="attachments" />';
    const page = { ...fetched(3, "storage", `${bodyOf("x")}${list}`), subtype };
    const guardOf = () => Promise.resolve(() => true);
    const all = { ...unguarded, guardOf };
    const { content } = await readCompletePage(rendering(rendered), silentCalls, page, all);
    expect(content.toMarkdown(resolver).markdown.includes("rendered")).toBe(isShown);
  });

  it("a rendered body is not requested where the storage is complete", async () => {
    const page = fetched(3, "storage", bodyOf("x"));
    expect(await readCompletePage(rendering(4), silentCalls, page, unguarded)).toMatchObject({ page });
  });
});
