import type { Sql } from "#shared/db/connect.ts";
import { vi } from "vitest";

/** Until a session of this database waits for a lock: on a server. The embedded database has one transaction at a time. */
export async function untilASessionWaits(sql: Sql): Promise<void> {
  if (!process.env.DATABASE_URL) return;
  const waiting = () => sql`
    select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
  await vi.waitUntil(async () => (await waiting()).length > 0, { timeout: 30_000 });
}
