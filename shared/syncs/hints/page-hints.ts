import type { Sql } from "#shared/db/connect.ts";
import { requestSweeps } from "#shared/access/sweeps/sweep-rows.ts";
import { later } from "#shared/syncs/later.ts";

/** A page announced again is asked for this much later, so that a burst of edits is one request … */
const DEBOUNCE_MS = 2000;
/** … but no later than this after its first hint. */
const MAX_DEBOUNCE_MS = 15_000;
/** Hints of one source; further ones are dropped: a sync and a check take the place of so many (`wantCheck`). */
export const MAX_WAITING = 1000;

/** `isUnplaced`: nobody knows of which space the page is; the source asks for it and passes it on. */
export type PageOfSource = { sourceId: string; pageId: string; isUnplaced?: boolean };

/** Why a page is to be asked for. */
export type HintReason = "hook" | "api" | "parent_gone" | "moved_here" | "shows_gone";
/** Beside its reason: no listing of the source's space shows it. */
export const UNPLACED = "unplaced";
/** Reasons for which no sync takes the place of asking for the page: what somebody asked for by name is tried however often it failed. */
const NOT_REPLACED: readonly string[] = [UNPLACED, "api" satisfies HintReason];

/** Whether one sync may list what changed in the place of asking for the pages of these rows of `page_hints`. */
export function isReplaceable(sql: Sql) {
  return sql`not reasons && ${[...NOT_REPLACED]}::text[]`;
}

/** Records that these pages may have changed, in the caller's transaction or on their own. `atOnce`: without the debounce. */
export async function addHints(
  sql: Sql,
  pages: readonly PageOfSource[],
  hint: { reason: HintReason; hookId?: string; atOnce: boolean; now: Date },
): Promise<void> {
  if (pages.length === 0) return;
  const { reason, hookId = null, atOnce, now } = hint;
  const due = atOnce ? now : later(now, DEBOUNCE_MS);
  // What is announced of a page may be who sees it, which makes no version.
  if (reason === "hook" || reason === "api")
    await requestSweeps(sql, [...new Set(pages.map((page) => page.sourceId))], now);
  await sql`
    insert into page_hints as h (source_id, page_id, hook_id, reasons, first_at, due_at)
    select source_id, page_id, ${hookId}, array_remove(array[${reason}, unplaced], null), ${now}, ${due}
    from (
      select distinct * from jsonb_to_recordset(${sql.json(pages.map(rowOf))}) as row (source_id text, page_id text, unplaced text)) named
    where (select count(*) from page_hints waiting where waiting.source_id = named.source_id) < ${MAX_WAITING}
      or exists (select from page_hints known where known.source_id = named.source_id and known.page_id = named.page_id)
    -- In one order, so that two deliveries of the same pages do not wait for each other.
    order by source_id, page_id
    on conflict (source_id, page_id) do update set
      deliveries = h.deliveries + 1, hook_id = coalesce(excluded.hook_id, h.hook_id),
      reasons = array(select distinct unnest(h.reasons || excluded.reasons)),
      due_at = ${atOnce ? sql`least(h.due_at, ${due})` : sql`least(h.first_at + make_interval(secs => ${MAX_DEBOUNCE_MS / 1000}::int), ${due})`}`;
}

function rowOf({ sourceId, pageId, isUnplaced }: PageOfSource) {
  return { source_id: sourceId, page_id: pageId, unplaced: isUnplaced ? UNPLACED : null };
}

/**
 * The sources of a site that the pages concern: those that store them, and the one of the space that was named. A page that is
 * not stored and comes without a space is given to any source of the site, which asks for it and passes it on. `unknown`: pages of
 * spaces that are not synced.
 */
export async function locatePages(
  sql: Sql,
  pages: { siteId: string; pageIds: readonly string[]; spaceKey: string | null },
): Promise<{ located: PageOfSource[]; unknown: number }> {
  const { siteId, pageIds, spaceKey } = pages;
  const located = await sql<PageOfSource[]>`
    with named as (select unnest(${pageIds as string[]}::text[]) as page_id),
    sources as (
      select source_id, space_key, (status = 'active' and metadata ->> 'last_sync_timestamp' is not null) as healthy, lease_until
      from archon_sources where site_id = ${siteId} and status <> 'deleting'),
    stored as (
      select s.source_id, n.page_id from named n join confluence_pages p using (page_id) join sources s using (source_id)),
    in_space as (
      select s.source_id, n.page_id from named n, sources s where lower(s.space_key) = lower(${spaceKey}::text)),
    asked_by_any as (
      select (select source_id from sources order by healthy desc, lease_until nulls first, source_id limit 1) as source_id, page_id
      from named where ${spaceKey}::text is null and page_id not in (select page_id from stored))
    select source_id as "sourceId", page_id as "pageId", false as "isUnplaced" from stored
    union select source_id, page_id, false from in_space
    union select source_id, page_id, true from asked_by_any where source_id is not null`;
  const known = new Set(located.map((page) => page.pageId));
  return { located, unknown: pageIds.length - known.size };
}

