import type { Sql } from "#shared/db/connect.ts";

/** Records what one page of the listing contained; a repetition replaces it. */
export async function addList(
  tx: Sql,
  sourceId: string,
  { number, contentIds }: { number: number; contentIds: readonly string[] },
): Promise<void> {
  await tx`
    insert into access_sweep_lists (source_id, number, content_ids) values (${sourceId}, ${number}, ${[...contentIds]})
    on conflict (source_id, number) do update set content_ids = excluded.content_ids`;
}

export async function clearLists(tx: Sql, sourceId: string): Promise<void> {
  await tx`delete from access_sweep_lists where source_id = ${sourceId}`;
}

/** How much was listed, each content once. */
export async function countListedContent(sql: Sql, sourceId: string): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    select count(distinct id)::int as count from access_sweep_lists, unnest(content_ids) id where source_id = ${sourceId}`;
  return row?.count ?? 0;
}

/** `chain`: what is above it, as is stored or as what lies below it says; `placedAt`: since when that is known. */
export type UnlistedContent = { id: string; chain: string[]; placedAt: Date };

/** Where this content is that was listed since then, as far as it is stored. */
export async function placesOf(
  sql: Sql,
  sourceId: string,
  { contentIds, since }: { contentIds: readonly string[]; since: Date },
): Promise<UnlistedContent[]> {
  return sql<UnlistedContent[]>`
    select content_id as id, ancestor_ids as chain, greatest(read_at, ${since}) as "placedAt" from content_access
    where source_id = ${sourceId} and content_id = any(${[...contentIds]}::text[]) order by content_id`;
}

/**
 * Content that is above what was listed since then and was not listed itself, as archived pages and drafts are; folders apart. From
 * behind `after`.
 */
export async function unlistedAncestors(
  sql: Sql,
  sourceId: string,
  { after, limit, since }: { after: string; limit: number; since: Date },
): Promise<UnlistedContent[]> {
  return sql<UnlistedContent[]>`
    with ${listedAndAbove(sql, sourceId)}
    select id, min(chain) as chain, greatest(min(read_at), ${since}) as "placedAt" from above
    where id > ${after} and id not in (select id from listed)
      and id not in (select content_id from content_access where source_id = ${sourceId} and is_container)
    group by id order by id limit ${limit}`;
}

/** Content that was read before and was not listed now, nor is above what was. From behind `after`. */
export async function unlistedContent(
  sql: Sql,
  sourceId: string,
  { after, limit }: { after: string; limit: number },
): Promise<UnlistedContent[]> {
  return sql<UnlistedContent[]>`
    with ${listedAndAbove(sql, sourceId)}
    select content_id as id, ancestor_ids as chain, read_at as "placedAt" from content_access
    where source_id = ${sourceId} and content_id > ${after} and not is_container
      and content_id not in (select id from listed) and content_id not in (select id from above)
    order by content_id limit ${limit}`;
}

function listedAndAbove(sql: Sql, sourceId: string) {
  return sql`
    listed as (select distinct unnest(content_ids) as id from access_sweep_lists where source_id = ${sourceId}),
    above as (
      select u.id, c.ancestor_ids[:u.position - 1] as chain, c.read_at
      from content_access c join listed on listed.id = c.content_id
      cross join lateral unnest(c.ancestor_ids) with ordinality u (id, position)
      where c.source_id = ${sourceId})`;
}

/** What a complete sweep reports of a source. */
export async function countRights(
  sql: Sql,
  sourceId: string,
): Promise<{ contents: number; restricted: number; containers_hidden: number }> {
  const [row] = await sql<{ contents: number; restricted: number; containers_hidden: number }[]>`
    select count(*) filter (where not c.is_container)::int as contents,
      count(n.node_id) filter (where not c.is_container)::int as restricted,
      count(*) filter (where c.is_container and n.state = 'unknown')::int as containers_hidden
    from content_access c left join access_nodes n on n.source_id = c.source_id and n.content_id = c.content_id
    where c.source_id = ${sourceId}`;
  return row ?? { contents: 0, restricted: 0, containers_hidden: 0 };
}
