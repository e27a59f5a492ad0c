import type { Sql } from "#shared/db/connect.ts";

/*
 * What a deletion check records of single comments: which it listed, which are gone.
 */

type Check = { sourceId: string; operationId: string };

/** Records that a check listed these comments. */
export async function markListed(
  tx: Sql,
  { sourceId, operationId }: Check,
  ids: readonly string[],
): Promise<void> {
  if (ids.length === 0) return;
  await tx`
    update confluence_comments set listed_by = ${operationId}
    where source_id = ${sourceId} and comment_id = any(${[...ids]}::text[])`;
}

/** Ids of comments that the check has neither listed nor asked for; without those of containers that search does not find. */
export async function unlistedComments(
  sql: Sql,
  { sourceId, operationId }: Check,
  limit: number,
): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    select m.comment_id as id
    from confluence_comments m
    join confluence_pages c on c.source_id = m.source_id and c.page_id = m.container_id
    where m.source_id = ${sourceId} and is_findable(c)
      and m.listed_by is distinct from ${operationId}::uuid and m.gone_by is distinct from ${operationId}::uuid
    order by m.comment_id limit ${limit}`;
  return rows.map((row) => row.id);
}

/** Records which of the comments that were asked for by id are gone. */
export async function confirmedComments(
  tx: Sql,
  { sourceId, operationId }: Check,
  { asked, gone }: { asked: readonly string[]; gone: readonly string[] },
): Promise<void> {
  await tx`
    update confluence_comments set
      gone_by = case when comment_id = any(${[...gone]}::text[]) then ${operationId}::uuid end,
      listed_by = case when comment_id = any(${[...gone]}::text[]) then listed_by else ${operationId}::uuid end
    where source_id = ${sourceId} and comment_id = any(${[...asked]}::text[])`;
}

/** How many comments the check found gone for the first and the second time, of all whose container search finds. */
export async function countGone(
  sql: Sql,
  { sourceId, operationId }: Check,
): Promise<{ firstTime: number; secondTime: number; pages: number }> {
  const [row] = await sql<{ firstTime: number; secondTime: number; pages: number }[]>`
    select count(*) filter (where m.gone_by = ${operationId} and m.missing_since is null)::int as "firstTime",
      count(*) filter (where m.gone_by = ${operationId} and m.missing_since is not null)::int as "secondTime",
      count(*)::int as pages
    from confluence_comments m
    join confluence_pages c on c.source_id = m.source_id and c.page_id = m.container_id
    where m.source_id = ${sourceId} and is_findable(c)`;
  return row ?? { firstTime: 0, secondTime: 0, pages: 0 };
}

/** Leaves the comments that the check found gone out of their documents, or deletes them at the second time; returns the containers. */
export async function removeGone(tx: Sql, { sourceId, operationId }: Check, now: Date): Promise<string[]> {
  const rows = await tx<{ container_id: string }[]>`
    with deleted as (
      delete from confluence_comments
      where source_id = ${sourceId} and gone_by = ${operationId} and missing_since is not null
    ), hidden as (
      update confluence_comments set missing_since = ${now}
      where source_id = ${sourceId} and gone_by = ${operationId} and missing_since is null
      returning container_id
    )
    select distinct container_id from hidden`;
  return rows.map((row) => row.container_id);
}