/** A hint as it was taken: `deliveries` tells whether it was repeated since; `isRequested`: somebody asked for this page by the API. */
export type Hint = { pageId: string; hookId: string | null; deliveries: number; isRequested: boolean };

/**
 * The due hints of an operation's source, longest waiting first; in a storm only those that no sync replaces. A page that the operation has work on is announced again: a
 * worker may hold the body of before, so that it is left to the next operation.
 */
export async function dueHints(
  sql: Sql,
  operation: { operationId: string; sourceId: string },
  { now, limit, isStorm }: { now: Date; limit: number; isStorm: boolean },
): Promise<Hint[]> {
  return sql<Hint[]>`
    select page_id as "pageId", hook_id as "hookId", deliveries, 'api' = any(reasons) as "isRequested" from page_hints h
    where source_id = ${operation.sourceId} and due_at <= ${now} and not (${isStorm} and ${isReplaceable(sql)}) and not exists (
      select from sync_work w where w.operation_id = ${operation.operationId} and w.page_id = h.page_id)
    order by due_at, page_id limit ${limit}`;
}

/** `replaceable`: those in whose place one sync may list what changed. */
export async function countHints(sql: Sql, sourceId: string): Promise<{ all: number; replaceable: number }> {
  const [row] = await sql<{ all: number; replaceable: number }[]>`
    select count(*)::int as all, (count(*) filter (where ${isReplaceable(sql)}))::int as replaceable
    from page_hints where source_id = ${sourceId}`;
  return row ?? { all: 0, replaceable: 0 };
}

/** When the source's next hint is due, or null. */
export async function nextHintAt(sql: Sql, sourceId: string): Promise<Date | null> {
  const [row] = await sql<{ at: Date | null }[]>`
    select min(due_at) as at from page_hints where source_id = ${sourceId}`;
  return row?.at ?? null;
}

/** Removes hints in the transaction that records their work; one that was repeated since it was taken stays. */
export async function removeHints(tx: Sql, sourceId: string, hints: readonly Hint[]): Promise<void> {
  if (hints.length === 0) return;
  const rows = hints.map(({ pageId, deliveries }) => ({ page_id: pageId, deliveries }));
  await tx`
    delete from page_hints h using jsonb_to_recordset(${tx.json(rows)}) as taken (page_id text, deliveries integer)
    where h.source_id = ${sourceId} and h.page_id = taken.page_id and h.deliveries = taken.deliveries`;
}

/** Counts on their hooks the hints of pages that were found as they are stored. */
export async function countFalseAlarms(tx: Sql, hints: readonly Hint[]): Promise<void> {
  const byHook = Map.groupBy(hints, (hint) => hint.hookId);
  const hooks = [...byHook].flatMap(([hookId, of]) =>
    hookId === null ? [] : [{ hook_id: hookId, count: of.length }],
  );
  if (hooks.length === 0) return;
  await tx`
    update confluence_hooks h set false_alarms = h.false_alarms + counted.count
    from jsonb_to_recordset(${tx.json(hooks)}) as counted (hook_id text, count integer) where h.hook_id = counted.hook_id`;
}

/** The sources of this site with these spaces, by space id: for pages that are in another space than the source that asked. */
export async function sourcesOfSpaces(
  sql: Sql,
  siteId: string,
  spaceIds: readonly string[],
): Promise<Map<string, string>> {
  if (spaceIds.length === 0) return new Map();
  const rows = await sql<{ space_id: string; source_id: string }[]>`
    select space_id, source_id from archon_sources
    where site_id = ${siteId} and status <> 'deleting' and space_id = any(${spaceIds as string[]})`;
  return new Map(rows.map((row) => [row.space_id, row.source_id]));
}
