import type { ContentKind } from "#shared/content-kinds.ts";
import type { Sql } from "#shared/db/connect.ts";
import { syncsKind } from "#shared/sources/syncs-kind.ts";
import { later } from "#shared/syncs/later.ts";
import { heardSources, pulsedSources } from "./pulsed-sites.ts";

/** Stands for all pages of a space. */
const ANY_PAGE = "*";
/** After a sync that failed, that listed less than Confluence counted, or that did not list the hit, the next one for it. */
const RETRY_MS = 10 * 60_000;
/** While more changed than pulses read (an import, a bulk edit), each source is due this often, not each minute. */
const OVERFLOW_MS = 10 * 60_000;

/** Whether the hit `h` is stored by now, in that version or a newer one. */
function isStored(sql: Sql) {
  return sql`(exists (
    select from confluence_pages p
    where p.source_id = h.source_id and p.page_id = h.page_id and p.version >= h.version
      and is_visible(p))
    or exists (
    select from confluence_comments m
    where m.source_id = h.source_id and m.comment_id = h.page_id and m.version >= h.version and m.missing_since is null))`;
}

/**
 * Whether a sync that lists the hit `h` was started: its page may have failed, and must not be tried each minute. A sync that failed or
 * listed too little counts for RETRY_MS only, and so does one that has no work on the hit: the hit got another time in the index while the
 * listing was paged, and was passed over.
 */
function hasSync(sql: Sql, now: Date) {
  return sql`exists (${syncsSince(sql)} and (${listedAll(sql)} and ${listedHit(sql)} or o.created_at > ${later(now, -RETRY_MS)}))`;
}

function listedHit(sql: Sql) {
  return sql`(h.page_id = ${ANY_PAGE} or o.finished_at is null
    or exists (select from sync_work w where w.operation_id = o.operation_id and w.page_id = h.page_id))`;
}

/** Whether such a sync has ended. */
function wasSynced(sql: Sql) {
  return sql`exists (${syncsSince(sql)} and ${listedAll(sql)} and o.finished_at is not null)`;
}

function syncsSince(sql: Sql) {
  return sql`select from archon_progress o
    where o.source_id = h.source_id and o.operation_type = 'confluence_sync' and not o.dry_run
      and o.created_at >= h.first_seen_at`;
}

function listedAll(sql: Sql) {
  return sql`o.status <> 'failed' and (o.checkpoint ->> 'incomplete') is distinct from 'true'`;
}

/** Whether the hit `h` in a space that was unavailable may start a sync: it was listed, and none was started within RETRY_MS. */
function isWorthATry(sql: Sql, now: Date) {
  return sql`h.page_id <> ${ANY_PAGE} and not exists (
    select from archon_progress o
    where o.source_id = s.source_id and o.operation_type = 'confluence_sync' and not o.dry_run and o.created_at > ${later(now, -RETRY_MS)})`;
}

/** What a pulse compares: a page, a blog post, a comment, or a file. */
export type NewsItem = { id: string; kind: ContentKind; version: number; spaceKey: string | null };

/** Records the pages that the site's sources do not have in the version listed. */
export async function recordHits(
  sql: Sql,
  siteId: string,
  listed: readonly NewsItem[],
  now: Date,
): Promise<void> {
  // A page that was edited while the search was paged is listed twice.
  const pages = [
    ...new Map(
      listed
        .filter((page) => page.spaceKey !== null)
        .toSorted((a, b) => a.version - b.version)
        .map((page) => [page.id, page]),
    ).values(),
  ];
  await sql`
    insert into pulse_hits as h (source_id, page_id, version, first_seen_at, last_seen_at)
    select s.source_id, listed.page_id, listed.version, ${now}, ${now}
    from unnest(${pages.map((page) => page.id)}::text[], ${pages.map((page) => page.version)}::int[],
      ${pages.map((page) => page.spaceKey)}::text[], ${pages.map((page) => page.kind)}::text[]) as listed (page_id, version, space_key, kind)
    join archon_sources s on s.site_id = ${siteId} and s.space_key = listed.space_key and ${heardSources(sql)}
      and ${syncsKind(sql, sql`listed.kind`)}
    where not exists (
      select from confluence_pages p
      where p.source_id = s.source_id and p.page_id = listed.page_id and p.version >= listed.version
        and is_visible(p))
      and not exists (
      select from confluence_comments m
      where m.source_id = s.source_id and m.comment_id = listed.page_id and m.version >= listed.version
        and m.missing_since is null)
    on conflict (source_id, page_id) do update set
      version = excluded.version, last_seen_at = excluded.last_seen_at,
      -- A page that is edited each minute keeps its place among those that wait. One that the last pulse did not list, and this one does,
      -- has another time in the index by now: it was found by an older one, which the sync that was started may not have looked back to.
      first_seen_at = case when (excluded.version > h.version or h.last_seen_at < (
          select c.last_pulse_at from confluence_sites c where c.site_id = ${siteId})) and ${hasSync(sql, now)}
        then excluded.first_seen_at else h.first_seen_at end`;
}

