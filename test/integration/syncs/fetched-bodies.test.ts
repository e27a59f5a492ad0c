import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { processPageBatch } from "#functions/sync/process-page.ts";
import { editPage } from "#infra/local/confluence-site/edits.ts";
import { trashPage } from "#infra/local/confluence-site/page-status-edits.ts";
import { editLive } from "#infra/local/confluence-site/live-edits.ts";
import { observeSql } from "#infra/local/runner/observe-sql.ts";
import type { PageKind } from "#shared/content-kinds.ts";
import type { PageServices } from "#shared/syncs/pages/page-batch.ts";
import { TOKENS_OF_A_TEXT } from "#test/support/fake-embedder.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { bodyOf, makeSyncWorld, SOURCE_ID, type SyncWorld } from "#test/support/sync-world.ts";

const PAGES = 12;
/** What a worker has left when it begins; less than its reserve means that it stores nothing more. */
const PLENTY_MS = 60_000;

describe("bodies that a worker fetched and had no time to store", () => {
  let database: TestDatabase;
  let world: SyncWorld;
  let services: PageServices;
  let operationId: string;
  let left = 0;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    world = await makeSyncWorld(database.sql, { pages: PAGES });
    operationId = await world.startSync();
    await world.deliverOne("plan");
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the world fills in all that a worker uses
    services = world.services(null) as PageServices;
    // Every transaction of a worker is the swap of a page.
    services.sql = observeSql(services.sql, { onTransactionEnd: () => (left -= 1), onStatement: () => {} });
    world.takeRequests();
  });
  afterAll(() => database.close());

  /** One invocation on all pages, which stores `pages` of them before its time runs out. */
  const invoke = async (pages: number) => {
    left = pages;
    const tasks = [...world.site.pages.keys()].map((page_id) => ({
      operation_id: operationId,
      source_id: SOURCE_ID,
      page_id,
    }));
    const remainingMs = () => (left > 0 ? PLENTY_MS : 0);
    await processPageBatch(tasks, services, { remainingMs });
  };
  const fetched = () =>
    world
      .takeRequests()
      .filter((request) => request.query.includes("body-format=storage"))
      .flatMap((request) => (new URLSearchParams(request.query).get("id") ?? "").split(","));
  const metrics = async () => (await world.progress(operationId)).sync_metrics;

  it("bodies that a worker had no time to store are not fetched again by it: one call stores them all", async () => {
    for (let n = 0; n < 4; n += 1) await invoke(PAGES / 4);
    expect(fetched()).toHaveLength(PAGES);
    await invoke(0);
    expect(await metrics()).toMatchObject({ pages_added: PAGES, pages_failed: 0 });
    expect(await world.find("word7")).toHaveLength(1);
  });

  it("a swap that is tried again counts its calls and tokens once", async () => {
    let failures = 0;
    services.sql = observeSql(database.sql, {
      onTransactionEnd: () => {},
      onStatement: ({ text, transaction }) => {
        if (text !== "commit" || transaction === null || (failures += 1) % 2 === 0) return;
        throw Object.assign(new Error("deadlock detected"), { code: "40P01" });
      },
    });
    const planned = (await metrics()).api_calls_made;
    world.takeRequests();
    await invoke(PAGES);
    const requests = world.takeRequests().length;
    expect(failures).toBeGreaterThan(PAGES);
    const { api_calls_made: calls, embedding_tokens: tokens } = await metrics();
    const chunks = await database.sql`select from archon_chunk_embeddings`;
    expect([calls - planned, tokens]).toEqual([requests, TOKENS_OF_A_TEXT * chunks.length]);
  });

  it("bodies that arrive in parts are stored before the next part is requested, however many there are", async () => {
    const stored: number[] = [];
    const { confluence } = services;
    services.confluence = (access) => {
      const client = confluence(access);
      async function* bodiesById(kind: PageKind, ids: readonly string[]) {
        for (let from = 0; from < ids.length; from += 5) {
          const [row] =
            await database.sql`select count(*)::int as pages from confluence_pages where version > 0`;
          stored.push(Number(row?.pages));
          yield* client.bodiesById(kind, ids.slice(from, from + 5));
        }
      }
      return { ...client, bodiesById };
    };
    // Time is up during the second part: only the rest is fetched again.
    await invoke(7);
    expect(stored).toEqual([0, 5]);
    await invoke(PAGES);
    // The three that were kept are stored first.
    expect(stored).toEqual([0, 5, 10]);
    expect(fetched()).toHaveLength(PAGES);
    expect(await metrics()).toMatchObject({ pages_added: PAGES, pages_failed: 0 });
    expect(await world.find("word7")).toHaveLength(1);
  });

  it("fetched bodies are kept while Confluence asks for a pause", async () => {
    const children = world.page("Page 1");
    editPage(world.site, children.id, { body: '<ac:structured-macro ac:name="children" />' });
    const path = `pages/${children.id}`;
    world.site.faults.push({ effect: "rate_limit", retry_after: 5, path, times: 1, skip: 0 });
    await invoke(PAGES);
    expect(await metrics()).not.toMatchObject({ pages_added: PAGES });
    world.pass(60_000);
    await invoke(PAGES);
    expect(fetched()).toHaveLength(PAGES);
    expect(await metrics()).toMatchObject({ pages_added: PAGES, pages_failed: 0 });
  });

  it("fetched bodies are fetched again when the page was listed in a later version", async () => {
    await invoke(PAGES - 1);
    const last = world.page(`Page ${PAGES}`);
    editPage(world.site, last.id, { body: bodyOf("laterword") });
    await database.sql`
      update sync_work set listed_version = ${last.version.number} where operation_id = ${operationId} and page_id = ${last.id}`;
    fetched();
    await invoke(1);
    expect(fetched()).toEqual([last.id]);
    expect(await world.find("laterword")).toHaveLength(1);
  });

  it("the fetched body of a live doc is not kept: its text may change without a version", async () => {
    const last = world.page(`Page ${PAGES}`);
    last.subtype = "live";
    await invoke(PAGES - 1);
    editLive(world.site, last.id, bodyOf("laterword"));
    fetched();
    await invoke(1);
    expect(fetched()).toEqual([last.id]);
    expect(await world.find("laterword")).toHaveLength(1);
  });

  it("fetched bodies restore no page that was deleted since", async () => {
    await invoke(PAGES);
    await world.ended(operationId);
    const page = world.page("Page 3");
    editPage(world.site, page.id, { body: bodyOf("lostword") });
    world.pass(60 * 60_000);
    operationId = await world.startSync();
    await world.deliverOne("plan");
    await invoke(0);
    trashPage(world.site, page.id);
    await database.sql`
      update confluence_pages set is_deleted = true, deleted_at = now(), state_revision = state_revision + 1
      where page_id = ${page.id}`;
    await database.sql`delete from archon_crawled_pages where page_id = ${page.id}`;
    await invoke(1);
    await world.ended(operationId);
    expect(await world.find("lostword")).toEqual([]);
    const [row] = await database.sql`select is_deleted from confluence_pages where page_id = ${page.id}`;
    expect(row?.is_deleted).toBe(true);
  });

  it("fetched bodies are dropped after ten minutes", async () => {
    await invoke(PAGES - 1);
    fetched();
    world.pass(11 * 60_000);
    await invoke(1);
    expect(fetched()).toEqual([world.page(`Page ${PAGES}`).id]);
  });
});
