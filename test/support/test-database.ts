import { randomUUID } from "node:crypto";
import postgres from "postgres";
import { connect, guardRoot } from "#shared/db/connect.ts";
import { migrate } from "#shared/db/migrate.ts";
import { readMigrations } from "#shared/db/read-migrations.ts";
import { startEmbeddedDatabase } from "#infra/local/runner/database.ts";

export const TEST_SCHEMA = "confluence_sync";

export type TestDatabase = {
  sql: postgres.Sql;
  url: string;
  /** False on PGlite: one connection, so nothing that needs two sessions can be shown on it. */
  concurrent: boolean;
  /** Empties every table but the migrations' ledger and the registered models. */
  clear: () => Promise<void>;
  close: () => Promise<void>;
};

/** On the server of DATABASE_URL when set, else on PGlite in memory: a database of its own, migrated and empty. */
export async function createTestDatabase(options: { maxConnections?: number } = {}): Promise<TestDatabase> {
  const server = process.env.DATABASE_URL;
  const made = server
    ? await createOnServer(server)
    : { ...(await startEmbeddedDatabase({ schema: TEST_SCHEMA })), drop: async () => {} };
  const sql = guardRoot(
    connect({
      url: made.url,
      schema: TEST_SCHEMA,
      maxConnections: server ? (options.maxConnections ?? 10) : 1,
    }),
  );
  await migrate(sql, TEST_SCHEMA, await readMigrations());
  return {
    sql,
    url: made.url,
    concurrent: server !== undefined,
    clear: async () => {
      await sql`truncate archon_sources, event_outbox restart identity cascade`;
    },
    close: async () => {
      await sql.end({ timeout: 5 });
      await made.close();
    },
  };
}

/** A database of its own on the server, dropped at `close`; the message says what to start when no server answers. */
async function createOnServer(server: string): Promise<{ url: string; close: () => Promise<void> }> {
  const name = `confluence_sync_test_${randomUUID().replaceAll("-", "")}`;
  const admin = postgres(server, { max: 1, onnotice: () => {} });
  try {
    await admin`create database ${admin(name)}`;
  } catch (error) {
    throw new Error(
      "DATABASE_URL names no Postgres that can make databases. Start one with .ci/start-postgres, or unset DATABASE_URL to test on PGlite",
      { cause: error },
    );
  } finally {
    await admin.end();
  }
  const url = new URL(server);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    close: async () => {
      const dropper = postgres(server, { max: 1, onnotice: () => {} });
      await dropper`drop database if exists ${dropper(name)} with (force)`;
      await dropper.end();
    },
  };
}
