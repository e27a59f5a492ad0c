import type { PageKind } from "#shared/content-kinds.ts";
import type { Sql } from "#shared/db/connect.ts";
import type { ChangedContent } from "./includers.ts";

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
 * changes with the version, in the swap. Of one that is not stored the kind is corrected too: it is a guess where only an id was known.
 * Returns the stored pages whose parent changed, and what lists of them must show otherwise.
 */
export async function upsertListedPages(
  tx: Sql,
  sourceId: string,
  pages: readonly ListedMetadata[],
): Promise<{ moved: string[]; changed: ChangedContent[] }> {
  if (pages.length === 0) return { moved: [], changed: [] };
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
  // The ids are named twice: a plan that a connection made while there were few pages would read all of the source.
  const changed = await tx<ChangedRow[]>`
    with listed as (
      select * from jsonb_to_recordset(${tx.json(rows)})
        as row (kind text, page_id text, title text, parent_id text, parent_type text, subtype text, url text, labels text[])),
    changed as (
      update confluence_pages p set
        kind = case when p.version = 0 then l.kind else p.kind end, title = case when p.version = 0 then l.title else p.title end,
        parent_id = l.parent_id, parent_type = l.parent_type, url = l.url, labels = coalesce(l.labels, p.labels),
        subtype = coalesce(l.subtype, p.subtype)
      from listed l cross join lateral (
        select old.parent_id, old.labels from confluence_pages old
        where old.source_id = ${sourceId} and old.page_id = l.page_id offset 0) old
      where p.source_id = ${sourceId} and p.page_id = l.page_id and p.page_id = any(${rows.map((row) => row.page_id)}::text[])
        and (p.parent_id is distinct from l.parent_id or p.parent_type is distinct from l.parent_type or p.url <> l.url
          or (l.labels is not null and p.labels <> l.labels) or (p.version = 0 and (p.title <> l.title or p.kind <> l.kind))
          or p.subtype is distinct from coalesce(l.subtype, p.subtype))
      returning p.page_id, p.version > 0 and not p.is_deleted as stored, old.parent_id as old_parent, p.parent_id,
        old.labels as old_labels, p.labels),
    added as (
      insert into confluence_pages (source_id, page_id, kind, title, parent_id, parent_type, subtype, url, labels)
      select ${sourceId}, page_id, kind, title, parent_id, parent_type, subtype, url, coalesce(labels, '{}') from listed
      on conflict (source_id, page_id) do nothing)
    select * from changed where stored`;
  await followLabels(
    tx,
    sourceId,
    pages.filter((page) => page.labels !== null).map((page) => page.pageId),
  );
  const moved = changed.filter((row) => row.old_parent !== row.parent_id);
  return { moved: moved.map((row) => row.page_id), changed: changed.map(asListed) };
}

type ChangedRow = {
  page_id: string;
  old_parent: string | null;
  parent_id: string | null;
  old_labels: string[];
  labels: string[];
};

/** Of a page whose text and title stay: the lists that it left or joined. */
function asListed({ page_id, old_parent, parent_id, old_labels, labels }: ChangedRow): ChangedContent {
  const parents = old_parent === parent_id ? [] : [old_parent, parent_id];
  return {
    pageId: page_id,
    isShown: false,
    titles: [],
    labels: [
      ...old_labels.filter((label) => !labels.includes(label)),
      ...labels.filter((label) => !old_labels.includes(label)),
    ],
    parentIds: parents.filter((id) => id !== null),
    isTextOnly: false,
  };
}

/** Adds `label` to this content of the kind; whether that changed anything. */
export async function addLabel(
  tx: Sql,
  sourceId: string,
  label: string,
  { kind, ids }: { kind: PageKind; ids: readonly string[] },
): Promise<boolean> {
  const added = await tx`
    update confluence_pages set labels = array_append(labels, ${label}::text)
    where source_id = ${sourceId} and kind = ${kind} and page_id = any(${ids as string[]}) and not ${label} = any(labels)`;
  return added.count > 0;
}

/** Labels that a listing does not give to all that is stored with them. */
export type DoubtedLabels =
  /** It names all content of the kinds that has `label`. */
  | { label: string; kinds: readonly PageKind[]; ids: readonly string[] }
  /** It names all labels of the source's content. */
  | { allLabels: readonly string[] };

/** The next `limit` pages and posts after this id that are stored with such labels, in the order of their ids; without hidden ones. */
export async function pagesInDoubt(
  sql: Sql,
  sourceId: string,
  doubted: DoubtedLabels,
  { after, limit }: { after: string | null; limit: number },
): Promise<string[]> {
  const isDoubted =
    "label" in doubted
      ? sql`kind = any(${doubted.kinds as string[]}::text[]) and ${doubted.label} = any(labels)
          and not page_id = any(${doubted.ids as string[]}::text[])`
      : sql`kind in ('page', 'blogpost') and not labels <@ ${doubted.allLabels as string[]}::text[]`;
  const rows = await sql<{ page_id: string }[]>`
    select page_id from confluence_pages p
    where source_id = ${sourceId} and is_visible(p) and page_id > ${after ?? ""} and ${isDoubted}
    order by page_id limit ${limit}`;
  return rows.map((row) => row.page_id);
}

/** Sets the labels of these pages; returns the labels that one of them got or lost. */
export async function setLabels(
  tx: Sql,
  sourceId: string,
  pages: readonly { pageId: string; labels: readonly string[] }[],
): Promise<string[]> {
  if (pages.length === 0) return [];
  const own = pages.map(({ pageId, labels }) => ({ page_id: pageId, labels: [...labels] }));
  const rows = await tx<{ label: string }[]>`
    with changed as (
      update confluence_pages p set labels = own.labels
      from jsonb_to_recordset(${tx.json(own)}) as own (page_id text, labels text[]) cross join lateral (
        select old.labels from confluence_pages old
        where old.source_id = ${sourceId} and old.page_id = own.page_id offset 0) old
      where p.source_id = ${sourceId} and p.page_id = own.page_id and not (p.labels @> own.labels and p.labels <@ own.labels)
      returning p.labels, old.labels as old_labels)
    select distinct label from changed, unnest(labels || old_labels) label
    where not (label = any(labels) and label = any(old_labels))`;
  return rows.map((row) => row.label);
}

/** Comments and files have the labels of what they are on: a search by label finds them with it. `containerIds` null: all. */
export async function followLabels(
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
