import type { Sql } from "#shared/db/connect.ts";

/** The tables whose statistics searches depend on: how common a word is, and which index pays off. */
const TABLES = ["archon_crawled_pages", "archon_chunk_embeddings", "confluence_pages"];

/**
 * Analyzes tables of which more than a fifth changed since they were last analyzed, and returns their names. A server's
 * autovacuum does that by itself; PGlite has none, and a first sync need not wait for it.
 */
export async function refreshStatistics(sql: Sql): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`
    select relname as name from pg_stat_user_tables
    where relid = any(${TABLES}::text[]::regclass[]::oid[]) and n_mod_since_analyze > 50 + n_live_tup / 5
    order by relname`;
  return analyze(sql, rows);
}

/**
 * Analyzes tables that have rows but no statistics, or whose number of rows in the statistics is off by more than a
 * twentieth, and returns their names. PGlite forgets at each stop what changed since the last analysis, so this function counts.
 */
export async function restoreStatistics(sql: Sql): Promise<string[]> {
  const counted: { name: string; rows: number }[] = [];
  for (const name of TABLES) {
    const [row] = await sql<{ rows: number }[]>`select count(*)::int as rows from ${sql(name)}`;
    counted.push({ name, rows: row?.rows ?? 0 });
  }
  const rows = await sql<{ name: string }[]>`
    select t.name from jsonb_to_recordset(${sql.json(counted)}) as t (name text, rows float8)
    join pg_class c on c.oid = t.name::regclass
    where abs(t.rows - c.reltuples) > t.rows / 20 or (t.rows > 0 and not exists (
      select from pg_stats s where s.schemaname = c.relnamespace::regnamespace::name and s.tablename = c.relname))
    order by t.name`;
  return analyze(sql, rows);
}

async function analyze(sql: Sql, tables: readonly { name: string }[]): Promise<string[]> {
  for (const { name } of tables) await sql`analyze ${sql(name)}`;
  return tables.map((table) => table.name);
}
