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

/**
 * The comments that a check decides on: search finds their container, and no held deletion is of that container or of a file on it, with
 * which its comments are out of sight too.
 */
function checkedComments(sql: Sql, { sourceId, operationId }: Check) {
  return sql`
    from confluence_comments m
    join confluence_pages c on c.source_id = m.source_id and c.page_id = m.container_id
    where m.source_id = ${sourceId} and is_findable(c) and not exists (
      select from sync_work w join confluence_pages held on held.source_id = w.source_id and held.page_id = w.page_id
      where w.operation_id = ${operationId} and w.state = 'candidate'
        and case held.kind when 'attachment' then held.container_id else held.page_id end = c.page_id)`;
}

/** Ids of comments on which the check decides, and that it has neither listed nor asked for. */
export async function unlistedComments(sql: Sql, check: Check, limit: number): Promise<string[]> {
  const { operationId } = check;
  const rows = await sql<{ id: string }[]>`
    select m.comment_id as id ${checkedComments(sql, check)}
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

/** How many comments the check found gone for the first and the second time, of all on which it decides. */
export async function countGone(
  sql: Sql,
  check: Check,
): Promise<{ firstTime: number; secondTime: number; pages: number }> {
  const { operationId } = check;
  const [row] = await sql<{ firstTime: number; secondTime: number; pages: number }[]>`
    select count(*) filter (where m.gone_by = ${operationId} and m.missing_since is null)::int as "firstTime",
      count(*) filter (where m.gone_by = ${operationId} and m.missing_since is not null)::int as "secondTime",
      count(*)::int as pages
    ${checkedComments(sql, check)}`;
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
