import type { Sql } from "#shared/db/connect.ts";

/** Of whom a test asks what they see. */
export type Reader = { accountId?: string; groups?: string[]; classes?: string[] };

/**
 * The content of a source that somebody sees, by the rule as it is written down: whoever sees it passes its node and all above, from the
 * space's down. It knows nothing of how the service asks.
 */
export async function seenContent(sql: Sql, sourceId: string, reader: Reader): Promise<string[]> {
  const nodes = await passedNodes(sql, sourceId, reader);
  const rows = await sql<{ content_id: string }[]>`
    select content_id from content_access
    where source_id = ${sourceId} and not is_container and node_id = any(${nodes}) order by content_id`;
  return rows.map((row) => row.content_id);
}

/** The nodes that an account passes by what the directory knows of it; `anonymous`: nobody in particular. */
export async function passingNodes(
  sql: Sql,
  { sourceId, who }: { sourceId: string; who: string },
): Promise<number[]> {
  const [row] = await sql<
    { is_active: boolean; is_guest: boolean; groups: string[]; is_licensed: boolean }[]
  >`
    select a.is_active, a.is_guest, array_agg(g.group_id) filter (where g.state = 'known') as groups,
      coalesce(bool_or(g.is_licensed), false) and not a.is_guest as is_licensed
    from archon_sources s join directory_accounts a on a.site_id = s.site_id and a.account_id = ${who}
    left join directory_members m on m.site_id = s.site_id and m.account_id = a.account_id
    left join directory_groups g on g.site_id = s.site_id and g.group_id = m.group_id
    where s.source_id = ${sourceId} group by a.is_active, a.is_guest`;
  if (!row?.is_active || !(row.is_licensed || row.is_guest))
    return who === "anonymous" ? passedNodes(sql, sourceId, {}) : [];
  const classes = ["anonymous", ...(row.is_licensed ? ["all-licensed"] : [])];
  return passedNodes(sql, sourceId, { accountId: who, groups: row.groups ?? [], classes });
}

async function passedNodes(sql: Sql, sourceId: string, reader: Reader): Promise<number[]> {
  const { accountId = "", groups = [], classes = ["anonymous"] } = reader;
  const passes = sql`(n.state = 'open' or n.state = 'known' and
    (${accountId} = any(n.users) or n.groups && ${groups} or n.classes && ${classes}))`;
  const rows = await sql<{ node_id: number }[]>`
    with recursive passed as (
      select node_id from access_nodes n where source_id = ${sourceId} and content_id is null and ${passes}
      union all
      select n.node_id from access_nodes n join passed p on n.parent_node = p.node_id where ${passes})
    select node_id from passed`;
  return rows.map((row) => row.node_id);
}
