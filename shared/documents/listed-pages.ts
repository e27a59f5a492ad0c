import type { PageKind } from "#shared/content-kinds.ts";
import type { Sql } from "#shared/db/connect.ts";

/** What a listing contains about a page besides its version; `labels` is null if the listing has none. */
export type ListedMetadata = {
  kind: PageKind;
  pageId: string;
  title: string;
  parentId: string | null;
  parentType: string | null;
  /** Null: the listing does not say it. */
  subtype: string | null;
  url: string;
  labels: string[] | null;
};

/**
 * Updates position and labels of listed pages without touching their chunks, and inserts a row (version 0) for pages that are not
 * stored yet, so that labels and breadcrumbs can be saved before the body arrives. The title of a stored page is not changed: it
 * changes with the version, in the swap. Returns the stored pages whose parent changed.
 */
export async function upsertListedPages(
  tx: Sql,
  sourceId: string,
  pages: readonly ListedMetadata[],
): Promise<string[]> {
  if (pages.length === 0) return [];
  const rows = pages.map((page) => ({
    kind: page.kind,
    page_id: page.pageId,
    title: page.title,
    parent_id: page.parentId,
    parent_type: page.parentType,
    subtype: page.subtype,
    url: page.url,
    labels: page.labels,
  }));
  const moved = await tx<{ page_id: string }[]>`
    with listed as (
      select * from jsonb_to_recordset(${tx.json(rows)})
        as row (kind text, page_id text, title text, parent_id text, parent_type text, subtype text, url text, labels text[])),
    changed as (
      update confluence_pages p set
        title = case when p.version = 0 then l.title else p.title end,
        parent_id = l.parent_id, parent_type = l.parent_type, url = l.url, labels = coalesce(l.labels, p.labels),
        subtype = coalesce(l.subtype, p.subtype)
      from listed l, confluence_pages old
      where p.source_id = ${sourceId} and p.page_id = l.page_id and old.source_id = p.source_id and old.page_id = p.page_id
        and (p.parent_id is distinct from l.parent_id or p.parent_type is distinct from l.parent_type or p.url <> l.url
          or (l.labels is not null and p.labels <> l.labels) or (p.version = 0 and p.title <> l.title)
          or p.subtype is distinct from coalesce(l.subtype, p.subtype))
      returning p.page_id, p.version > 0 and not p.is_deleted and old.parent_id is distinct from l.parent_id as moved),
    added as (
      insert into confluence_pages (source_id, page_id, kind, title, parent_id, parent_type, subtype, url, labels)
      select ${sourceId}, page_id, kind, title, parent_id, parent_type, subtype, url, coalesce(labels, '{}') from listed
      on conflict (source_id, page_id) do nothing)
    select page_id from changed where moved`;
  await followLabels(
    tx,
    sourceId,
    pages.filter((page) => page.labels !== null).map((page) => page.pageId),
  );
  return moved.map((row) => row.page_id);
}

/** Sets `label` on exactly this content of the kind. */
export async function setLabel(
  tx: Sql,
  sourceId: string,
  label: string,
  { kind, ids }: { kind: PageKind; ids: readonly string[] },
): Promise<void> {
  await tx`
    update confluence_pages set labels = array_append(labels, ${label}::text)
    where source_id = ${sourceId} and kind = ${kind} and page_id = any(${ids as string[]}) and not ${label} = any(labels)`;
  await tx`
    update confluence_pages set labels = array_remove(labels, ${label}::text)
    where source_id = ${sourceId} and kind = ${kind} and ${label} = any(labels) and not page_id = any(${ids as string[]})`;
}

/** Removes every label that is not among `labels` from the source's pages: the last step of a listing of labels. */
export async function keepLabels(tx: Sql, sourceId: string, labels: readonly string[]): Promise<void> {
  await tx`
    update confluence_pages set labels = array(select kept from unnest(labels) kept where kept = any(${labels as string[]}))
    where source_id = ${sourceId} and not labels <@ ${labels as string[]}`;
  await followLabels(tx, sourceId, null);
}

/** Comments and files have the labels of what they are on: a search by label finds them with it. `containerIds` null: all. */
async function followLabels(
  tx: Sql,
  sourceId: string,
  containerIds: readonly string[] | null,
): Promise<void> {
  if (containerIds?.length === 0) return;
  await tx`
    update confluence_pages d set labels = c.labels from confluence_pages c
    where d.source_id = ${sourceId} and c.source_id = d.source_id and c.page_id = d.container_id and d.labels <> c.labels
      ${containerIds === null ? tx`` : tx`and d.container_id = any(${[...containerIds]}::text[])`}`;
}
