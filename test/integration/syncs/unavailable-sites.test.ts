import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { editPage } from "#infra/local/confluence-site/edits.ts";
import { faultSchema } from "#infra/local/confluence-site/faults.ts";
import { ACCOUNT_ID, spaceByKey } from "#infra/local/confluence-site/site.ts";
import { updateSource } from "#shared/sources/sources.ts";
import { makeApiClient } from "#test/support/api-client.ts";
import { warningsOfSource } from "#test/support/source-warnings.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { bodyOf, makeSyncWorld, SOURCE_ID, SPACE, type SyncWorld } from "#test/support/sync-world.ts";

const INTERVAL_MINUTES = 30;

describe("a site that fails or shuts us out", () => {
  let database: TestDatabase;
  let world: SyncWorld;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    world = await makeSyncWorld(database.sql, { pages: 4, intervalMinutes: INTERVAL_MINUTES });
    await world.sync();
    world.takeRequests();
  });
  afterAll(() => database.close());

  /** What was logged of the source or the operation's end, at which level and why. */
  const reports = () =>
    world.logged
      .filter(({ event, fields }) => event.startsWith("source.") || fields.status === "failed")
      .map(({ level, event, fields }) => [level, event, fields.code]);
  const pages = () => database.sql`
    select page_id, version, is_deleted, missing_since, chunk_count from confluence_pages order by page_id`;
  /** What the schedule does in this time: its tick each minute, and what follows. */
  const scheduled = async (minutes: number) => {
    for (let n = 0; n < minutes; n += 1) await world.minute("start-scheduled-syncs");
  };
  const latest = async () => {
    const [row] =
      await database.sql`select operation_id from archon_progress order by created_at desc limit 1`;
    return world.progress(String(row?.operation_id));
  };

  it("a listing whose large pages fail is requested in smaller ones, and continues at once", async () => {
    world.site.faults.push({
      effect: "status",
      status: 504,
      retry_after: null,
      path: "limit=250",
      times: 1,
      skip: 0,
    });
    world.site.faults.push({
      effect: "status",
      status: 504,
      retry_after: null,
      path: "limit=125",
      times: 1,
      skip: 0,
    });
    const id = await world.startSync({ mode: "full" });
    await world.drain();
    expect((await world.progress(id)).status).toBe("completed");
    const limits = world
      .takeRequests()
      .filter((request) => request.query.includes("space-id="))
      .map((request) => new URLSearchParams(request.query).get("limit"));
    expect(limits).toEqual(["250", "125", "62"]);
  });

  it.each([
    ["returns 500", { effect: "status", status: 500, retry_after: null }, "confluence_failed", 500],
    ["closes connections", { effect: "reset" }, "connection_failed", undefined],
  ] as const)(
    "a site that %s to a listing is reported at the first failure, and no longer once it responds",
    async (_, fault, code, status) => {
      const api = await makeApiClient(world.services(null));
      const path = `/api/confluence/${SOURCE_ID}`;
      const failing = { ...fault, path: "/wiki/api/v2/pages?space-id", times: 100_000, skip: 0 };
      world.site.faults.push(faultSchema.parse(failing));
      world.logged.length = 0;
      const id = await world.startSync({ mode: "full" });
      await world.deliverOne("plan");
      const line = world.logged.find(({ event }) => event === "operation.retrying");
      expect(line).toMatchObject({
        level: "warn",
        fields: {
          operation_id: id,
          source_id: SOURCE_ID,
          code,
          attempt: 1,
          next_attempt_at: expect.any(String),
        },
      });
      expect(line?.fields.status).toBe(status);
      const next = String(line?.fields.next_attempt_at);
      expect(Date.parse(next)).toBeGreaterThan(world.now().getTime());
      const warning = { code: "confluence_failing", message: expect.stringContaining(next) };
      expect(await warningsOfSource(api, path)).toEqual([warning]);
      expect((await api("GET", `${path}/status`)).body).toMatchObject({
        status: "listing",
        warnings: [warning],
        log: expect.arrayContaining([{ at: expect.any(String), message: expect.stringContaining(code) }]),
      });
      world.site.faults.length = 0;
      world.pass(60_000);
      await world.deliverOne("plan");
      expect(await warningsOfSource(api, path)).toEqual([]);
      const { warnings, log } = (await api("GET", `${path}/status`)).body;
      expect(warnings).toEqual([]);
      expect(log.map((entry: { message: string }) => entry.message)).toContain(
        "Recovered: an attempt succeeded",
      );
    },
  );

  it("a site that returns no bodies is reported, and no longer once bodies return", async () => {
    const api = await makeApiClient(world.services(null));
    editPage(world.site, world.page("Page 2").id, { body: bodyOf("tamarind") });
    world.site.faults.push({
      effect: "status",
      status: 500,
      retry_after: null,
      path: "body-format=storage",
      times: 100_000,
      skip: 0,
    });
    world.logged.length = 0;
    const id = await world.startSync();
    await world.drain();
    expect(world.logged.filter(({ event }) => event === "page.retrying")).toMatchObject([
      { level: "warn", fields: { code: "confluence_failed", status: 500, attempt: 1 } },
    ]);
    const status = async () => (await api("GET", `/api/confluence/${SOURCE_ID}/status`)).body;
    expect(await status()).toMatchObject({
      status: "processing",
      warnings: [{ code: "confluence_failing" }],
    });
    world.site.faults.length = 0;
    expect((await world.ended(id)).status).toBe("completed");
    expect((await status()).warnings).toEqual([]);
  });

  it("an operation stalled by an internal error is reported", async () => {
    const api = await makeApiClient(world.services(null));
    editPage(world.site, world.page("Page 2").id, { body: bodyOf("tamarind") });
    const id = await world.startSync({ mode: "full" });
    await database.sql`alter table sync_work rename column listed_version to renamed`;
    try {
      await world.deliverOne("plan");
      const { warnings } = (await api("GET", `/api/progress/${id}`)).body;
      expect(warnings).toMatchObject([{ code: "operation_failing" }]);
    } finally {
      await database.sql`alter table sync_work rename column renamed to listed_version`;
    }
    expect((await world.ended(id)).status).toBe("completed");
    expect((await api("GET", `/api/progress/${id}`)).body.warnings).toEqual([]);
  });

  it("retries of a failing site wait longer and longer, then the operation ends with the reason", async () => {
    world.site.faults.push({ effect: "status", status: 500, retry_after: null, times: 100_000, skip: 0 });
    const operation = await world.ended(await world.startSync({ mode: "full" }));
    expect(operation).toMatchObject({ status: "failed", error: { code: "confluence_failed" } });
    expect(reports()).toEqual([["error", "operation.finished", "confluence_failed"]]);
    // Three tries a time (one, and two brief repeats), nine times within about an hour.
    const requests = world.takeRequests();
    expect(requests.length).toBe(27);
    const times = requests.map((request) => Date.parse(request.at));
    const waits = times.slice(1).map((time, n) => time - (times[n] ?? 0));
    expect(Math.max(...waits)).toBeGreaterThan(7 * 60_000);
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeLessThan(90 * 60_000);
    expect(world.queues.deadLetters()).toEqual([]);
  });

  it("a sync continues after an outage from its checkpoint, and its pages count no attempts for it", async () => {
    editPage(world.site, world.page("Page 2").id, { body: bodyOf("tamarind") });
    world.site.faults.push({ effect: "status", status: 502, retry_after: null, times: 7, skip: 3 });
    const operation = await world.ended(await world.startSync());
    expect(operation).toMatchObject({
      status: "completed",
      sync_metrics: { pages_updated: 1, pages_failed: 0 },
    });
    expect((await world.find("tamarind")).map((hit) => hit.title)).toEqual(["Page 2"]);
  });

  it("a refused token is marked and reported on the source, which is no longer synced by schedule", async () => {
    world.site.settings.token = "another";
    await scheduled(INTERVAL_MINUTES + 1);
    expect(await latest()).toMatchObject({ status: "failed", error: { code: "credentials_rejected" } });
    expect((await world.source()).status).toBe("credentials_expired");
    expect(reports()).toEqual([
      ["error", "source.credentials_expired", "credentials_rejected"],
      ["error", "operation.finished", "credentials_rejected"],
    ]);
    const [event] =
      await database.sql`select detail from event_outbox where event_type = 'source.credentials_expired'`;
    expect(event?.detail).toMatchObject({ source_id: SOURCE_ID });
    expect(world.takeRequests().length).toBe(1);
    await scheduled(3 * INTERVAL_MINUTES);
    expect(world.takeRequests()).toEqual([]);
    expect((await pages()).filter((page) => page.is_deleted || page.missing_since)).toEqual([]);
  });

  it("a token refused while pages are fetched stops all pages of the operation", async () => {
    for (const title of ["Page 1", "Page 2", "Page 3"])
      editPage(world.site, world.page(title).id, { body: bodyOf("sorrel") });
    const id = await world.startSync();
    await world.deliverOne("plan");
    world.site.settings.token = "another";
    world.takeRequests();
    const operation = await world.ended(id);
    expect(operation).toMatchObject({ status: "failed", error: { code: "credentials_rejected" } });
    expect(world.takeRequests().length).toBe(1);
    const [open] = await database.sql`select count(*)::int as count from sync_work where state = 'pending'`;
    expect(open?.count).toBe(0);
  });

  it("a source with a new token is brought up to date, including what was edited meanwhile", async () => {
    world.site.settings.token = "another";
    await scheduled(INTERVAL_MINUTES + 1);
    editPage(world.site, world.page("Page 3").id, { body: bodyOf("saffron") });
    world.pass(3 * 24 * 60 * 60_000);
    await updateSource(
      database.sql,
      SOURCE_ID,
      {
        credentials: {
          accountId: ACCOUNT_ID,
          email: "sync@example.com",
          encryptedToken: "another",
          boundTo: SOURCE_ID,
        },
        status: "active",
      },
      world.now(),
    );
    await scheduled(2);
    expect(await latest()).toMatchObject({ status: "completed", sync_metrics: { pages_updated: 1 } });
    expect((await world.find("saffron")).map((hit) => hit.title)).toEqual(["Page 3"]);
    expect((await world.source()).status).toBe("active");
  });

  it.each([
    ["out of sight", "hide"],
    ["answered by 403", 403],
    ["answered by 404", 404],
  ] as const)("a sync deletes nothing when the space is %s, reports it, and recovers", async (_, how) => {
    const before = await pages();
    const space = spaceByKey(world.site, SPACE);
    if (how === "hide" && space) space.visible = false;
    else if (how !== "hide") {
      world.site.faults.push({
        effect: "status",
        status: how,
        retry_after: null,
        path: "/spaces",
        // The check's labels, and the space itself; the same of the sync.
        times: 3,
        skip: 0,
      });
    }
    const check = await world.check({ force: true });
    expect(check).toMatchObject({ status: "failed", error: { code: "space_unavailable" } });
    expect((await world.source()).status).toBe("space_unavailable");
    expect(reports()).toEqual([
      ["error", "source.space_unavailable", "space_unavailable"],
      ["error", "operation.finished", "space_unavailable"],
    ]);
    const full = await world.sync({ mode: "full" });
    expect(full).toMatchObject({ status: "failed", error: { code: "space_unavailable" } });
    expect(await pages()).toEqual(before);
    if (space) space.visible = true;
    expect((await world.check()).status).toBe("completed");
    expect((await world.source()).status).toBe("active");
    expect(await pages()).toEqual(before);
  });

  it.each([
    ["its account", "/user/current", 403],
    ["a count", "/rest/api/search", 404],
    ["a search", "/content/search", 403],
    ["a listing", "/api/v2/pages?space-id", 404],
  ])("one refusal of %s says nothing about the space: the step is repeated", async (_, path, status) => {
    const fault = { effect: "status", status, retry_after: null, path, times: 1, skip: 0 } as const;
    for (const mode of ["incremental", "full"] as const) {
      editPage(world.site, world.page("Page 2").id, { body: bodyOf(mode) });
      world.site.faults.push(fault);
      expect(await world.sync({ mode })).toMatchObject({ status: "completed" });
    }
    expect((await world.source()).status).toBe("active");
    expect(reports()).toEqual([]);
  });

  it("an account that is refused again and again ends the operation with that reason, and leaves the source active", async () => {
    const path = "/user/current";
    world.site.faults.push({ effect: "status", status: 403, retry_after: null, path, times: 1e6, skip: 0 });
    const id = await world.startSync();
    await world.drain();
    expect(await warningsOfSource(world.api, `/api/confluence/${SOURCE_ID}`)).toMatchObject([
      { code: "confluence_failing", message: expect.stringContaining("/user/current") },
    ]);
    expect(await world.ended(id)).toMatchObject({ status: "failed", error: { code: "forbidden" } });
    expect((await world.source()).status).toBe("active");
    expect(world.takeRequests()).toHaveLength(9);
  });

  it("a search that finds nothing in a vanished space is not taken for a site without edits", async () => {
    const space = spaceByKey(world.site, SPACE);
    if (space) space.visible = false;
    const watermark = (await world.source()).metadata.last_sync_timestamp;
    world.pass(60 * 60_000);
    expect(await world.sync()).toMatchObject({ status: "failed", error: { code: "space_unavailable" } });
    expect((await world.source()).metadata.last_sync_timestamp).toBe(watermark);
  });

  it.each([
    ["of half an hour", INTERVAL_MINUTES],
    ["of a week", 7 * 24 * 60],
  ])(
    "a space that is out of reach is tried by schedule once a day with an interval %s, and is active again once it responds",
    async (_, minutes) => {
      const space = spaceByKey(world.site, SPACE);
      if (space) space.visible = false;
      await scheduled(INTERVAL_MINUTES + 1);
      await database.sql`update archon_sources set sync_interval_minutes = ${minutes}`;
      expect((await world.source()).status).toBe("space_unavailable");
      if (space) space.visible = true;
      editPage(world.site, world.page("Page 1").id, { body: bodyOf("cardamom") });
      world.pass(24 * 60 * 60_000);
      await scheduled(2);
      expect((await world.source()).status).toBe("active");
      expect((await world.find("cardamom")).map((hit) => hit.title)).toEqual(["Page 1"]);
    },
  );
});
