import type { Sql } from "#shared/db/connect.ts";
import type { Source } from "#shared/sources/source.ts";
import { PAGE_TYPES } from "./apply-rights.ts";
import { forgetContent } from "./forget-content.ts";

/** Where v2 says that content is. */
export type ParentOfContent = { id: string; parentId: string | null; parentType: string | null };

/**
 * Content that v2 has in a folder (whiteboard, database, embed) which v1's ancestors leave out: whom the folder lets in would not be asked.
 * Nobody sees it, nor what is below it.
 */
export async function forgetOutsideFolders(
  tx: Sql,
  { sourceId, access }: Pick<Source, "sourceId" | "access">,
  contents: readonly ParentOfContent[],
  readAt: Date,
): Promise<void> {
  if (access === "everything") return;
  const contentIds = await leftOutOf(tx, sourceId, contents);
  await forgetContent(tx, sourceId, { contentIds, readAt });
}

/** Those of them whose folder is not among what is above them. */
export async function leftOutOf(
  sql: Sql,
  sourceId: string,
  contents: readonly ParentOfContent[],
): Promise<string[]> {
  const inFolders = contents.flatMap(({ id, parentId, parentType }) =>
    parentId === null || parentType === null || PAGE_TYPES.has(parentType) ? [] : [{ id, parent: parentId }],
  );
  if (inFolders.length === 0) return [];
  const rows = await sql<{ id: string }[]>`
    select c.content_id as id from jsonb_to_recordset(${sql.json(inFolders)}) as f (id text, parent text)
    join content_access c on c.source_id = ${sourceId} and c.content_id = f.id
    where not f.parent = any(c.ancestor_ids) order by c.content_id`;
  return rows.map((row) => row.id);
}

/** Stored pages of which that holds, as far as their stored parent is the present one: an SQL condition on `p` and `c`. */
export function isOutsideItsFolder(sql: Sql) {
  return sql`p.parent_id is not null and p.parent_type is not null and p.parent_type <> all(${[...PAGE_TYPES]}::text[])
    and not p.parent_id = any(c.ancestor_ids)`;
}

/** Ids of such pages, from behind `after`. */
export async function pagesOutsideFolders(
  sql: Sql,
  sourceId: string,
  { after, limit }: { after: string; limit: number },
): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    select p.page_id as id from confluence_pages p
    join content_access c on c.source_id = p.source_id and c.content_id = p.page_id
    where p.source_id = ${sourceId} and p.page_id > ${after} and not p.is_deleted and ${isOutsideItsFolder(sql)}
    order by p.page_id limit ${limit}`;
  return rows.map((row) => row.id);
}

/** Stores where pages are by v2. */
export async function storeParents(
  tx: Sql,
  sourceId: string,
  pages: readonly ParentOfContent[],
): Promise<void> {
  await tx`
    update confluence_pages p set parent_id = g."parentId", parent_type = g."parentType"
    from jsonb_to_recordset(${tx.json(pages.map(({ id, parentId, parentType }) => ({ id, parentId, parentType })))})
      as g (id text, "parentId" text, "parentType" text)
    where p.source_id = ${sourceId} and p.page_id = g.id and (p.parent_id, p.parent_type) is distinct from (g."parentId", g."parentType")`;
}
