import { transaction, type Sql } from "#shared/db/connect.ts";
import { syncsKind } from "#shared/sources/syncs-kind.ts";

/** Rows per call: about a second, including the vector index. */
const BATCH = 2000;

/**
 * Deletes up to 2000 rows of kinds of content that their source does not sync (any more), with their chunks, and ends their work; the sweep calls it
 * until none is left, also for what a worker stored while the kind was switched off. Comments on a blog post that goes are kept, and
 * their document is empty until the post is back. `sourceId` absent: of all sources. Returns the number of rows.
 */
export async function removeUnsyncedKinds(
  sql: Sql,
  { sourceId = null, now }: { sourceId?: string | null; now: Date },
): Promise<number> {
  const removed = await transaction(sql, (tx) => removePages(tx, sourceId, now));
  const comments = await sql`
    delete from confluence_comments where ctid = any(array(
      select m.ctid from confluence_comments m join archon_sources s on s.source_id = m.source_id
      where not ${syncsKind(sql, sql`'comments'`)} and (${sourceId}::text is null or s.source_id = ${sourceId})
      limit ${BATCH} for update of m skip locked))`;
  const texts = await sql`
    delete from attachment_texts where ctid = any(array(
      select t.ctid from attachment_texts t join archon_sources s on s.source_id = t.source_id
      where not ${syncsKind(sql, sql`'attachment'`)} and (${sourceId}::text is null or s.source_id = ${sourceId})
      limit ${BATCH} for update of t skip locked))`;
  return removed + comments.count + texts.count;
}

async function removePages(tx: Sql, sourceId: string | null, now: Date): Promise<number> {
  const gone = await tx<{ source_id: string; page_id: string }[]>`
    with gone as (
      delete from confluence_pages where ctid = any(array(
        select p.ctid from confluence_pages p join archon_sources s on s.source_id = p.source_id
        where not ${syncsKind(tx, tx`p.kind`)}
          and (${sourceId}::text is null or s.source_id = ${sourceId})
        limit ${BATCH} for update of p skip locked))
      returning source_id, page_id
    ), ended as (
      update sync_work w set state = 'done', outcome = 'skipped', reason = 'this kind of content was switched off'
      from gone where w.source_id = gone.source_id and w.page_id = gone.page_id and w.state = 'pending'
    )
    select source_id, page_id from gone`;
  if (gone.length === 0) return 0;
  const [sources, pages] = [gone.map((row) => row.source_id), gone.map((row) => row.page_id)];
  await tx`
    with emptied as (
      update confluence_pages d set is_deleted = true, deleted_at = ${now}, deleted_reason = 'container_unsynced', chunk_count = 0,
        missing_since = null, sync_error = null, state_revision = d.state_revision + 1
      from unnest(${sources}::text[], ${pages}::text[]) as gone (source_id, page_id)
      where d.source_id = gone.source_id and d.container_id = gone.page_id and not d.is_deleted
      returning d.source_id, d.page_id
    )
    delete from archon_crawled_pages c using emptied where c.source_id = emptied.source_id and c.page_id = emptied.page_id`;
  return gone.length;
}