/** Makes every source of the site due, unless it was within OVERFLOW_MS. */
export async function recordOverflow(sql: Sql, siteId: string, now: Date): Promise<void> {
  await sql`
    insert into pulse_hits as h (source_id, page_id, version, first_seen_at, last_seen_at)
    select s.source_id, ${ANY_PAGE}, 0, ${now}, ${now} from archon_sources s
    where s.site_id = ${siteId} and ${heardSources(sql)}
    on conflict (source_id, page_id) do update set
      last_seen_at = excluded.last_seen_at,
      first_seen_at = case when h.first_seen_at <= ${later(now, -OVERFLOW_MS)} and ${hasSync(sql, now)}
        then excluded.first_seen_at else h.first_seen_at end`;
}

/** Removes hits that are stored, and, of those that the complete pulse at `now` did not list any more, the ones that had their sync. */
export async function removeSettledHits(
  sql: Sql,
  siteId: string,
  { complete, now }: { complete: boolean; now: Date },
): Promise<void> {
  await sql`
    delete from pulse_hits h using archon_sources s
    where s.source_id = h.source_id and s.site_id = ${siteId}
      and (${isStored(sql)}
        or ${complete} and h.last_seen_at < ${now} and (${wasSynced(sql)} or s.status <> 'active' or not ${heardSources(sql)}))`;
}

/** Selects the sources `s` of sites `c` whose pulse has waited since `before` for a sync that lists what it found. */
export function hasWaitingNews(sql: Sql, { before, now }: { before: Date; now: Date }) {
  return sql`(c.pulse and ${pulsedSources(sql)} and exists (
    select from pulse_hits h
    where h.source_id = s.source_id and h.first_seen_at <= ${before} and not ${isStored(sql)} and not ${hasSync(sql, now)}))`;
}

/**
 * Sources of the site with news that no sync lists yet and that no operation holds: those with a page that is known to have changed,
 * longest waiting first, before those of which any page may have. A quarter is kept for the latter, so that they have their turn.
 */
export async function sourcesWithNews(
  sql: Sql,
  siteId: string,
  { limit, now }: { limit: number; now: Date },
): Promise<{ sourceId: string; spaceKey: string }[]> {
  return sql<{ sourceId: string; spaceKey: string }[]>`
    with waiting as (
      select s.source_id, s.space_key, min(h.first_seen_at) as since, min(h.first_seen_at) filter (where h.page_id <> ${ANY_PAGE}) as named_since
      from pulse_hits h join archon_sources s using (source_id)
      where s.site_id = ${siteId} and ${pulsedSources(sql)} and (s.lease_until is null or s.lease_until <= ${now})
        and (s.status = 'active' or ${isWorthATry(sql, now)})
        and not ${isStored(sql)} and not ${hasSync(sql, now)}
      group by s.source_id),
    placed as (
      select *, row_number() over (partition by named_since is null order by coalesce(named_since, since), source_id) as place from waiting)
    select source_id as "sourceId", space_key as "spaceKey" from placed
    order by named_since is null and place > ${Math.floor(limit / 4)}, named_since is null desc, place limit ${limit}`;
}
