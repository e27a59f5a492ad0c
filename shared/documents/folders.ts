import type { Sql } from "#shared/db/connect.ts";

/** Content above pages that is not a page itself: only its title and position are stored, for breadcrumbs. */
export type FolderRow = {
  id: string;
  kind: string;
  /** Null: the account cannot see it. */
  title: string | null;
  parentId: string | null;
  parentType: string | null;
};

/**
 * Returns the folders of these kinds that are parents of stored pages or other folders: with `again` those that this operation
 * has not requested, else those that no operation has.
 */
export async function foldersToAsk(
  sql: Sql,
  request: {
    sourceId: string;
    operationId: string;
    kinds: readonly string[];
    again: boolean;
    limit: number;
  },
): Promise<{ id: string; kind: string }[]> {
  const { sourceId, operationId, again } = request;
  const kinds = [...request.kinds];
  return sql<{ id: string; kind: string }[]>`
    select named.id, min(named.kind) as kind from (
      select parent_id as id, parent_type as kind from confluence_pages
      where source_id = ${sourceId} and not is_deleted and parent_type = any(${kinds})
      union all
      select parent_id, parent_type from confluence_folders
      where source_id = ${sourceId} and parent_type = any(${kinds})) as named
    left join confluence_folders f on f.source_id = ${sourceId} and f.folder_id = named.id
    where named.id is not null and (f.folder_id is null or (${again} and f.operation_id <> ${operationId}))
    group by named.id order by named.id limit ${request.limit}`;
}

/** Stores folders as Confluence returned them. */
export async function upsertFolders(
  tx: Sql,
  owner: { sourceId: string; operationId: string },
  folders: readonly FolderRow[],
): Promise<void> {
  if (folders.length === 0) return;
  await tx`
    insert into confluence_folders (source_id, folder_id, kind, title, parent_id, parent_type, operation_id)
    select ${owner.sourceId}, id, kind, title, "parentId", "parentType", ${owner.operationId}
    from jsonb_to_recordset(${tx.json(folders.map((folder) => ({ ...folder })))})
      as row (id text, kind text, title text, "parentId" text, "parentType" text)
    on conflict (source_id, folder_id) do update set kind = excluded.kind, title = excluded.title,
      parent_id = excluded.parent_id, parent_type = excluded.parent_type, operation_id = excluded.operation_id`;
}

/** Removes folders that are empty now: the operation's complete listing did not reach them. */
export async function removeUnusedFolders(
  tx: Sql,
  owner: { sourceId: string; operationId: string },
): Promise<void> {
  await tx`
    delete from confluence_folders where source_id = ${owner.sourceId} and operation_id <> ${owner.operationId}`;
}
