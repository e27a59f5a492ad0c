import type postgres from "postgres";
import { connect, type DatabaseOptions } from "#shared/db/connect.ts";
import { migrate } from "#shared/db/migrate.ts";
import { readMigrations } from "#shared/db/read-migrations.ts";

export const TEST_SCHEMA = "confluence_sync";

/** Migrates an empty database; the connection is the caller's to end. */
export async function migrateTestDatabase(
  address: Pick<DatabaseOptions, "url" | "socket">,
): Promise<postgres.Sql> {
  const sql = connect({ ...address, schema: TEST_SCHEMA, maxConnections: 1 });
  await migrate(sql, TEST_SCHEMA, await readMigrations());
  return sql;
}
