import { createHash } from "node:crypto";
import type { Sql } from "./connect.ts";
import type { SqlFile } from "./read-migrations.ts";

/**
 * Runs the files whose text differs from the last run, in the order of their names, and returns their names. The files contain
 * only `create or replace function`: a function that the previous release calls keeps its name and parameters.
 */
export async function applyChangedFunctions(tx: Sql, files: readonly SqlFile[]): Promise<string[]> {
  const rows = await tx<{ name: string; hash: string }[]>`select name, hash from schema_functions`;
  const applied = new Map(rows.map((row) => [row.name, row.hash]));
  const changed = files
    .map((file) => ({ ...file, hash: createHash("sha256").update(file.text).digest("hex") }))
    .filter((file) => applied.get(file.name) !== file.hash)
    .sort((a, b) => a.name.localeCompare(b.name));
  for (const { name, text, hash } of changed) {
    await tx.unsafe(text).simple();
    await tx`
      insert into schema_functions (name, hash) values (${name}, ${hash})
      on conflict (name) do update set hash = excluded.hash, applied_at = now()`;
  }
  return changed.map((file) => file.name);
}
