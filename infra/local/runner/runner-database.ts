import { join } from "node:path";
import type postgres from "postgres";
import { connect, guardRoot } from "#shared/db/connect.ts";
import { migrate } from "#shared/db/migrate.ts";
import { migrationsOfNewerCode } from "#shared/db/newer-database.ts";
import { readMigrations } from "#shared/db/read-migrations.ts";
import { errorMessage, UserError } from "#shared/errors.ts";
import type { Env } from "#shared/env.ts";
import type { Log } from "#shared/log.ts";
import { makeRequestsFirst, type RequestsFirst } from "./requests-first.ts";
import { requirePostgres } from "./postgres-peer.ts";
import { startEmbeddedDatabase, type EmbeddedDatabase } from "./database.ts";

export type OpenDatabase = {
  sql: postgres.Sql;
  /** For people: no password. */
  name: string;
  /** No other process uses it: the data folder is locked, or it is in memory. */
  exclusive: boolean;
  /** Runs a request, for which other work on the embedded database waits. */
  request: RequestsFirst["request"];
  close: () => Promise<void>;
};

/**
 * The database that all functions share, migrated: the server of DATABASE_URL with a pool, else PGlite with its one
 * connection, kept under `dataDir` or in memory.
 */
export async function openDatabase(options: {
  env: Env;
  dataDir: string | null;
  /** The initial files of a new embedded database; default: empty. */
  image?: Blob | undefined;
  log: Log;
  /**
   * Neither migrates nor writes; a database that lacks migrations is refused (`database_outdated`), and one that newer code changed too
   * much (`database_newer`), as when it is migrated.
   */
  readOnly?: boolean;
}): Promise<OpenDatabase> {
  const { env, log, readOnly = false } = options;
  const embedded = env.DATABASE_URL ? null : await startEmbedded(options, env.DB_SCHEMA);
  const address = embedded?.address ?? { url: env.DATABASE_URL ?? "" };
  const connected = connect({
    ...address,
    schema: env.DB_SCHEMA,
    maxConnections: embedded ? 1 : env.DATABASE_MAX_CONNECTIONS,
    transactionPooler: env.DATABASE_POOLER === "transaction",
    readOnly,
  });
  const turns = embedded ? makeRequestsFirst() : null;
  const sql = guardRoot(turns ? turns.wrapSql(connected) : connected);
  const close = async () => {
    await sql.end({ timeout: 5 });
    await embedded?.close();
  };
  try {
    await checkReachable(async () => {
      if (!embedded) await requirePostgres(sql.options);
      await sql`select 1`;
    }, address.url);
    // PGlite ignores the startup parameters of a connection.
    if (readOnly && embedded) await sql`set default_transaction_read_only = on`;
    if (readOnly) await requireMigrations(sql, env.DB_SCHEMA);
    else await applyMigrations(sql, env.DB_SCHEMA, log);
  } catch (error) {
    await close();
    throw error;
  }
  const name = embedded ? embeddedName(options.dataDir) : withoutPassword(address.url);
  return {
    sql,
    name,
    exclusive: embedded !== null,
    request: turns?.request ?? (async (work) => work()),
    close,
  };
}

async function applyMigrations(sql: postgres.Sql, schema: string, log: Log): Promise<void> {
  const { applied, functions, advice } = await migrate(sql, schema, await readMigrations());
  if (applied.length + functions.length > 0)
    log.info("migration.applied", { migrations: applied, functions });
  for (const text of advice) log.warn("migration.applied", { advice: text });
}

async function requireMigrations(sql: postgres.Sql, schema: string): Promise<void> {
  const [ledger] = await sql`select to_regclass(${`${schema}.schema_migrations`}) as made`;
  const applied = ledger?.made
    ? await sql<{ name: string }[]>`select name from ${sql(schema)}.schema_migrations`
    : [];
  const names = new Set(applied.map(({ name }) => name));
  const { numbered } = await readMigrations();
  const missing = numbered.filter(({ name }) => !names.has(name));
  if (missing.length > 0) {
    throw new UserError(
      409,
      "database_outdated",
      `Schema "${schema}" lacks ${missing.length} migrations (${missing[0]?.name}, …): npm start applies them. Check DATABASE_URL, DATA_DIR and DB_SCHEMA`,
    );
  }
  await migrationsOfNewerCode(
    sql,
    schema,
    numbered.map(({ name }) => name),
  );
}

async function startEmbedded(
  { dataDir, image }: { dataDir: string | null; image?: Blob | undefined },
  schema: string,
): Promise<EmbeddedDatabase> {
  const folder = dataDir ? join(dataDir, "database") : undefined;
  try {
    return await startEmbeddedDatabase({ ...(folder ? { dataDir: folder } : {}), image, schema });
  } catch (error) {
    throw new UserError(
      500,
      "database_unusable",
      `The embedded database${folder ? ` in ${folder}` : ""} cannot be opened: ${errorMessage(error)}. ` +
        "If it was created by another version, or its files are damaged, move the data folder away: the next start creates a new one, and a sync fills it again",
      { cause: error },
    );
  }
}

async function checkReachable(reach: () => Promise<void>, url: string): Promise<void> {
  try {
    await reach();
  } catch (error) {
    throw new UserError(
      503,
      "database_unreachable",
      `No connection to ${withoutPassword(url)}: ${errorMessage(error)}. Check DATABASE_URL, or unset it to use the embedded database`,
      { cause: error },
    );
  }
}

function embeddedName(dataDir: string | null): string {
  return dataDir ? `embedded Postgres in ${join(dataDir, "database")}` : "embedded Postgres in memory";
}

function withoutPassword(url: string): string {
  const parsed = new URL(url);
  return `${parsed.protocol}//${parsed.username ? `${parsed.username}@` : ""}${parsed.host}${parsed.pathname}`;
}
