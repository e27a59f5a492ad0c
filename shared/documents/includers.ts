import type { Sql } from "#shared/db/connect.ts";
import { pipelined } from "#shared/db/pipelined.ts";
import { REFRESH_HOURS, RENDERING_LAG_MS, SLOW_REPLICA_MS } from "./renderings.ts";

/** Content that changed, by all that pages may name it by: `titles` and the like as they were and as they are. */
export type ChangedContent = {
  pageId: string;
  /** Whether what is on the page changed, and not only what carries a label or is below a page. */
  isShown: boolean;
  titles: readonly string[];
  labels: readonly string[];
  parentIds: readonly string[];
  /** Of a file: what it is on. */
  containerIds?: readonly string[];
  /** Its text alone: nothing that a list of titles shows. */
  isTextOnly: boolean;
};

export type Includer = { sourceId: string; pageId: string };

/** A page shows others which show others: Confluence goes no deeper. */
const MAX_DEPTH = 5;
/** Levels of a tree of pages. */
const MAX_LEVELS = 20;

/** The pages as they are stored, for changes that concern whether they are shown at all. */
export async function asChanged(
  tx: Sql,
  sourceId: string,
  pageIds: readonly string[],
): Promise<ChangedContent[]> {
  return tx<ChangedContent[]>`
    select page_id as "pageId", kind <> 'attachment' as "isShown", array[title] as titles, case kind when 'attachment' then '{}' else labels end as labels,
      array_remove(array[parent_id], null) as "parentIds", array_remove(array[container_id], null) as "containerIds",
      false as "isTextOnly"
    from confluence_pages where source_id = ${sourceId} and page_id = any(${pageIds as string[]}::text[])`;
}

/** A scalar query, which no plan turns into a scan of all pages before the first analyze. */
function titleOf(tx: Sql, sourceId: string, id: "a.page_id" | "container") {
  return tx`(select p.title from confluence_pages p where p.source_id = ${sourceId} and p.page_id = ${tx(id)})`;
}

/**
 * Marks the pages of the site that show this content, themselves or through pages that they include, as outdated; returns them. In the
 * transaction that records the change. `isGone`: without delay, and also lists that are not understood.
 * `mayShowTooMuch`: pages of this source that include it are hidden until they are rendered again, as they are when it is gone. `editedAt` (Confluence's
 * clock): pages that were rendered well after it show the change already, and those rendered soon after it are rendered once more, later.
 */
export async function touchIncluders(
  tx: Sql,
  sourceId: string,
  changes: readonly ChangedContent[],
  {
    isGone,
    mayShowTooMuch,
    editedAt,
    now,
  }: { isGone: boolean; mayShowTooMuch: boolean; editedAt: Date | null; now: Date },
): Promise<Includer[]> {
  if (changes.length === 0) return [];
  const rows = changes.map(({ pageId, isShown, titles, labels, parentIds, containerIds, isTextOnly }) => ({
    origin: pageId,
    is_shown: isShown,
    titles: [...new Set(titles)],
    labels: [...new Set(labels)],
    parents: [...new Set(parentIds)],
    containers: [...(containerIds ?? [])],
    text_only: isTextOnly,
  }));
  const touch = () => tx<Includer[]>`
    with recursive given as (
      select * from jsonb_to_recordset(${tx.json(rows)})
        as g (origin text, is_shown boolean, titles text[], labels text[], parents text[], containers text[],
          text_only boolean)),
    own as (select source_id, space_key, site_id from archon_sources where source_id = ${sourceId}),
    above as (
      select g.origin, g.text_only, parent as page_id, 1 as level from given g, unnest(g.parents) parent
      union
      select a.origin, a.text_only, up.parent_id, a.level + 1
      from above a cross join lateral (
        select coalesce(
          (select parent_id from confluence_pages p where p.source_id = ${sourceId} and p.page_id = a.page_id),
          (select parent_id from confluence_folders f where f.source_id = ${sourceId} and f.folder_id = a.page_id)) as parent_id) up
      where a.level < ${MAX_LEVELS} and up.parent_id is not null),
    -- By what pages name it. Levels: of children.
    keys as (
      select origin, text_only, is_shown, origin as id, title as name, 1 as level, 'shown' as by from given, unnest(titles) title
      union all
      select origin, text_only, true, '', label, 1, 'label' from given, unnest(labels) label
      union all
      select origin, text_only, true, page_id, ${titleOf(tx, sourceId, "a.page_id")}, level, 'children' from above a
      union all
      select origin, text_only, true, container, ${titleOf(tx, sourceId, "container")}, 1, 'files' from given, unnest(containers) container),
    reached as (
      select k.origin, d.source_id, d.page_id, 1 as level
      from keys k, own cross join lateral (
        (select d.source_id, d.page_id, d.kind, d.space_key, d.depth, d.shows_text from page_dependencies d
        where d.target = k.name and d.target <> '' offset 0)
        union all
        (select d.source_id, d.page_id, d.kind, d.space_key, d.depth, d.shows_text from page_dependencies d
        where d.target_id = k.id and d.target_id <> '' offset 0)) d
      where k.is_shown and (d.shows_text or not k.text_only) and (d.space_key = own.space_key or d.space_key = '' and d.kind = 'label')
        and case k.by when 'shown' then d.kind <> 'label' when 'children' then d.kind = 'children' and coalesce(d.depth, k.level) >= k.level
          else d.kind = k.by end
      union
      select '', d.source_id, d.page_id, 1 from page_dependencies d
      where ${isGone} and d.source_id = ${sourceId} and d.kind = 'unknown'
      union
      select r.origin, d.source_id, d.page_id, r.level + 1 from reached r ${includingPages(tx)}),
    found as materialized (
      select distinct r.source_id, r.page_id from reached r join archon_sources s using (source_id), own
      where (r.source_id <> ${sourceId} or r.page_id <> r.origin) and (s.source_id = ${sourceId} or s.site_id = own.site_id)
      order by r.source_id, r.page_id),
    -- In one order, so that two changes do not wait for each other. By key: what another transaction has changed meanwhile has another ctid.
    locked as materialized (
      select locked.source_id, locked.page_id from found f cross join lateral (
        select r.source_id, r.page_id from page_renderings r
        where r.source_id = f.source_id and r.page_id = f.page_id
          and (${editedAt}::timestamptz is null or cardinality(r.failed_macros) > 0
            or r.rendered_at <= ${editedAt}::timestamptz + make_interval(secs => ${SLOW_REPLICA_MS / 1000}))
        for no key update) locked)
    update page_renderings r set shown_revision = r.shown_revision + 1,
      shows_gone = r.shows_gone or ${isGone} or ${mayShowTooMuch} and r.source_id = ${sourceId},
      refresh_after = case when ${isGone || mayShowTooMuch} then ${now}::timestamptz else least(r.refresh_after,
        greatest(${now}::timestamptz, r.refreshed_at + make_interval(hours => ${REFRESH_HOURS}),
          case when cardinality(r.failed_macros) = 0 and r.rendered_at > ${editedAt}::timestamptz + make_interval(secs => ${RENDERING_LAG_MS / 1000})
            then ${editedAt}::timestamptz + make_interval(hours => ${REFRESH_HOURS}) end)) end
    from locked where r.source_id = locked.source_id and r.page_id = locked.page_id
    returning r.source_id as "sourceId", r.page_id as "pageId"`;
  const [, includers] = await pipelined([() => setScans(tx, "off"), touch, () => setScans(tx, "on")]);
  return includers;
}

