import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { editPage, labelPage } from "#infra/local/confluence-site/edits.ts";
import { restorePage, trashPage } from "#infra/local/confluence-site/page-status-edits.ts";
import type { SitePage } from "#infra/local/confluence-site/site.ts";
import type { LoggedRequest } from "#infra/local/confluence-site/recorded-requests.ts";
import { REPRESENTATION_REVISION } from "#shared/markdown/representation-revision.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { addDemoPages, bodyOf, makeSyncWorld, SOURCE_ID, type SyncWorld } from "#test/support/sync-world.ts";

const PAGES = 10_000;
const CHECK_CALLS = 45;
const SYNC_CALLS = 5;
const BULK_CALLS_PER_1000 = 15;

describe("calls for a space of 10,000 pages", () => {
  let database: TestDatabase;
  let world: SyncWorld;
  let pages: SitePage[];
  beforeAll(async () => {
    database = await createTestDatabase();
    world = await makeSyncWorld(database.sql);
    pages = addDemoPages(world.site, PAGES);
    world.pass(24 * 60 * 60_000);
    await storeAsSynced(pages);
    // The last sync: it finds the index as the site is.
    await world.sync();
    world.pass(60 * 60_000);
  });
  afterAll(() => database.close());

  /** The site's pages as a sync of an hour ago would have left them, without converting 10,000 bodies. */
  async function storeAsSynced(stored: readonly SitePage[]): Promise<void> {
    const rows = stored.map((page) => ({
      page_id: page.id,
      title: page.title,
      url: `${world.site.url}/wiki/spaces/DEMO/pages/${page.id}/${page.title.replaceAll(" ", "+")}`,
    }));
    await database.sql`
      insert into confluence_pages (source_id, page_id, title, url, version, representation_revision, chunk_count, last_synced_at)
      select ${SOURCE_ID}, page_id, title, url, 1, ${REPRESENTATION_REVISION}, 1, ${world.now()}
      from jsonb_to_recordset(${database.sql.json(rows)}) as row (page_id text, title text, url text)`;
    await database.sql`
      insert into archon_crawled_pages (source_id, page_id, url, chunk_number, content, input_hash, search_vector, created_at)
      select source_id, page_id, url, 0, title, page_id, to_tsvector('english', title), ${world.now()} from confluence_pages`;
    await database.sql`
      update archon_sources set metadata = metadata || ${database.sql.json({
        last_sync_timestamp: world.now().toISOString(),
        sync_metrics: {},
      })}`;
  }

  const bodiesOf = (requests: readonly LoggedRequest[]) =>
    requests.filter((request) => request.query.includes("body-format"));

  const idsAsked = (requests: readonly LoggedRequest[]) =>
    requests.flatMap((request) => new URLSearchParams(request.query).get("id")?.split(",") ?? []);

  it(`an incremental sync of 10,000 pages with 10 changed ones makes at most ${SYNC_CALLS} calls beside one for their bodies`, async () => {
    const changed = pages.filter((_, n) => n % 1000 === 7);
    for (const page of changed) editPage(world.site, page.id, { body: bodyOf(`changed${page.id}`) });
    world.pass(60_000);
    world.takeRequests();
    const operation = await world.sync();
    const requests = world.takeRequests();
    const bodies = bodiesOf(requests);
    expect(operation.sync_metrics).toMatchObject({
      pages_updated: 10,
      pages_unchanged: 0,
      api_calls_made: requests.length,
    });
    expect(bodies).toHaveLength(1);
    expect(idsAsked(bodies).toSorted()).toEqual(changed.map((page) => page.id).toSorted());
    expect(requests.length - bodies.length).toBeLessThanOrEqual(SYNC_CALLS);
  });

  it("a sync of 10,000 unchanged pages fetches no body", async () => {
    world.pass(60 * 60_000);
    world.takeRequests();
    const operation = await world.sync();
    expect(operation.sync_metrics).toMatchObject({ pages_updated: 0 });
    const requests = world.takeRequests();
    expect(bodiesOf(requests)).toEqual([]);
    expect(requests.length).toBeLessThanOrEqual(SYNC_CALLS);
  });

  it("a deletion check of 500 labels costs a few more calls as long as no label changes", async () => {
    const labelled = pages.slice(0, 1000);
    for (const [n, page] of labelled.entries())
      labelPage(world.site, page.id, { add: [`topic-${n % 500}`, `topic-${(n + 7) % 500}`] });
    const rows = labelled.map(({ id, labels }) => ({ page_id: id, labels: [...labels] }));
    await database.sql`
      update confluence_pages p set labels = row.labels
      from jsonb_to_recordset(${database.sql.json(rows)}) as row (page_id text, labels text[]) where p.page_id = row.page_id`;
    world.takeRequests();
    await world.check();
    const labels = world.takeRequests().filter((request) => /label/.test(request.path + request.query));
    // Two listings of names, four searches of a few hundred labels each, whose pages come by 250.
    expect(labels.length).toBeLessThanOrEqual(15);
    for (const page of labelled) labelPage(world.site, page.id, { remove: page.labels });
    await database.sql`update confluence_pages set labels = '{}'`;
  });

  it.each([1, 1249, 1250])(
    `a deletion check makes at most ${CHECK_CALLS} calls when %i of the pages are gone`,
    async (candidates) => {
      const gone = pages.slice(0, candidates);
      for (const page of gone) trashPage(world.site, page.id);
      world.takeRequests();
      const operation = await world.check();
      const requests = world.takeRequests();
      expect(operation).toMatchObject({ status: "completed", sync_metrics: { pages_deleted: candidates } });
      expect(bodiesOf(requests)).toEqual([]);
      expect(operation.sync_metrics.api_calls_made).toBe(requests.length);
      expect(requests.length).toBeLessThanOrEqual(CHECK_CALLS);
      for (const page of gone) restorePage(world.site, page.id);
      await database.sql`update confluence_pages set is_deleted = false, deleted_at = null, deleted_reason = null`;
    },
  );

  it(`changed pages that wait in a full queue take at most ${BULK_CALLS_PER_1000} calls per 1,000 for their bodies`, async () => {
    const changed = pages.slice(-300);
    for (const page of changed) editPage(world.site, page.id, { body: bodyOf(`edited${page.id}`) });
    world.pass(60_000);
    const operationId = await world.startSync();
    // All of them are listed before the first is processed: the queue hands over as many as a batch takes.
    while (await world.deliverOne("plan"));
    world.takeRequests();
    const operation = await world.ended(operationId);
    expect(operation.sync_metrics).toMatchObject({ pages_updated: changed.length });
    const bodies = bodiesOf(world.takeRequests());
    expect(idsAsked(bodies).toSorted()).toEqual(changed.map((page) => page.id).toSorted());
    expect((bodies.length * 1000) / changed.length).toBeLessThanOrEqual(BULK_CALLS_PER_1000);
  });
});
