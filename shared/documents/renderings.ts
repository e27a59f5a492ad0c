import type { Sql } from "#shared/db/connect.ts";

/** What a page shows of other content, as a row of `page_dependencies`. */
export type StoredDependency = {
  kind: "page" | "children" | "label" | "files" | "unknown";
  /** The title of a page, or a label; empty where `targetId` names it, or nothing is named. */
  target: string;
  targetId: string;
  /** Empty: any space of the site. */
  spaceKey: string;
  depth: number | null;
  showsText: boolean;
};

/** Which state of its targets a rendered body shows. */
export type Rendering = {
  /** The page's `shown_revision` before the body was requested. */
  revision: number;
  /** By Confluence's clock, before the body was requested. */
  at: Date;
};

/** The same of a body that is to be stored; `startedAt`: by our clock. */
export type NewRendering = Rendering & {
  startedAt: Date;
  dependencies: readonly StoredDependency[];
  failedMacros: readonly string[];
};

/** Of a stored page; `shownRevision` above `revision`: its targets changed since. */
export type StoredRendering = Rendering & { shownRevision: number; showsGone: boolean };

export function isOutdated(rendering: StoredRendering | null | undefined): boolean {
  return rendering != null && rendering.shownRevision > rendering.revision;
}

/** What the page shows as it is stored; null if it shows nothing of other content. */
export async function readRendering(
  tx: Sql,
  { sourceId, pageId }: { sourceId: string; pageId: string },
): Promise<StoredRendering | null> {
  const [row] = await tx<StoredRendering[]>`
    select rendered_revision as revision, rendered_at as at, shown_revision as "shownRevision", shows_gone as "showsGone"
    from page_renderings where source_id = ${sourceId} and page_id = ${pageId}`;
  return row ?? null;
}

/** Removes what pages show: they are deleted, or show nothing of other content any more. */
export async function removeRenderings(tx: Sql, sourceId: string, pageIds: readonly string[]): Promise<void> {
  if (pageIds.length === 0) return;
  await tx`
    with gone as (
      delete from page_renderings where source_id = ${sourceId} and page_id = any(${pageIds as string[]}::text[]))
    delete from page_dependencies where source_id = ${sourceId} and page_id = any(${pageIds as string[]}::text[])`;
}

/**
 * Records, in the transaction that stores a page, what its body shows. A target that changed while the body was on its way makes it
 * outdated at once.
 */
export async function writeRendering(
  tx: Sql,
  { sourceId, pageId }: { sourceId: string; pageId: string },
  { revision, at, startedAt, dependencies, failedMacros }: NewRendering,
  now: Date,
): Promise<void> {
  const rows = dependencies.map((dependency) => ({ ...dependency }));
  const given = tx`jsonb_to_recordset(${tx.json(rows)})
    as g (kind text, target text, "targetId" text, "spaceKey" text, depth integer, "showsText" boolean)`;
  await tx`
    delete from page_dependencies d where source_id = ${sourceId} and page_id = ${pageId} and not exists (
      select from ${given} where (g.kind, g.target, g."targetId", g."spaceKey") = (d.kind, d.target, d.target_id, d.space_key))`;
  await tx`
    insert into page_dependencies (source_id, page_id, kind, target, target_id, space_key, depth, shows_text)
    select ${sourceId}, ${pageId}, kind, target, "targetId", "spaceKey", depth, "showsText" from ${given}
    on conflict (source_id, page_id, kind, space_key, target, target_id) do update
      set depth = excluded.depth, shows_text = excluded.shows_text`;
  await tx`
    insert into page_renderings as r (source_id, page_id, shown_revision, rendered_revision, rendered_at, failed_macros)
    values (${sourceId}, ${pageId}, ${revision}, ${revision}, ${at}, ${failedMacros as string[]})
    on conflict (source_id, page_id) do update set
      rendered_revision = excluded.rendered_revision, rendered_at = excluded.rendered_at, failed_macros = excluded.failed_macros,
      refreshed_at = case when r.refresh_after is null then r.refreshed_at else ${now} end,
      refresh_after = case when r.shown_revision > excluded.rendered_revision then least(r.refresh_after, ${now}) end,
      shows_gone = r.shows_gone and r.shown_revision > excluded.rendered_revision`;
  if (dependencies.some(({ kind }) => kind === "page"))
    await noteChangedMeanwhile(tx, { sourceId, pageId }, { at, startedAt }, now);
}

