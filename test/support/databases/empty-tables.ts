import type postgres from "postgres";

/** Bytes of all tables above which rows are not deleted one by one: what is deleted stays in the files, and is read over. */
const LARGEST_DELETED_BYTES = 512 * 1024;

/** Deleting their rows deletes those of all other tables. */
export const EMPTIED = [
  "archon_sources",
  "confluence_sites",
  "archon_chunk_embeddings",
  "archon_staged_chunks",
  "event_outbox",
  "idempotent_requests",
  "identities",
] as const;

/**
 * Empties every table but the migrations' ledger and the registered models, and lets ids begin at 1 again. Truncating writes new files
 * for some hundred tables and indexes, and every prepared statement is planned anew: the few rows of most tests are deleted instead.
 */
export async function emptyTables(sql: postgres.Sql): Promise<void> {
  const [size] = await sql<{ is_large: boolean; vectors: boolean }[]>`
    select coalesce(sum(pg_relation_size(oid)), 0) > ${LARGEST_DELETED_BYTES} as is_large,
      pg_relation_size('archon_chunk_embeddings'::regclass) > 0 as vectors
    from pg_class where relnamespace = current_schema()::regnamespace and relkind = 'r'`;
  if (size?.is_large) {
    await sql`truncate ${sql([...EMPTIED])} restart identity cascade`;
    return;
  }
  // A vector index goes through what was deleted as well, and finds less.
  if (size?.vectors) await sql`truncate archon_chunk_embeddings`;
  await sql.unsafe(`
    ${EMPTIED.map((table) => `delete from ${table};`).join("\n")}
    select setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
    from pg_sequences where schemaname = current_schema() and last_value is not null;`);
}
