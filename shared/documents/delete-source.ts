import type { Sql } from "#shared/db/connect.ts";
import { discardStagedOfSource } from "./staged-chunks.ts";

/** Rows per statement: well below a second each, including the vector index. */
const DEFAULT_BATCH = 2000;

/** In this order: what refers to rows of a later one goes first. */
export const TABLES = [
  "archon_crawled_pages",
  "sync_work",
  "archon_progress",
  "confluence_pages",
  "attachment_texts",
  "confluence_comments",
  "confluence_folders",
  "page_hints",
  "pulse_hits",
  "access_sweep_lists",
  "content_access",
  "forgotten_content",
];

export type SourceDeletionStep = {
  /** Rows that this call deleted, of any table. */
  deleted: number;
  /** No row of the source is left. */
  done: boolean;
};

/**
 * Runs one bounded step of deleting a source with status `deleting`: what is staged, a batch of chunks (their vectors by trigger), then of work,
 * operations and pages, rights, last the source's row, each in a separate statement. Any step may be killed; the next call continues. No
 * statement waits for locked rows.
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
  const staged = await discardStagedOfSource(sql, sourceId);
  if (staged > 0) return { deleted: staged, done: false };
  for (const table of TABLES) {
    const { count } = await sql`
      delete from ${sql(table)} where ctid = any(array(
        select ctid from ${sql(table)} where source_id = ${sourceId} limit ${batch} for update skip locked))`;
    if (count > 0) return { deleted: count, done: false };
  }
  // Nodes refer to each other: those with nothing below go first.
  const nodes = await sql`
    delete from access_nodes where node_id = any(array(
      select node_id from access_nodes n where source_id = ${sourceId}
        and not exists (select from access_nodes below where below.parent_node = n.node_id) limit ${batch} for update skip locked))`;
  if (nodes.count > 0) return { deleted: nodes.count, done: false };
  // The few rows that were locked are deleted by cascade.
  const { count } =
    await sql`delete from archon_sources where source_id = ${sourceId} and status = 'deleting'`;
  return { deleted: count, done: true };
}
