import type { Sql } from "#shared/db/connect.ts";

/**
 * Hides a document of comments, or a file, in its swap when its container was hidden meanwhile. False when the container is deleted, or the
 * document was removed because its kind is not synced any more: nothing of it may be stored.
 */
export async function followContainer(
  tx: Sql,
  document: { sourceId: string; pageId: string; containerId: string },
): Promise<boolean> {
  const [row] = await tx<{ isDeleted: boolean; isForgotten: boolean }[]>`
    with container as (
      select is_deleted, missing_since from confluence_pages
      where source_id = ${document.sourceId} and page_id = ${document.containerId}),
    hidden as (
      update confluence_pages d set missing_since = container.missing_since, container_id = ${document.containerId},
        hidden_with_container = case when container.missing_since is not null then true end
      from container where d.source_id = ${document.sourceId} and d.page_id = ${document.pageId})
    select container.is_deleted as "isDeleted", d.kind = 'comments' and d.comments_revision is null as "isForgotten"
    from container, confluence_pages d where d.source_id = ${document.sourceId} and d.page_id = ${document.pageId}`;
  return row !== undefined && !row.isDeleted && !row.isForgotten;
}
