import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { planSyncs } from "#functions/sync/plan-sync.ts";
import { processPageBatch } from "#functions/sync/process-page.ts";
import { reconcileDeletions } from "#functions/sync/reconcile-deletions.ts";
import { trashPage } from "#infra/local/confluence-site/page-status-edits.ts";
import type { Fault } from "#infra/local/confluence-site/faults.ts";
import { fetchFrom } from "#infra/local/confluence-site/in-process-fetch.ts";
import { CLAIM_MS } from "#shared/syncs/operations/claims.ts";
import type { PageServices } from "#shared/syncs/pages/page-batch.ts";
import { clientOf } from "#test/support/confluence-site.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { makeSyncWorld, SOURCE_ID, type SyncWorld } from "#test/support/sync-world.ts";

const PAGES = 6;
const PLENTY = { remainingMs: () => 60_000 };

describe("a worker whose claim was taken over", () => {
  let database: TestDatabase;
  let world: SyncWorld;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    world = await makeSyncWorld(database.sql, { pages: PAGES });
  });
  afterAll(() => database.close());

  /** A worker that stands still at its request to `path` until it is let go on. */
  const slowWorker = (path: string) => {
    const arrived = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const services = {
      ...world.services(null),
      confluence: () =>
        clientOf(world.site, {
          fetch: async (url, init) => {
            if (url.includes(path)) {
              arrived.resolve();
              await gate.promise;
            }
            return fetchFrom(world.site)(url, init);
          },
        }),
    };
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the world fills in all that a worker uses
    return { services: services as PageServices, arrived: arrived.promise, goOn: () => gate.resolve() };
  };
  /** All that a worker may write, but for how long a source is left alone. */
  const everything = async () => {
    const { sql } = database;
    return {
      operations: await sql`select * from archon_progress order by operation_id`,
      work: await sql`select * from sync_work order by operation_id, page_id`,
      pages: await sql`select * from confluence_pages order by page_id`,
      chunks: await sql`select id, page_id, chunk_number from archon_crawled_pages order by id`,
      events: await sql`select event_type, detail from event_outbox order by id`,
      sources: await sql`select status, metadata, lease_operation_id from archon_sources`,
    };
  };
  const status = (status: number): Fault => ({
    effect: "status",
    status,
    retry_after: null,
    times: 9,
    skip: 0,
  });

  describe.each([
    ["listing of a sync", "plan", planSyncs],
    ["listing of a deletion check", "check", reconcileDeletions],
  ] as const)("in the %s", (_, queue, run) => {
    let id: string;
    beforeEach(async () => {
      if (queue === "check") {
        await world.sync();
        world.pass(60_000);
        trashPage(world.site, world.page("Page 1").id);
      }
      world.site.settings.max_page_size = 2;
      id = queue === "plan" ? await world.startSync({ mode: "full" }) : await world.startCheck();
    });

    const answers: [string, Fault[]][] = [
      ["gets its response at last", []],
      ["is refused", [status(403)]],
      ["finds nothing there", [status(404)]],
      ["is no longer authenticated", [status(401)]],
      ["is refused for another reason", [status(400)]],
      ["meets a site that fails", [status(500)]],
      ["is asked to wait", [{ effect: "rate_limit", retry_after: 30, times: 1, skip: 0 }]],
    ];
    const task = () => [{ operation_id: id, source_id: SOURCE_ID }];
    const state = async () => ({ ...(await everything()), messages: world.queues.size() });
    const listed = queue === "plan" ? PAGES : PAGES - 1;

    it.each(answers)(
      "a worker whose claim was taken over in a listing and %s saves nothing while the other works on it",
      async (_, faults) => {
        const slow = slowWorker("space-id=");
        const first = run(task(), slow.services, PLENTY);
        await slow.arrived;
        world.pass(CLAIM_MS + 1);
        const other = slowWorker("cursor=");
        const second = run(task(), other.services, PLENTY);
        await other.arrived;
        const before = await state();
        world.site.faults.push(...faults);
        slow.goOn();
        expect(await first).toEqual([{ ok: true }]);
        expect(await state()).toEqual(before);
        world.site.faults.length = 0;
        other.goOn();
        expect(await second).toEqual([{ ok: true }]);
        expect(await world.ended(id)).toMatchObject({ status: "completed", pages_listed: listed });
      },
    );

    it.each(answers)(
      "a worker whose claim was taken over and %s saves nothing, counters included",
      async (_, faults) => {
        const slow = slowWorker("space-id=");
        const first = run(task(), slow.services, PLENTY);
        await slow.arrived;
        world.pass(CLAIM_MS + 1);
        expect(await world.deliverOne(queue)).toBe(true);
        const before = await state();
        world.site.faults.push(...faults);
        slow.goOn();
        expect(await first).toEqual([{ ok: true }]);
        expect(await state()).toEqual(before);
        world.site.faults.length = 0;
        expect(await world.ended(id)).toMatchObject({ status: "completed", pages_listed: listed });
      },
    );

    it("a worker loses its claim only once it has expired", async () => {
      const slow = slowWorker("space-id=");
      const first = run(task(), slow.services, PLENTY);
      await slow.arrived;
      const before = await everything();
      world.pass(CLAIM_MS);
      await world.deliverOne(queue);
      expect(await everything()).toEqual(before);
      slow.goOn();
      await first;
      expect((await world.ended(id)).status).toBe("completed");
    });
  });

  it.each<[string, Fault[]]>([
    ["gets its bodies at last", []],
    ["is refused them", [status(400)]],
    ["meets a site that fails", [status(500)]],
  ])(
    "a worker of pages that was taken over and %s restores nothing and counts nothing twice",
    async (_, faults) => {
      const id = await world.startSync();
      await world.deliverOne("plan");
      const tasks = [...world.site.pages.keys()].map((page_id) => ({
        operation_id: id,
        source_id: SOURCE_ID,
        page_id,
      }));
      const slow = slowWorker("body-format=storage");
      const first = processPageBatch(tasks, slow.services, PLENTY);
      await slow.arrived;
      world.pass(CLAIM_MS + 1);
      expect(await world.ended(id)).toMatchObject({
        status: "completed",
        sync_metrics: { pages_added: PAGES, chunks_added: 2 * PAGES, embeddings_created: 2 * PAGES },
      });
      const before = await everything();
      world.site.faults.push(...faults);
      slow.goOn();
      await first;
      expect(await everything()).toEqual(before);
    },
  );

  it("a worker that still holds its pages at the claim's last moment keeps them", async () => {
    const id = await world.startSync();
    await world.deliverOne("plan");
    const [page] = world.site.pages.keys();
    const slow = slowWorker("body-format=storage");
    const task = { operation_id: id, source_id: SOURCE_ID, page_id: page ?? "" };
    const first = processPageBatch([task], slow.services, PLENTY);
    await slow.arrived;
    world.pass(CLAIM_MS);
    const attempts = async () => {
      const [row] = await database.sql`select attempts from sync_work where page_id = ${page ?? ""}`;
      return row?.attempts;
    };
    const outcome = await processPageBatch([task], slow.services, PLENTY);
    expect([outcome, await attempts()]).toEqual([[{ ok: true }], 1]);
    slow.goOn();
    await first;
    expect((await world.ended(id)).status).toBe("completed");
  });
});