/** What recursion finds is guessed as so much that the server would compile the statement, for seconds, and read all renderings. */
function setScans(tx: Sql, plans: "off" | "on") {
  return tx`
    select set_config('jit', 'off', true), set_config('enable_seqscan', ${plans}, true),
      set_config('enable_hashjoin', ${plans}, true), set_config('enable_mergejoin', ${plans}, true)`;
}

/** To the pages `reached r` those (`d`) that include them, one level more. */
function includingPages(tx: Sql) {
  return tx`
      cross join lateral (
        select p.page_id, p.title, s.space_key from confluence_pages p join archon_sources s on s.source_id = p.source_id
        where p.source_id = r.source_id and p.page_id = r.page_id offset 0) p
      cross join lateral (
        (select d.source_id, d.page_id from page_dependencies d
        where d.target = p.title and d.target <> '' and d.space_key = p.space_key and d.kind = 'page' offset 0)
        union all
        (select d.source_id, d.page_id from page_dependencies d
        where d.target_id = p.page_id and d.target_id <> '' and d.kind = 'page' offset 0)) d
      where r.level < ${MAX_DEPTH}`;
}

/**
 * Marks the pages of a source whose lists are not understood, that show live docs or spaces that no source of the site syncs, or on which a
 * macro failed, and the pages of the site that include those: their targets change unseen. Without those that were rendered less than a
 * day ago.
 */
export async function touchUnknown(tx: Sql, sourceId: string, now: Date): Promise<void> {
  const isDue = tx`r.refresh_after is null and r.rendered_at < ${now}::timestamptz - interval '20 hours'`;
  const touch = () => tx`
    with recursive own as (select source_id, space_key, site_id from archon_sources where source_id = ${sourceId}),
    unseen as materialized (
      select r.source_id, r.page_id from page_renderings r join own using (source_id)
      where ${isDue}
        and (cardinality(r.failed_macros) > 0 or exists (
          select from page_dependencies d
          where d.source_id = r.source_id and d.page_id = r.page_id and (d.kind = 'unknown' or d.space_key <> own.space_key
            and not exists (select from archon_sources s
              where s.site_id = own.site_id and s.space_key = d.space_key and s.status <> 'deleting')
            or d.kind = 'page' and exists (
              select from archon_sources s
              cross join lateral (
                (select p.subtype from confluence_pages p
                where lower(p.title) = lower(d.target) and p.title = d.target and p.source_id = s.source_id offset 0)
                union all
                (select p.subtype from confluence_pages p where p.page_id = d.target_id and p.source_id = s.source_id offset 0)) p
              where s.space_key = d.space_key and (s.source_id = own.source_id or s.site_id = own.site_id) and p.subtype = 'live'))))),
    reached as (
      select source_id, page_id, 1 as level from unseen
      union
      select d.source_id, d.page_id, r.level + 1 from reached r ${includingPages(tx)}),
    found as materialized (
      select distinct r.source_id, r.page_id from reached r join archon_sources s using (source_id), own
      where s.source_id = own.source_id or s.site_id = own.site_id order by r.source_id, r.page_id),
    locked as materialized (
      select locked.source_id, locked.page_id from found f cross join lateral (
        select r.source_id, r.page_id from page_renderings r
        where r.source_id = f.source_id and r.page_id = f.page_id and ${isDue} for no key update) locked)
    update page_renderings r set shown_revision = r.shown_revision + 1, refresh_after = ${now}
    from locked where r.source_id = locked.source_id and r.page_id = locked.page_id`;
  await pipelined([() => setScans(tx, "off"), touch, () => setScans(tx, "on")]);
}
