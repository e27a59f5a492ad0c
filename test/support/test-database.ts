import type postgres from "postgres";
import { connect, guardRoot, type DatabaseOptions } from "#shared/db/connect.ts";
import { migrate } from "#shared/db/migrate.ts";
import { readMigrations } from "#shared/db/read-migrations.ts";
import { startEmbeddedDatabase } from "#infra/local/runner/database.ts";
import { embeddedImage } from "./databases/image.ts";
import { emptyTables } from "./databases/empty-tables.ts";
import { listenFor } from "./databases/listen.ts";
import { TEST_SCHEMA } from "./databases/migrated.ts";
import { createDatabase } from "./databases/server.ts";

export { TEST_SCHEMA };

export type TestDatabase = {
  sql: postgres.Sql;
  /** For `connect` in this process. */
  address: Pick<DatabaseOptions, "url" | "socket">;
  /** A URL for clients that cannot take `address`; one session on PGlite, so `sql` must have ended. */
  listen: () => Promise<string>;
  /** False on PGlite: one connection, so nothing that needs two sessions can be shown on it. */
  concurrent: boolean;
  /** Empties every table but the migrations' ledger and the registered models. */
  clear: () => Promise<void>;
  close: () => Promise<void>;
};

/**
 * A database of its own, migrated and empty, or not even migrated when `migrated` is false: on the server of DATABASE_URL when
 * set, else PGlite in memory. In a test run it is a copy of one that was migrated before the first suite.
 */
export async function createTestDatabase(
  options: { maxConnections?: number; migrated?: boolean } = {},
): Promise<TestDatabase> {
  const server = process.env.DATABASE_URL;
  const migrated = options.migrated ?? true;
  const made = server ? await createOnServer(server, migrated) : await createEmbedded(migrated);
  const sql = guardRoot(
    connect({
      ...made.address,
      schema: TEST_SCHEMA,
      maxConnections: server ? (options.maxConnections ?? 10) : 1,
    }),
  );
  const listeners: { close: () => Promise<void> }[] = [];
  if (migrated && !made.migrated) await migrate(sql, TEST_SCHEMA, await readMigrations());
  return {
    sql,
    address: made.address,
    listen: async () => {
      const { url, socket } = made.address;
      if (!socket) return url;
      const listening = await listenFor(socket);
      listeners.push(listening);
      return listening.url;
    },
    concurrent: Boolean(server),
    clear: () => emptyTables(sql),
    close: async () => {
      await sql.end({ timeout: 5 });
      for (const listener of listeners) await listener.close();
      await made.close();
    },
  };
}

type Made = { address: TestDatabase["address"]; close: () => Promise<void>; migrated: boolean };

async function createEmbedded(migrated: boolean): Promise<Made> {
  const image = migrated ? { image: await embeddedImage() } : {};
  return { ...(await startEmbeddedDatabase({ schema: TEST_SCHEMA, ...image })), migrated };
}

/** Scripts run without the global setup and have no template to copy. */
async function createOnServer(server: string, migrated: boolean): Promise<Made> {
  const template = migrated ? process.env["TEST_DATABASE_TEMPLATE"] : undefined;
  const { url, drop } = await createDatabase(server, template);
  return { address: { url }, close: drop, migrated: template !== undefined };
}
