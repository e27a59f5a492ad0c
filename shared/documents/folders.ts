import type { Sql } from "#shared/db/connect.ts";

/** Content that pages stand below and that is no page: only its title and place are kept, for breadcrumbs. */
export type FolderRow = {
  folderId: string;
  kind: string;
  /** Null: Confluence does not show it to the account. */
  title: string | null;
  parentId: string | null;
  parentType: string | null;
};

/**
 * Folders of these kinds that stored pages, or other folders, name as their parent: with `again` those that this operation has
 * not asked for, else those that nobody has.
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

/** Writes folders as Confluence describes them now. */
export async function upsertFolders(
  tx: Sql,
  owner: { sourceId: string; operationId: string },
  folders: readonly FolderRow[],
): Promise<void> {
  if (folders.length === 0) return;
  await tx`
    insert into confluence_folders (source_id, folder_id, kind, title, parent_id, parent_type, operation_id)
    select ${owner.sourceId}, "folderId", kind, title, "parentId", "parentType", ${owner.operationId}
    from jsonb_to_recordset(${tx.json(folders.map((folder) => ({ ...folder })))})
      as row ("folderId" text, kind text, title text, "parentId" text, "parentType" text)
    on conflict (source_id, folder_id) do update set kind = excluded.kind, title = excluded.title,
      parent_id = excluded.parent_id, parent_type = excluded.parent_type, operation_id = excluded.operation_id`;
}

/** Removes folders that nothing stands in any more: a complete listing of the operation did not come across them. */
export async function removeUnusedFolders(
  tx: Sql,
  owner: { sourceId: string; operationId: string },
): Promise<void> {
  await tx`
    delete from confluence_folders where source_id = ${owner.sourceId} and operation_id <> ${owner.operationId}`;
}
