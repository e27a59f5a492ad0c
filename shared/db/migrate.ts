import type postgres from "postgres";
import { UserError } from "#shared/errors.ts";
import { transaction, type Sql } from "./connect.ts";
import { applyChangedFunctions } from "./functions.ts";
import { migrationsOfNewerCode, needsOf } from "./newer-database.ts";
import type { Migrations, SqlFile } from "./read-migrations.ts";

/** `applied`: numbered files; `functions`: function files. */
export type MigrationResult = {
  applied: string[];
  functions: string[];
  pgvector: string;
  advice: string[];
};

/** Iterative index scans came with 0.8.0; without them a filtered vector search returns too few rows. */
const MIN_PGVECTOR = [0, 8, 0];
/** 0.8.4 fixes VACUUM of HNSW indexes under concurrent inserts. */
const ADVISED_PGVECTOR = [0, 8, 4];

/**
 * Migrates `schema`: forward only, each numbered file in its own transaction with its ledger row first, so that of twenty
 * concurrent runs one applies it and the others wait and find it applied; then the functions, all in one transaction.
 * Throws `UserError` 409 `schema_not_ours` when the schema has tables that these files did not create (an Archon database has
 * tables of the same names with other columns), and 409 `database_newer` when newer code has removed something this code uses.
 */
export async function migrate(
  sql: postgres.Sql,
  schema: string,
  { numbered, functions }: Migrations,
): Promise<MigrationResult> {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema)) {
    throw new UserError(
      422,
      "invalid_schema_name",
      `DB_SCHEMA "${schema}" must be lower-case letters, digits and underscores`,
    );
  }
  const names = numbered.map((migration) => migration.name);
  await prepareSchema(sql, schema, names);
  const pgvector = await pgvectorVersion(sql);
  const applied: string[] = [];
  for (const migration of numbered.toSorted((a, b) => a.name.localeCompare(b.name))) {
    if (await applyOnce(sql, schema, migration)) applied.push(migration.name);
  }
  const { newer, changed } = await inSchema(sql, schema, async (tx) => {
    await takeTurns(tx);
    const unknown = await migrationsOfNewerCode(tx, schema, names);
    // Newer code relies on its own version of the functions, and keeps them working for this code.
    return { newer: unknown, changed: unknown.length > 0 ? [] : await applyChangedFunctions(tx, functions) };
  });
  const advice: string[] = [];
  if (compareVersions(pgvector, ADVISED_PGVECTOR) < 0) {
    advice.push(
      `pgvector ${pgvector} works; ${ADVISED_PGVECTOR.join(".")} or newer is advised (its VACUUM keeps HNSW indexes sound under load)`,
    );
  }
  if (newer.length > 0) {
    advice.push(
      `The database was migrated by a newer version (${newer.join(", ")}), which is compatible with this version`,
    );
  }
  return { applied, functions: changed, pgvector, advice };
}

async function prepareSchema(sql: postgres.Sql, schema: string, names: readonly string[]): Promise<void> {
  await inSchema(sql, schema, async (tx) => {
    await takeTurns(tx);
    const [ledger] = await tx`select to_regclass(${`${schema}.schema_migrations`}) as made`;
    if (ledger?.made === null) await refuseForeignTables(tx, schema);
    await tx`create schema if not exists ${tx(schema)}`;
    await tx`create extension if not exists vector with schema public`;
    await tx`create table if not exists ${tx(`${schema}.schema_migrations`)} (
      name text primary key, applied_at timestamptz not null default now())`;
    await tx`alter table schema_migrations add column if not exists needs text`;
    await tx`
      create table if not exists schema_functions (
        name text primary key, hash text not null, applied_at timestamptz not null default now())`;
    await migrationsOfNewerCode(tx, schema, names);
  });
}

/** `create … if not exists` and `create or replace` race with themselves (23505, "tuple concurrently updated"). */
async function takeTurns(tx: Sql): Promise<void> {
  await tx`select pg_advisory_xact_lock(hashtext('confluence-sync:migrate'))`;
}

async function refuseForeignTables(tx: Sql, schema: string): Promise<void> {
  const tables = await tx`
    select table_name from information_schema.tables
    where table_schema = ${schema} and table_name in ('archon_sources', 'archon_crawled_pages', 'confluence_pages', 'archon_progress')`;
  if (tables.length === 0) return;
  const names = tables.map((row) => String(row.table_name)).join(", ");
  throw new UserError(
    409,
    "schema_not_ours",
    `Schema "${schema}" already has ${names}, not created by these migrations. Set DB_SCHEMA to a separate schema`,
  );
}

async function applyOnce(sql: postgres.Sql, schema: string, migration: SqlFile): Promise<boolean> {
  return inSchema(sql, schema, async (tx) => {
    // The ledger row comes first: a concurrent run of the same migration waits here for this commit, then finds the row.
    const [inserted] = await tx`
      insert into schema_migrations (name, needs) values (${migration.name}, ${needsOf(migration)})
      on conflict (name) do nothing returning name`;
    if (!inserted) return false;
    await tx.unsafe(migration.text).simple();
    return true;
  });
}

function inSchema<T>(
  sql: postgres.Sql,
  schema: string,
  work: (tx: postgres.TransactionSql) => Promise<T>,
): Promise<T> {
  return transaction(sql, async (tx) => {
    await tx`select set_config('search_path', ${`${schema}, public, extensions`}, true)`;
    return work(tx);
  });
}

async function pgvectorVersion(sql: Sql): Promise<string> {
  const [row] = await sql`select extversion from pg_extension where extname = 'vector'`;
  const version = String(row?.extversion ?? "0");
  if (compareVersions(version, MIN_PGVECTOR) < 0) {
    throw new UserError(
      422,
      "pgvector_too_old",
      `pgvector ${version} is installed; ${MIN_PGVECTOR.join(".")} or newer is required: run alter extension vector update`,
    );
  }
  return version;
}

function compareVersions(version: string, wanted: readonly number[]): number {
  const parts = version.split(".").map(Number);
  for (const [index, part] of wanted.entries()) {
    const difference = (parts[index] ?? 0) - part;
    if (difference !== 0) return difference;
  }
  return 0;
}
