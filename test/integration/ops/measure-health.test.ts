import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Json } from "#shared/db/connect.ts";
import { logMetrics } from "#shared/log-metrics.ts";
import { measureHealth } from "#shared/syncs/schedules/measure-health.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const NOW = new Date("2026-03-10T12:00:00Z");
const minutesAgo = (minutes: number) => new Date(NOW.getTime() - minutes * 60_000);

describe("measureHealth", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterEach(() => database.clear());
  afterAll(() => database.close());

  async function addSource(
    id: string,
    given: {
      lastSync?: Date;
      interval?: number | null;
      status?: string;
      metadata?: Record<string, Json>;
    } = {},
  ) {
    const { lastSync, interval = 10, status = "active", metadata = {} } = given;
    const all = { ...metadata, ...(lastSync ? { last_sync_timestamp: lastSync.toISOString() } : {}) };
    await database.sql`
      insert into archon_sources (source_id, title, base_url, space_key, space_id, space_name, account_id, embedding_model,
        sync_interval_minutes, status, metadata, created_at, updated_at)
      values (${id}, ${id}, 'https://x.atlassian.net', ${id}, '1', ${id}, ${id}, 'm', ${interval}, ${status},
        ${database.sql.json(all)}, ${minutesAgo(100_000)}, ${NOW})`;
  }

  it("measureHealth returns zeros for an empty service", async () => {
    const health = await measureHealth(database.sql, NOW);
    expect(Object.values(health).every((value) => value === 0)).toBe(true);
    // Each is a metric of the same name.
    expect(logMetrics["health.measured"].map(({ field }) => field).sort()).toEqual(
      Object.keys(health).sort(),
    );
  });

  it("measureHealth counts a source as overdue after three intervals and an hour, not before, and never one without an interval", async () => {
    await addSource("fresh", { lastSync: minutesAgo(89) });
    await addSource("on-demand", { lastSync: minutesAgo(50_000), interval: null });
    expect(await measureHealth(database.sql, NOW)).toMatchObject({
      overdue_sources: 0,
      max_lag_seconds: 89 * 60,
    });
    await addSource("late", { lastSync: minutesAgo(91) });
    await addSource("never-synced");
    expect(await measureHealth(database.sql, NOW)).toMatchObject({ overdue_sources: 2 });
  });

  it("measureHealth counts what waits for a person", async () => {
    await addSource("expired", { status: "credentials_expired", lastSync: NOW });
    await addSource("lost", { status: "space_unavailable", lastSync: NOW });
    await addSource("held", { lastSync: NOW, metadata: { deletions_held: { candidates: 9 } } });
    await addSource("released", { lastSync: NOW, metadata: { deletions_held: null } });
    expect(await measureHealth(database.sql, NOW)).toMatchObject({
      expired_sources: 1,
      unavailable_sources: 1,
      held_sources: 1,
    });
  });

  it("measureHealth counts failed pages, but not those of deleted pages or sources", async () => {
    await addSource("s", { lastSync: NOW });
    await addSource("going", { status: "deleting" });
    const error = database.sql.json({ code: "x" });
    await database.sql`insert into confluence_pages (source_id, page_id, title, sync_error, is_deleted) values
      ('s', '1', 't', ${error}, false), ('s', '2', 't', ${error}, true), ('s', '3', 't', null, false), ('going', '4', 't', ${error}, false)`;
    expect(await measureHealth(database.sql, NOW)).toMatchObject({ failed_pages: 1 });
  });

  it("measureHealth returns the age of the oldest unsent event", async () => {
    await database.sql`insert into event_outbox (event_type, detail, created_at, sent_at) values
      ('a', '{}', ${minutesAgo(60)}, ${NOW}), ('b', '{}', ${minutesAgo(20)}, null), ('c', '{}', ${minutesAgo(5)}, null)`;
    expect(await measureHealth(database.sql, NOW)).toMatchObject({ oldest_unsent_event_seconds: 1200 });
  });
});
