import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Json } from "#shared/db/connect.ts";
import { logMetrics } from "#shared/log-metrics.ts";
import { measureHealth } from "#shared/syncs/schedules/measure-health.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const NOW = new Date("2026-03-10T12:00:00Z");
const minutesAgo = (minutes: number) => new Date(NOW.getTime() - minutes * 60_000);

const RIGHTS = { rightsMaxAgeMs: 4 * 60 * 60_000, sweepMinutes: 15 };

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
    const health = await measureHealth(database.sql, NOW, RIGHTS);
    expect(Object.values(health).every((value) => value === 0)).toBe(true);
    // Each is a metric of the same name.
    expect(logMetrics["health.measured"].map(({ field }) => field).sort()).toEqual(
      Object.keys(health).sort(),
    );
  });

  it("measureHealth counts a source as overdue after three intervals and an hour, not before, and never one without an interval", async () => {
    await addSource("fresh", { lastSync: minutesAgo(89) });
    await addSource("on-demand", { lastSync: minutesAgo(50_000), interval: null });
    expect(await measureHealth(database.sql, NOW, RIGHTS)).toMatchObject({
      overdue_sources: 0,
      max_lag_seconds: 89 * 60,
    });
    await addSource("late", { lastSync: minutesAgo(91) });
    await addSource("never-synced");
    expect(await measureHealth(database.sql, NOW, RIGHTS)).toMatchObject({ overdue_sources: 2 });
  });

  it("measureHealth counts what waits for a person", async () => {
    await addSource("expired", { status: "credentials_expired", lastSync: NOW });
    await addSource("lost", { status: "space_unavailable", lastSync: NOW });
    await addSource("held", { lastSync: NOW, metadata: { deletions_held: { candidates: 9 } } });
    await addSource("released", { lastSync: NOW, metadata: { deletions_held: null } });
    expect(await measureHealth(database.sql, NOW, RIGHTS)).toMatchObject({
      expired_sources: 1,
      unavailable_sources: 1,
      held_sources: 1,
    });
  });

  it("measureHealth counts the sources whose weekly deletion check is two days late", async () => {
    const daysAgo = (days: number) => minutesAgo(days * 24 * 60).toISOString();
    for (const [id, days, metadata] of [
      ["late", 9.1, {}],
      ["in-time", 8.9, {}],
      ["after-syncs", 30, { deletion_strategy: "every_sync" }],
    ] as const)
      await addSource(id, {
        lastSync: NOW,
        metadata: { sync_metrics: {}, last_deletion_check: daysAgo(days), ...metadata },
      });
    await addSource("unsynced");
    await addSource("never-checked", { lastSync: NOW, metadata: { sync_metrics: {} } });
    expect(await measureHealth(database.sql, NOW, RIGHTS)).toMatchObject({ overdue_checks: 2 });
  });

  it("measureHealth counts failed pages, but not those of deleted pages or sources", async () => {
    await addSource("s", { lastSync: NOW });
    await addSource("going", { status: "deleting" });
    const error = database.sql.json({ code: "x" });
    await database.sql`insert into confluence_pages (source_id, page_id, title, sync_error, is_deleted) values
      ('s', '1', 't', ${error}, false), ('s', '2', 't', ${error}, true), ('s', '3', 't', null, false), ('going', '4', 't', ${error}, false)`;
    expect(await measureHealth(database.sql, NOW, RIGHTS)).toMatchObject({ failed_pages: 1 });
  });

  it("measureHealth returns how long edits took to become findable, in spaces that a pulse watches", async () => {
    await addSource("watched", { lastSync: minutesAgo(10) });
    await addSource("other", { lastSync: minutesAgo(10) });
    await database.sql`update confluence_sites set pulse = true, last_pulse_at = ${NOW} where account_id = 'watched'`;
    await database.sql`
      insert into archon_progress (operation_id, source_id, operation_type, status, actor, created_at, finished_at, updated_at)
      select gen_random_uuid(), source_id, 'confluence_sync', 'completed', 'api', ${minutesAgo(300)}, ${minutesAgo(290)}, ${NOW}
      from archon_sources`;
    const page = (source: string, id: string, edited: number, stored: number) =>
      database.sql`
        insert into confluence_pages (source_id, page_id, title, modified_at, last_synced_at)
        values (${source}, ${id}, 't', ${minutesAgo(edited)}, ${minutesAgo(stored)})`;
    for (let n = 0; n < 20; n += 1) await page("watched", `quick-${n}`, 31, 30);
    await page("watched", "slow", 50, 10);
    // Found by the first sync, stored hours ago, or by a source that only its interval syncs.
    await page("watched", "first", 400, 20);
    await page("watched", "old", 280, 70);
    await page("other", "not-watched", 100, 5);
    expect(await measureHealth(database.sql, NOW, RIGHTS)).toMatchObject({
      findable_p50_seconds: 60,
      findable_p95_seconds: 60,
      findable_max_seconds: 2400,
      overdue_pulses: 0,
    });
  });

  it("measureHealth counts the sites whose pulse is overdue, once however many their sources", async () => {
    await addSource("late", { lastSync: NOW });
    await addSource("quick", { lastSync: NOW });
    await addSource("without-pulse", { lastSync: NOW });
    await addSource("on-demand", { lastSync: NOW, interval: null });
    await database.sql`update confluence_sites set pulse = true where account_id <> 'without-pulse'`;
    await database.sql`update confluence_sites set last_pulse_at = ${minutesAgo(21)} where account_id in ('late', 'on-demand')`;
    await database.sql`update confluence_sites set last_pulse_at = ${minutesAgo(19)} where account_id = 'quick'`;
    expect(await measureHealth(database.sql, NOW, RIGHTS)).toMatchObject({ overdue_pulses: 1 });
  });

  it("measureHealth counts the sources whose rights are overdue, those that show nothing for it, and old directories", async () => {
    for (const [id, access, minutes] of [
      ["open", "everything", 9999],
      ["fresh", "per_user", 59],
      ["overdue", "unrestricted", 61],
      ["withheld", "per_user", 241],
    ] as const) {
      await addSource(id, { lastSync: NOW });
      await database.sql`
        update archon_sources set access = ${access}, access_verified_at = ${minutesAgo(minutes)} where source_id = ${id}`;
      await database.sql`
        update confluence_sites set directory_verified_at = ${minutesAgo(minutes === 59 ? 19 : 21)} where account_id = ${id}`;
    }
    expect(await measureHealth(database.sql, NOW, RIGHTS)).toMatchObject({
      overdue_sweeps: 2,
      withheld_sources: 1,
      stale_directories: 1,
    });
    // Where rights are read more rarely, what is known of them is older.
    expect(await measureHealth(database.sql, NOW, { ...RIGHTS, sweepMinutes: 120 })).toMatchObject({
      overdue_sweeps: 0,
    });
  });

  it("measureHealth counts the tokens that end within a fortnight, ended ones too", async () => {
    for (const [id, days] of [
      ["ended", -1],
      ["soon", 13],
      ["later", 15],
    ] as const) {
      await addSource(id, { lastSync: NOW });
      await database.sql`update confluence_sites set token_expires_at = ${minutesAgo(-days * 24 * 60)} where account_id = ${id}`;
    }
    expect(await measureHealth(database.sql, NOW, RIGHTS)).toMatchObject({ expiring_tokens: 2 });
  });

  it("measureHealth counts the hooks that announced none of the last three edits found, of sites that are synced", async () => {
    for (const [id, missed] of [
      ["silent", 3],
      ["heard", 2],
      ["expired", 9],
    ] as const) {
      await addSource(id, { lastSync: NOW });
      await database.sql`
        insert into confluence_hooks (hook_id, site_id, kind, secret_hash, created_at, missed_since_delivery)
        select gen_random_uuid()::text, site_id, 'generic', 'hash', ${NOW}, ${missed} from confluence_sites where account_id = ${id}`;
    }
    await database.sql`update confluence_sites set status = 'credentials_expired' where account_id = 'expired'`;
    expect(await measureHealth(database.sql, NOW, RIGHTS)).toMatchObject({ silent_hooks: 1 });
  });

  it("measureHealth returns the age of the oldest unsent event", async () => {
    await database.sql`insert into event_outbox (event_type, detail, created_at, sent_at) values
      ('a', '{}', ${minutesAgo(60)}, ${NOW}), ('b', '{}', ${minutesAgo(20)}, null), ('c', '{}', ${minutesAgo(5)}, null)`;
    expect(await measureHealth(database.sql, NOW, RIGHTS)).toMatchObject({
      oldest_unsent_event_seconds: 1200,
    });
  });
});
