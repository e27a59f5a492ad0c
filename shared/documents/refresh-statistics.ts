import type { Sql } from "#shared/db/connect.ts";

/** The tables whose statistics searches live on: how common a word is, and which index pays. */
const TABLES = ["archon_crawled_pages", "archon_chunk_embeddings", "confluence_pages"];

/**
 * Analyzes tables that changed by a fifth since they were last analyzed, and answers which. A server's autovacuum does that by
 * itself; PGlite has none, and a first sync need not wait for it.
 */
export async function refreshStatistics(sql: Sql): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`
    select relname as name from pg_stat_user_tables
    where relid = any(${TABLES}::text[]::regclass[]::oid[]) and n_mod_since_analyze > 50 + n_live_tup / 5
    order by relname`;
  for (const { name } of rows) await sql`analyze ${sql(name)}`;
  return rows.map((row) => row.name);
}
