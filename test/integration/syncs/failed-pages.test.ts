import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { editPage, movePage } from "#infra/local/confluence-site/edits.ts";
import {
  GIVEN_UP_RETRY_HOURS,
  MAX_FAILED_SYNCS,
  NOT_CURRENT,
} from "#shared/syncs/listing/compare-listing.ts";
import { MAX_PAGE_ATTEMPTS } from "#shared/syncs/pages/page-failure.ts";
import { releaseAllClaims } from "#shared/syncs/schedules/sweep.ts";
import { MAX_CRASHES, RESTARTS_PER_CRASH } from "#shared/syncs/operations/work-claims.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { bodyOf, makeSyncWorld, OTHER_SPACE, SPACE, type SyncWorld } from "#test/support/sync-world.ts";

/** Needs one more call, for its rendering. */
const RENDERED_BODY = `<p>before</p><ac:structured-macro ac:name="children"></ac:structured-macro>`;

describe("pages that fail", () => {
  let database: TestDatabase;
  let world: SyncWorld;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    world = await makeSyncWorld(database.sql, { pages: 6 });
    await world.sync();
    world.pass(60_000);
    world.takeRequests();
  });
  afterAll(() => database.close());

  const id = (n: number) => world.page(`Page ${n}`).id;
  const row = async (pageId: string) => {
    const [found] = await database.sql`
      select version, sync_error, chunk_count, is_deleted from confluence_pages where page_id = ${pageId}`;
    return found;
  };
  /** Page 2 gets a version whose text is refused by the model until it is allowed. */
  const spoil = () => {
    editPage(world.site, id(2), { body: bodyOf("spoilt") });
    Object.assign(world.embedding, { failures: 100_000, permanent: true });
  };

  it("failed pages are recorded with the reason, keep their old content, and do not stop other pages and the watermark", async () => {
    editPage(world.site, id(2), { body: bodyOf("spoilt") });
    world.embedding.refused = "spoilt";
    editPage(world.site, id(3), { body: bodyOf("mace") });
    const before = (await world.source()).metadata.last_sync_timestamp;
    const operation = await world.sync();
    expect(operation).toMatchObject({
      status: "completed_with_errors",
      sync_metrics: { pages_updated: 1, pages_failed: 1 },
      failed_pages: [
        { page_id: id(2), title: "Page 2", code: "embedding_refused", message: expect.any(String) },
      ],
    });
    expect(await row(id(2))).toMatchObject({
      version: 1,
      sync_error: { code: "embedding_refused", permanent: true, version: 2 },
    });
    expect((await world.find("word2")).map((hit) => hit.title)).toContain("Page 2");
    expect((await world.find("mace")).map((hit) => hit.title)).toEqual(["Page 3"]);
    expect((await world.source()).metadata.last_sync_timestamp).not.toBe(before);
  });

  it.each([
    { embedding: { failures: 1, permanent: true }, code: "embedding_refused", tries: 1 },
    { embedding: { failures: 1000, permanent: false }, code: "embedding_failed", tries: MAX_PAGE_ATTEMPTS },
  ])(
    "pages keep their old content when they cannot be embedded ($code), and get the new one once they can",
    async ({ embedding, code, tries }) => {
      editPage(world.site, id(2), { body: bodyOf("mace") });
      Object.assign(world.embedding, embedding);
      expect(await world.sync()).toMatchObject({
        status: "completed_with_errors",
        sync_metrics: { pages_updated: 0, pages_failed: 1 },
        failed_pages: [{ page_id: id(2), code, message: expect.any(String) }],
      });
      expect(embedding.failures - world.embedding.failures).toBe(tries);
      expect(await row(id(2))).toMatchObject({ version: 1, chunk_count: 2, sync_error: { code } });
      expect((await world.find("word2")).map((hit) => hit.title)).toEqual(["Page 2"]);
      expect(await world.find("mace")).toEqual([]);
      world.embedding.failures = 0;
      world.pass(60_000);
      expect(await world.sync()).toMatchObject({ status: "completed", sync_metrics: { pages_updated: 1 } });
      expect((await world.find("mace")).map((hit) => hit.title)).toEqual(["Page 2"]);
      expect(await world.find("word2")).toEqual([]);
    },
  );

  it("failed pages are retried by the next sync although its query no longer shows them", async () => {
    spoil();
    await world.sync();
    world.pass(5 * 60 * 60_000);
    // From here on the watermark, overlap and all, lies beyond the edit.
    expect((await world.sync()).sync_metrics.pages_failed).toBe(1);
    world.pass(60_000);
    world.embedding.failures = 0;
    const operation = await world.sync();
    expect(operation).toMatchObject({
      status: "completed",
      pages_listed: 0,
      sync_metrics: { pages_updated: 1 },
    });
    expect(await row(id(2))).toMatchObject({ version: 2, sync_error: null });
  });

  it(`failed pages are given up after ${MAX_FAILED_SYNCS} syncs, stay visible as failed, and a newer version is tried again`, async () => {
    spoil();
    for (let n = 1; n <= MAX_FAILED_SYNCS; n += 1) {
      expect((await world.sync()).sync_metrics.pages_failed).toBe(1);
      expect(await row(id(2))).toMatchObject({ sync_error: { attempts: n } });
      world.pass(60 * 60_000);
    }
    world.takeRequests();
    const operation = await world.sync();
    expect(operation).toMatchObject({
      status: "completed_with_errors",
      failed_pages: [{ page_id: id(2), code: "embedding_refused" }],
    });
    expect((await world.sync({ mode: "full" })).failed_pages).toHaveLength(1);
    expect(world.takeRequests().filter((request) => request.query.includes("body-format"))).toEqual([]);
    world.embedding.failures = 0;
    editPage(world.site, id(2), { body: bodyOf("fennel") });
    expect(await world.sync()).toMatchObject({ status: "completed", sync_metrics: { pages_updated: 1 } });
    expect(await row(id(2))).toMatchObject({ version: 3, sync_error: null });
  });

  // Found by the simulation: a provider that refused for hours and was mended left pages behind until their next edit.
  it("a page that was given up is tried once a day, and stored when the reason is gone", async () => {
    spoil();
    for (let n = 1; n <= MAX_FAILED_SYNCS; n += 1) await world.sync();
    const tries = async () => {
      world.takeRequests();
      await world.sync();
      return world.takeRequests().filter((request) => request.query.includes("body-format")).length;
    };
    world.pass((GIVEN_UP_RETRY_HOURS - 1) * 60 * 60_000);
    expect(await tries()).toBe(0);
    world.pass(60 * 60_000);
    expect([await tries(), await tries()]).toEqual([1, 0]);
    world.embedding.failures = 0;
    world.pass(GIVEN_UP_RETRY_HOURS * 60 * 60_000);
    expect(await world.sync()).toMatchObject({ status: "completed", sync_metrics: { pages_updated: 1 } });
    expect(await row(id(2))).toMatchObject({ version: 2, sync_error: null });
  });

  // Found by the simulation: with a short interval, half an hour without Confluence was five syncs.
  it("pages are never given up for transient errors, however many syncs they last", async () => {
    editPage(world.site, id(2), { body: bodyOf("sorrel") });
    const hidden = { effect: "empty_listing", path: "body-format=storage", times: 100_000, skip: 0 } as const;
    world.site.faults.push({ ...hidden });
    for (let n = 1; n <= 2 * MAX_FAILED_SYNCS; n += 1) {
      expect((await world.sync()).sync_metrics.pages_failed).toBe(1);
      world.pass(60 * 60_000);
    }
    world.site.faults.length = 0;
    expect(await world.sync()).toMatchObject({ status: "completed", sync_metrics: { pages_updated: 1 } });
    expect((await world.find("sorrel")).map((hit) => hit.title)).toEqual(["Page 2"]);
  });

  it("pages that are repeatedly reported elsewhere are skipped until a full listing shows them", async () => {
    editPage(world.site, id(2), { body: bodyOf("sorrel") });
    // The search still shows the page as it was.
    world.site.settings.index_lag_seconds = 30 * 24 * 3600;
    movePage(world.site, id(2), { space: OTHER_SPACE, parentId: null });
    for (let n = 1; n <= MAX_FAILED_SYNCS; n += 1) {
      expect((await world.sync()).sync_metrics.pages_failed).toBe(0);
      expect(await row(id(2))).toMatchObject({ version: 1, sync_error: { code: NOT_CURRENT, attempts: n } });
      world.pass(60 * 60_000);
    }
    world.takeRequests();
    expect(await world.sync()).toMatchObject({ status: "completed" });
    expect(world.takeRequests().filter((request) => request.query.includes("body-format"))).toEqual([]);
    movePage(world.site, id(2), { space: SPACE, parentId: null });
    expect(await world.sync({ mode: "full" })).toMatchObject({ sync_metrics: { pages_updated: 1 } });
    expect(await row(id(2))).toMatchObject({ version: 2, sync_error: null });
  });

  it(`a page is tried ${MAX_PAGE_ATTEMPTS} times within a sync for transient errors, with growing delays`, async () => {
    editPage(world.site, id(2), { body: bodyOf("spoilt") });
    Object.assign(world.embedding, { failures: 100_000, permanent: false });
    const operation = await world.sync();
    expect(operation).toMatchObject({
      status: "completed_with_errors",
      failed_pages: [{ code: "embedding_failed" }],
    });
    const bulk = world.takeRequests().filter((request) => request.query.includes("body-format=storage"));
    expect(bulk).toHaveLength(MAX_PAGE_ATTEMPTS);
    const times = bulk.map((request) => Date.parse(request.at));
    const waits = times.slice(1).map((time, n) => time - (times[n] ?? 0));
    expect(waits.at(-1)).toBeGreaterThan(2 * (waits[0] ?? 0));
    expect(world.queues.deadLetters()).toEqual([]);
  });

  it("pages that were never stored are not lost when their first sync is cancelled or fails", async () => {
    editPage(world.site, id(4), { body: bodyOf("dill") });
    const operation = await world.startSync();
    await world.deliverOne("plan");
    world.site.settings.token = "another";
    expect((await world.ended(operation)).status).toBe("failed");
    world.site.settings.token = "demo-token";
    await world.sync();
    expect((await world.find("dill")).map((hit) => hit.title)).toEqual(["Page 4"]);
  });

  /** Every page is edited; page 3 needs a call of its own, at which the worker crashes. */
  const editAll = () => {
    for (let n = 1; n <= 6; n += 1) {
      editPage(world.site, id(n), { body: n === 3 ? RENDERED_BODY : bodyOf(`basil${n}`) });
    }
    const crashes: string[] = [];
    world.scheduler.crashAt((step) => {
      const crashed = step.endsWith(`/pages/${id(3)}`);
      if (crashed) crashes.push(step);
      return crashed;
    });
    return crashes;
  };

  it(`pages that always crash their worker are given up after ${MAX_CRASHES} crashes alone, and affect no other page`, async () => {
    const crashes = editAll();
    expect(await world.sync()).toMatchObject({
      status: "completed_with_errors",
      sync_metrics: { pages_updated: 5, pages_failed: 1 },
      failed_pages: [
        { page_id: id(3), code: "worker_died", message: expect.stringContaining(`${MAX_CRASHES} times`) },
      ],
    });
    // The first took its batch along, and was held against none of it.
    expect(crashes).toHaveLength(MAX_CRASHES + 1);
    expect(await row(id(3))).toMatchObject({
      version: 1,
      sync_error: { code: "worker_died", permanent: true },
    });
    expect((await world.find("word3")).map((hit) => hit.title)).toContain("Page 3");
    // The next sync tries it again: the fault may have been the worker's.
    world.scheduler.crashAt(null);
    expect(await world.sync()).toMatchObject({ status: "completed", sync_metrics: { pages_updated: 1 } });
  });

  it("pages that crash their worker let all others of their batch be stored after the first crash", async () => {
    editAll();
    await world.startSync();
    const stored = async () => {
      const rows = await database.sql`select page_id from confluence_pages where version > 1`;
      return rows.length;
    };
    await world.drain();
    for (let minutes = 0; minutes < 4; minutes += 1) await world.minute();
    expect(await stored()).toBe(5);
  });

  it.each([5, 12])(
    "pages whose whole process was killed %i times are all stored in the end",
    async (kills) => {
      for (let n = 1; n <= 6; n += 1) editPage(world.site, id(n), { body: bodyOf(`basil${n}`) });
      const operation = await world.startSync();
      await world.deliverOne("plan");
      // Killed a step later each time, started again as the local runner is: every claim is forgotten, the sweeper sends.
      for (let n = 0; n < kills; n += 1) {
        await world.deliverOne("page", 3 + (n % 9));
        await releaseAllClaims(database.sql);
        world.invoke("sweep", {}, Number.POSITIVE_INFINITY);
        while (world.scheduler.running() > 0) await world.scheduler.advance();
      }
      expect(await world.ended(operation)).toMatchObject({
        status: "completed",
        sync_metrics: { pages_updated: 6, pages_failed: 0 },
      });
    },
  );

  /** The local runner is killed where page 3 needs a call of its own, and started again: at most so often. */
  const killAndRestart = async (atMost: number): Promise<number> => {
    let kills = 0;
    let isKilled = true;
    world.scheduler.crashAt((step) => {
      const crashes = kills < atMost && step.endsWith(`/pages/${id(3)}`);
      if (crashes) kills += 1;
      isKilled ||= crashes;
      return crashes;
    });
    while (isKilled) {
      isKilled = false;
      await releaseAllClaims(database.sql);
      world.invoke("sweep", {}, Number.POSITIVE_INFINITY);
      while (world.scheduler.running() > 0) await world.scheduler.advance();
      await world.drain();
    }
    world.scheduler.crashAt(null);
    return kills;
  };

  it("a page that is the only one left is stored although the whole process was killed five times", async () => {
    editPage(world.site, id(3), { body: RENDERED_BODY });
    const operation = await world.startSync();
    await world.deliverOne("plan");
    expect(await killAndRestart(MAX_CRASHES + 1)).toBe(MAX_CRASHES + 1);
    expect(await world.ended(operation)).toMatchObject({
      status: "completed",
      sync_metrics: { pages_updated: 1, pages_failed: 0 },
    });
  });

  it("a page that kills the whole process each time is given up, after more restarts", async () => {
    editPage(world.site, id(3), { body: RENDERED_BODY });
    const operation = await world.startSync();
    await world.deliverOne("plan");
    expect(await killAndRestart(100)).toBe(MAX_CRASHES * RESTARTS_PER_CRASH);
    expect(await world.ended(operation)).toMatchObject({
      status: "completed_with_errors",
      failed_pages: [{ page_id: id(3), code: "worker_died" }],
    });
  });

  it("pages are not blamed for others when two workers crash at once, one with a batch and one with a single page", async () => {
    const crashes = editAll();
    const operation = await world.startSync();
    await world.drain();
    expect(crashes).toHaveLength(1);
    const [row] = await database.sql`
      select count(*) filter (where crashes > 0)::int as held from sync_work where operation_id = ${operation}`;
    expect(row?.held).toBe(0);
    await world.ended(operation);
    const rows = await database.sql`
      select page_id from sync_work where operation_id = ${operation} and crashes > 0`;
    expect(rows.map(({ page_id }) => page_id)).toEqual([id(3)]);
  });
});
