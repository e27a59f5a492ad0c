import type { Sql } from "#shared/db/connect.ts";

/** Rows a statement: well below a second each, also with a vector index to keep. */
const DEFAULT_BATCH = 2000;

export type SourceDeletionStep = {
  /** Rows this call deleted, of whatever table. */
  deleted: number;
  /** Nothing of the source is left. */
  done: boolean;
};

/**
 * One bounded step of deleting a source with status `deleting`: a batch of chunks (their vectors go along), then of work,
 * operations and pages, last its own row, each by a statement of its own. Any step may be killed; the next call goes on. No
 * statement waits for rows that somebody else has locked.
 */
export async function deleteSourceRows(
  sql: Sql,
  sourceId: string,
  options: { batch?: number } = {},
): Promise<SourceDeletionStep> {
  const batch = options.batch ?? DEFAULT_BATCH;
  const [source] = await sql<{ status: string }[]>`
    select status from archon_sources where source_id = ${sourceId}`;
  if (!source) return { deleted: 0, done: true };
  if (source.status !== "deleting") throw new Error(`Source ${sourceId} is not being deleted`);
  for (const table of ["archon_crawled_pages", "sync_work", "archon_progress", "confluence_pages"]) {
    const { count } = await sql`
      delete from ${sql(table)} where ctid = any(array(
        select ctid from ${sql(table)} where source_id = ${sourceId} limit ${batch} for update skip locked))`;
    if (count > 0) return { deleted: count, done: false };
  }
  // Rows that were locked a moment ago go by cascade: there are at most a few.
  const { count } =
    await sql`delete from archon_sources where source_id = ${sourceId} and status = 'deleting'`;
  return { deleted: count, done: true };
}
