import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { processPageBatch } from "#functions/sync/process-page.ts";
import type { Fault } from "#infra/local/confluence-site/faults.ts";
import { claimOperation, saveCheckpoint } from "#shared/syncs/operations/claims.ts";
import { countAside } from "#shared/syncs/operations/count-aside.ts";
import type { PageServices } from "#shared/syncs/pages/page-batch.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { makeSyncWorld, SOURCE_ID, type SyncWorld } from "#test/support/sync-world.ts";

type RetryAfter = Extract<Fault, { effect: "rate_limit" }>["retry_after"];

describe("a site that limits requests", () => {
  let database: TestDatabase;
  let world: SyncWorld;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    world = await makeSyncWorld(database.sql, { pages: 30 });
  });
  afterAll(() => database.close());

  const limit = (retry_after: RetryAfter, fault: Partial<Fault> = {}) => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a spread of a union is none of its members
    world.site.faults.push({ effect: "rate_limit", retry_after, times: 1, skip: 0, ...fault } as Fault);
  };
  const pausedFor = async () => {
    const until = (await world.source()).pausedUntil;
    return until === null ? 0 : (until.getTime() - world.now().getTime()) / 1000;
  };

  it.each<[string, RetryAfter, number, number]>([
    ["seconds", 120, 120, 120 * 1.4],
    ["a date", { date_in_seconds: 120 }, 118, 120 * 1.4],
    ["no Retry-After", null, 30, 30 * 1.4],
    ["a day, which is cut to a quarter of an hour", 86_400, 890, 900 * 1.1],
    ["a word, which is as none", "soon", 30, 30 * 1.4],
  ])("a source is paused as a 429 with %s asks", async (_, retryAfter, least, most) => {
    limit(retryAfter);
    const id = await world.startSync();
    await world.drain();
    expect(await pausedFor()).toBeGreaterThanOrEqual(least - 1);
    expect(await pausedFor()).toBeLessThanOrEqual(most);
    expect(world.takeRequests().map((request) => request.status)).toEqual([429]);
    expect(await world.ended(id)).toMatchObject({ status: "completed", sync_metrics: { pages_added: 30 } });
  });

  it("a pause is stored in the database and applies to all workers: none sends anything before its end", async () => {
    limit(600, { path: "body-format=storage" });
    const id = await world.startSync();
    await world.drain();
    const until = (await world.source()).pausedUntil;
    expect(until).not.toBeNull();
    world.takeRequests();
    // Another batch, which nobody had begun when the pause did, and the sweeper find the pause too.
    await database.sql`update sync_work set not_before = null where page_id = ${world.page("Page 1").id}`;
    await world.outside.queue.send("page", [
      { operation_id: id, source_id: "source-1", page_id: world.page("Page 1").id },
    ]);
    while (world.now().getTime() + 61_000 < (until?.getTime() ?? 0)) await world.minute();
    expect(world.takeRequests()).toEqual([]);
    expect((await world.ended(id)).sync_metrics.pages_added).toBe(30);
  });

  it("of pages that come in during a pause, those that nobody works on are sent again at its end, and count no attempt", async () => {
    const id = await world.startSync();
    await world.deliverOne("plan");
    const [mine, others] = [world.page("Page 1").id, world.page("Page 2").id];
    const until = new Date(world.now().getTime() + 300_000);
    await database.sql`update confluence_sites set paused_until = ${until}`;
    await database.sql`
      update sync_work set attempts = 2, claimed_until = ${until}, enqueued_at = ${world.now()}, not_before = null
      where page_id = ${others}`;
    const sent: object[] = [];
    const services = {
      ...world.services(null),
      queue: { send: async (...all: unknown[]) => void sent.push(all) },
    };
    const tasks = [mine, others].map((page_id) => ({ operation_id: id, source_id: SOURCE_ID, page_id }));
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the world fills in all that a worker uses
    await processPageBatch(tasks, services as unknown as PageServices, { remainingMs: () => 60_000 });
    const rows = await database.sql`
      select page_id, attempts, not_before, claimed_until from sync_work where page_id in (${mine}, ${others}) order by 1`;
    expect(rows).toEqual([
      { page_id: mine, attempts: 0, not_before: until, claimed_until: null },
      { page_id: others, attempts: 2, not_before: null, claimed_until: until },
    ]);
    expect(sent).toHaveLength(1);
  });

  it("five minutes of 429 send nothing to the dead-letter queue, and count no receive and no attempt", async () => {
    const id = await world.startSync();
    await world.deliverOne("plan");
    const until = world.now().getTime() + 5 * 60_000;
    limit(20, { times: 1000 });
    let most = 0;
    const [before] = await database.sql`select count(*)::int as count from sync_work where state = 'pending'`;
    while (world.now().getTime() < until) {
      world.pass(10_000);
      await world.drain();
      const [row] = await database.sql`select max(attempts) as attempts from sync_work`;
      most = Math.max(most, Number(row?.attempts ?? 0));
    }
    expect(before?.count).toBe(30);
    expect(most).toBe(0);
    expect(world.takeRequests().filter((request) => request.status === 429).length).toBeGreaterThan(4);
    world.site.faults.length = 0;
    const ended = await world.ended(id);
    expect(ended).toMatchObject({ status: "completed", sync_metrics: { pages_added: 30, pages_failed: 0 } });
    expect(world.queues.deadLetters()).toEqual([]);
    expect(world.queues.mostReceived()).toBe(1);
  });

  it("pages that wait longer than a message can are sent by the sweeper when the wait is over", async () => {
    const id = await world.startSync();
    await world.deliverOne("plan");
    const until = new Date(world.now().getTime() + 20 * 60_000);
    await database.sql`update confluence_sites set paused_until = ${until}`;
    await world.drain();
    expect(world.queues.size()).toBe(0);
    world.takeRequests();
    while (world.now().getTime() + 61_000 < until.getTime()) await world.minute();
    expect([world.queues.size(), world.takeRequests()]).toEqual([0, []]);
    expect((await world.ended(id)).sync_metrics).toMatchObject({ pages_added: 30, pages_failed: 0 });
    expect(world.now().getTime() - until.getTime()).toBeLessThan(5 * 60_000);
  });

  it("a listing that waits longer than a message can is resumed when the wait is over", async () => {
    const until = new Date(world.now().getTime() + 40 * 60_000);
    await database.sql`update confluence_sites set paused_until = ${until}`;
    const id = await world.startSync();
    await world.drain();
    while (world.now().getTime() + 61_000 < until.getTime()) await world.minute();
    expect(world.takeRequests()).toEqual([]);
    expect(world.queues.mostReceived()).toBe(1);
    expect((await world.ended(id)).status).toBe("completed");
    expect(world.now().getTime() - until.getTime()).toBeLessThan(5 * 60_000);
  });

  it("a sync slows down when the headers report that the limit is near, before there is a 429", async () => {
    world.site.settings.max_page_size = 10;
    world.site.settings.rate_limit = { limit: 100, remaining: 5, near_limit: true, reset_in_seconds: 60 };
    const id = await world.startSync();
    await world.drain();
    expect(await pausedFor()).toBeGreaterThan(5);
    const [first, ...more] = world.takeRequests();
    expect(first).toBeDefined();
    // One step of the listing (account, space, count), then a pause.
    expect(more.length).toBeLessThanOrEqual(2);
    const started = world.now().getTime();
    expect(await world.ended(id)).toMatchObject({ status: "completed", sync_metrics: { pages_added: 30 } });
    expect(world.now().getTime() - started).toBeGreaterThan(4 * 10_000);
    expect(world.takeRequests().every((request) => request.status === 200)).toBe(true);
  });

  it("a 503 with Retry-After is treated as a request for a pause too", async () => {
    world.site.faults.push({ effect: "status", status: 503, retry_after: 300, times: 1, skip: 0 });
    const id = await world.startSync();
    await world.drain();
    expect(await pausedFor()).toBeGreaterThan(298);
    expect((await world.ended(id)).status).toBe("completed");
  });

  it("an operation counts the calls that were answered with 429, of its listing and of its pages, and no other", async () => {
    limit(60, { times: 2 });
    limit(60, { path: "body-format=storage", times: 2 });
    world.site.faults.push({ effect: "status", status: 503, retry_after: 60, times: 1, skip: 3 });
    const { sync_metrics } = await world.ended(await world.startSync());
    const refused = world.takeRequests().filter((request) => request.status === 429);
    expect(refused).toHaveLength(4);
    expect(sync_metrics.rate_limited_calls).toBe(4);
    expect((await world.sync()).sync_metrics.rate_limited_calls).toBe(0);
  });

  it("what page workers counted while the listing was at work is not lost with its next step", async () => {
    const { sql } = database;
    const operation = await claimOperation(sql, await world.startSync(), world.now());
    if (!operation) throw new Error("The operation could not be claimed");
    const { operationId } = operation;
    await countAside(sql, operationId, { rate_limited_calls: 2, embedding_tokens: 0 });
    await countAside(sql, operationId, { rate_limited_calls: 1, embedding_tokens: 7 });
    const step = { checkpoint: {}, counters: { pages_listed: 5 }, facts: operation, now: world.now() };
    await saveCheckpoint(sql, operation, step);
    const [row] = await sql`select counters from archon_progress where operation_id = ${operationId}`;
    expect(row?.counters).toEqual({ pages_listed: 5, rate_limited_calls: 3, embedding_tokens: 7 });
  });
});
