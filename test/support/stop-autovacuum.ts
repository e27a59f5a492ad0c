import type { Sql } from "#shared/db/connect.ts";

/** A server's autovacuum analyzes tables at a time of its own; these it leaves, so that a test decides when they have statistics. */
export async function stopAutovacuum(sql: Sql, tables: readonly string[]): Promise<void> {
  for (const table of tables) await sql`alter table ${sql(table)} set (autovacuum_enabled = false)`;
}
