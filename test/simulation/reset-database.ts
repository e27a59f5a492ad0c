import type { TestDatabase } from "#test/support/test-database.ts";

/** Histories after which the tables are truncated: what is deleted stays in the files until then, and is read over. */
const TRUNCATE_EVERY = 25;

/**
 * Empties the database before a history, and sets up its session for many small ones. Truncating costs a file a table and makes
 * every prepared statement be planned anew; with generic plans and rows that are deleted a history takes a third less time.
 */
export function databaseResetter(database: TestDatabase): () => Promise<void> {
  let histories = 0;
  return async () => {
    const { sql } = database;
    // Nobody relies on what a crash of the server would lose.
    await sql`select set_config('plan_cache_mode', 'force_generic_plan', false), set_config('synchronous_commit', 'off', false)`;
    if (histories++ % TRUNCATE_EVERY === 0) return database.clear();
    await sql`delete from archon_sources`;
    await sql`delete from confluence_sites`;
    await sql`delete from archon_chunk_embeddings`;
    await sql`delete from archon_staged_chunks`;
    await sql`delete from event_outbox`;
    // The same ids for the same seed.
    await sql`
      select setval(pg_get_serial_sequence(name, 'id'), 1, false)
      from unnest(${["archon_crawled_pages", "event_outbox"]}::text[]) as tables (name)`;
  };
}
