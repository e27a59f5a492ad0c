import type postgres from "postgres";
import { Violation } from "./violation.ts";

/**
 * Holds at any time: what a page was can be told in full from its previous list and its chunks, it is not what the page is, and nothing is
 * kept of a page that is deleted.
 */
export async function checkPreviousChunks(sql: postgres.Sql): Promise<void> {
  const [wrong] = await sql<{ page_id: string; is_deleted: boolean; lost: number }[]>`
    select p.page_id, p.is_deleted,
      (select count(*)::int from unnest(before.hashes, before.texts) as b (hash, text)
        where b.text is null and b.hash <> all(now.hashes)) as lost
    from page_previous_chunks v join confluence_pages p using (source_id, page_id)
    cross join lateral (
      select array_agg(c ->> 'hash' order by c ->> 'hash') as hashes, array_agg(c ->> 'content' order by c ->> 'hash') as texts
      from jsonb_array_elements(v.chunks) c) before
    cross join lateral (
      select coalesce(array_agg(c.input_hash order by c.input_hash), '{}') as hashes from archon_crawled_pages c
      where c.source_id = p.source_id and c.page_id = p.page_id) now
    where p.is_deleted or before.hashes is not distinct from now.hashes
      or exists (select from unnest(before.hashes, before.texts) as b (hash, text) where b.text is null and b.hash <> all(now.hashes))
    order by p.page_id limit 1`;
  if (!wrong) return;
  const { page_id: id } = wrong;
  if (wrong.is_deleted) throw new Violation(`The text that deleted page ${id} had before is still there`);
  if (wrong.lost > 0) throw new Violation(`${wrong.lost} texts that page ${id} had before are nowhere`);
  throw new Violation(`Page ${id} has previous chunks that are its present ones`);
}