/** Clocks of a site and most of its replicas differ by less: an edit this much older than a rendering should be in it. */
export const RENDERING_LAG_MS = 60_000;
/**
 * A replica that has fallen behind may render without an edit that is this young. Unlike a page's own, the state of what it shows has no
 * version in the response: the page is rendered once more, `REFRESH_HOURS` later.
 */
export const SLOW_REPLICA_MS = 15 * 60_000;
/** A page is rendered again at most this often because of what it shows; at once when a target is gone. */
export const REFRESH_HOURS = 1;

/**
 * Pages that were swapped, hidden or deleted since the body was requested did not know yet that this page shows them. One that a
 * transaction holds right now counts too: waiting for it could be waiting for each other. An edit that was stored before, and may not have
 * reached the replica that rendered, is waited for.
 */
async function noteChangedMeanwhile(
  tx: Sql,
  { sourceId, pageId }: { sourceId: string; pageId: string },
  { at, startedAt }: { at: Date; startedAt: Date },
  now: Date,
): Promise<void> {
  await tx`
    with targets as materialized (
      select distinct p.source_id, p.page_id
      from page_dependencies d
      join archon_sources own on own.source_id = d.source_id
      join archon_sources s on s.space_key = d.space_key and (s.source_id = own.source_id or s.site_id = own.site_id)
      cross join lateral (
        (select p.source_id, p.page_id from confluence_pages p
        where lower(p.title) = lower(d.target) and p.title = d.target and p.source_id = s.source_id offset 0)
        union all
        (select p.source_id, p.page_id from confluence_pages p where p.page_id = d.target_id and p.source_id = s.source_id offset 0)) p
      where d.source_id = ${sourceId} and d.page_id = ${pageId} and d.kind = 'page' and p.page_id <> d.page_id),
    free as materialized (
      select p.source_id, p.page_id,
        p.is_deleted and p.deleted_at >= ${startedAt} or coalesce(p.missing_since >= ${startedAt}, false) as is_gone,
        p.last_synced_at >= ${startedAt} and coalesce(p.subtype is not distinct from 'live' or p.modified_at >= ${at}::timestamptz - make_interval(secs => ${RENDERING_LAG_MS / 1000}), true) as is_new,
        p.kind in ('page', 'blogpost') and coalesce(p.modified_at >= ${at}::timestamptz - make_interval(secs => ${SLOW_REPLICA_MS / 1000}), false) as is_young
      from confluence_pages p where (p.source_id, p.page_id) in (select source_id, page_id from targets)
      for share skip locked),
    found as (
      select exists (select from free where is_gone) as is_gone, exists (select from free where is_young) as is_young,
        exists (select from free where is_gone or is_new) or (select count(*) from targets) > (select count(*) from free) as is_outdated)
    update page_renderings r set shown_revision = shown_revision + 1, shows_gone = shows_gone or f.is_gone,
      -- What it shows may be gone already, which waits for nothing.
      refresh_after = least(r.refresh_after,
        ${now}::timestamptz + case when f.is_outdated then interval '0' else make_interval(hours => ${REFRESH_HOURS}) end)
    from found f where source_id = ${sourceId} and page_id = ${pageId} and (f.is_outdated or f.is_young)`;
}

/** Waits with a page that could not be rendered again; what it shows stays until then. */
export async function postponeRefresh(
  tx: Sql,
  { sourceId, pageId }: { sourceId: string; pageId: string },
  until: Date,
): Promise<void> {
  await tx`
    update page_renderings set refresh_after = ${until}
    where source_id = ${sourceId} and page_id = ${pageId} and refresh_after is not null`;
}
