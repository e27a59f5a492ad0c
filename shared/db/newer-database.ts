import { UserError } from "#shared/errors.ts";
import type { Sql } from "./connect.ts";
import type { SqlFile } from "./read-migrations.ts";

/**
 * The first line of a migration that removes something: `--! contract 000009`. Code that knows 000009 does not use what it
 * removes.
 */
const CONTRACT = /^--! contract (\d{6})\n/;

/** The number of the newest migration that code must know to run after this one; "" if any code can. */
export function needsOf(migration: SqlFile): string {
  return CONTRACT.exec(migration.text)?.[1] ?? "";
}

/**
 * The names of the migrations that newer code has applied. Throws `UserError` 409 `database_newer` when code that knows only
 * `names` cannot run on the result: one of them removes what it uses, or does not say (a row that `migrate` did not write).
 */
export async function migrationsOfNewerCode(
  tx: Sql,
  schema: string,
  names: readonly string[],
): Promise<string[]> {
  const rows = await tx<{ name: string; needs: string | null }[]>`
    select name, needs from schema_migrations where name <> all(${[...names]}::text[]) order by name`;
  const newest = names.toSorted().at(-1) ?? "";
  const tooNew = rows.filter(({ needs }) => needs === null || needs > newest.slice(0, needs.length));
  if (tooNew.length > 0) {
    throw new UserError(
      409,
      "database_newer",
      `Schema "${schema}" was migrated by a newer version (${tooNew.map((row) => row.name).join(", ")}); this version knows ` +
        `migrations up to ${newest}. Run the newer version, or set DB_SCHEMA to a separate schema`,
    );
  }
  return rows.map((row) => row.name);
}
