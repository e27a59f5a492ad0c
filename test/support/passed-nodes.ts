import type { Sql } from "#shared/db/connect.ts";

/** Of whom a test asks what they see. */
export type Reader = { accountId?: string; groups?: string[]; classes?: string[] };

/**
 * The content of a source that somebody sees, by the rule as it is written down: whoever sees it passes its node and all above, from the
 * space's down. It knows nothing of how the service asks.
 */
export async function seenContent(sql: Sql, sourceId: string, reader: Reader): Promise<string[]> {
  const { accountId = "nobody", groups = [], classes = ["anonymous"] } = reader;
  const rows = await sql<{ content_id: string }[]>`
    with recursive passed as (
      select node_id from access_nodes where source_id = ${sourceId} and content_id is null and ${passes(sql)}
      union all
      select n.node_id from access_nodes n join passed p on n.parent_node = p.node_id where ${passes(sql, true)})
    select content_id from content_access
    where source_id = ${sourceId} and not is_container and node_id in (select node_id from passed) order by content_id`;
  return rows.map((row) => row.content_id);

  function passes(of: Sql, isJoined = false) {
    const n = isJoined ? of`n.` : of``;
    return of`(${n}state = 'open' or ${n}state = 'known' and
      (${accountId} = any(${n}users) or ${n}groups && ${groups} or ${n}classes && ${classes}))`;
  }
}
