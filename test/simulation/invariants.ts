import type postgres from "postgres";
import type { SitePage } from "#infra/local/confluence-site/site.ts";
import { searchDocuments } from "#shared/documents/search.ts";
import { checkEvents } from "./event-invariants.ts";
import type { People } from "./people.ts";
import { checkPreviousChunks } from "./previous-chunks.ts";
import { SOURCE_ID, Violation } from "./violation.ts";
import type { World } from "./world.ts";

/** Results of earlier checks of the index: deletions already judged, the version of each page, and comments that were stored. */
export type Seen = { deletions: Set<string>; versions: Map<string, number>; comments: ReadonlySet<string> };

type Row = {
  page_id: string;
  kind: string;
  title: string;
  version: number;
  parent_id: string | null;
  labels: string[];
  is_deleted: boolean;
  deleted_at: Date | null;
  deleted_reason: string | null;
  missing_since: Date | null;
  sync_error: unknown;
  chunk_count: number;
  chunks: string[];
  marked: number;
};

export async function readRows(sql: postgres.Sql): Promise<Map<string, Row>> {
  const rows = await sql<Row[]>`
    select p.page_id, p.kind, p.title, p.version, p.parent_id, p.labels, p.is_deleted, p.deleted_at, p.deleted_reason, p.missing_since, p.sync_error, p.chunk_count,
      coalesce((select array_agg(c.content order by c.chunk_number) from archon_crawled_pages c
        where c.source_id = p.source_id and c.page_id = p.page_id), '{}') as chunks,
      (select count(*)::int from archon_crawled_pages c where c.source_id = p.source_id and c.page_id = p.page_id
        and c.metadata ->> '_pending_deletion' = 'true') as marked
    from confluence_pages p where p.source_id = ${SOURCE_ID} and p.kind in ('page', 'blogpost') order by p.page_id`;
  return new Map(rows.map((row) => [row.page_id, row]));
}

/** Share of the checks that also search the index. */
const SEARCH_SHARE = 0.3;

/** Must hold at any time, whatever is running. */
export async function checkAlways(world: World, people: People, seen: Seen): Promise<void> {
  const rows = await readRows(world.sql);
  for (const row of rows.values()) {
    if (row.marked > 0)
      throw new Violation(`Page ${row.page_id} has ${row.marked} committed chunks marked as going`);
    if (row.chunk_count !== row.chunks.length) {
      throw new Violation(`Page ${row.page_id} has ${row.chunks.length} chunks and says ${row.chunk_count}`);
    }
    if (row.is_deleted && row.chunks.length > 0)
      throw new Violation(`Deleted page ${row.page_id} still has chunks`);
    if (row.version > 0 && !row.is_deleted && row.chunks.length === 0) {
      throw new Violation(`Stored page ${row.page_id} has no chunks: a search finds nothing`);
    }
    const siteVersion = world.site.pages.get(row.page_id)?.version.number;
    if (siteVersion !== undefined && row.version > siteVersion) {
      throw new Violation(
        `Page ${row.page_id} is stored as version ${row.version}, Confluence has ${siteVersion}`,
      );
    }
    checkDeletion(row, people, seen);
  }
  await checkEvents(world);
  await checkWatermark(world.sql);
  await checkDryRuns(world.sql);
  await checkPreviousChunks(world.sql);
  for (const row of rows.values())
    if (row.deleted_reason === "not_visible") await checkSeenTwice(world.sql, row, people, seen);
  // A search takes as long as forty other statements.
  if (!world.random.chance(SEARCH_SHARE)) return;
  await checkHidden(world, rows);
  const hit = world.random.pick(
    [...rows.values()].filter((row) => row.version > 0 && !row.is_deleted && !row.missing_since),
  );
  if (hit) await checkFound(world, hit);
}

/** A late, repeated or overtaken worker never takes a page back; a later sync would repair it, so this is checked often. */
export async function checkNoneWentBack(sql: postgres.Sql, seen: Seen): Promise<void> {
  const rows = await sql<{ page_id: string; version: number }[]>`
    select page_id, version from confluence_pages where source_id = ${SOURCE_ID} and kind <> 'comments' order by page_id`;
  for (const { page_id, version } of rows) {
    const before = seen.versions.get(page_id) ?? 0;
    if (version < before)
      throw new Violation(`Page ${page_id} went back from version ${before} to ${version}`);
    seen.versions.set(page_id, version);
  }
}

/** A deleted or hidden page must have been away at some moment in the hours before: a check takes no longer. */
function checkDeletion(row: Row, people: People, seen: Seen): void {
  const at = row.deleted_at ?? row.missing_since;
  if (!at || (!row.is_deleted && !row.missing_since)) return;
  const key = `${row.page_id} ${at.toISOString()} ${row.is_deleted}`;
  if (seen.deletions.has(key)) return;
  seen.deletions.add(key);
  const from = at.getTime() - 6 * 3_600_000;
  const away = people.absences(row.page_id).some(([left, back]) => left <= at.getTime() && back >= from);
  if (!away) {
    throw new Violation(
      `Page ${row.page_id} was ${row.is_deleted ? "deleted" : "hidden"} though Confluence showed it all the time`,
    );
  }
}

/** The watermark is the start of a sync that was completed and was no trial. */
async function checkWatermark(sql: postgres.Sql): Promise<void> {
  const [wrong] = await sql<{ watermark: string }[]>`
    select metadata ->> 'last_sync_timestamp' as watermark from archon_sources
    where metadata ->> 'last_sync_timestamp' is not null and not exists (
      select from archon_progress p where p.source_id = archon_sources.source_id and p.operation_type = 'confluence_sync'
        and p.status like 'completed%' and not p.dry_run and p.confluence_started_at = (metadata ->> 'last_sync_timestamp')::timestamptz)`;
  if (wrong) throw new Violation(`The watermark ${wrong.watermark} is of no completed sync`);
}

/** A dry run plans. */
async function checkDryRuns(sql: postgres.Sql): Promise<void> {
  const [done] = await sql<{ operation_id: string; page_id: string }[]>`
    select operation_id, page_id from sync_work w join archon_progress p using (operation_id)
    where p.dry_run and w.state in ('pending', 'done') order by page_id limit 1`;
  if (done) throw new Violation(`Dry run ${done.operation_id} works on page ${done.page_id}`);
}

/** What is not visible is deleted by a second check since it went, never by the first. */
async function checkSeenTwice(sql: postgres.Sql, row: Row, people: People, seen: Seen): Promise<void> {
  const at = row.deleted_at;
  const key = `${row.page_id} ${at?.toISOString()} twice`;
  if (!at || seen.deletions.has(key)) return;
  seen.deletions.add(key);
  const starts = people
    .absences(row.page_id)
    .map(([left]) => left)
    .filter((left) => left <= at.getTime());
  const [checks] = await sql<{ count: number }[]>`
    select count(*)::int as count from archon_progress
    where operation_type = 'deletion_check' and not dry_run and created_at <= ${at}
      and (finished_at is null or finished_at >= ${new Date(Math.min(...starts))})`;
  if ((checks?.count ?? 0) < 2)
    throw new Violation(`Page ${row.page_id} was deleted by the first check that missed it`);
}

/** No search finds a hidden page. */
async function checkHidden(world: World, rows: ReadonlyMap<string, Row>): Promise<void> {
  const hidden = world.random.pick([...rows.values()].filter((row) => row.missing_since && !row.is_deleted));
  if (hidden && (await isFound(world, hidden)))
    throw new Violation(`Page ${hidden.page_id} is hidden, and a search finds it`);
}

/** A word that only this page has finds it, by the real search. */
async function checkFound(world: World, row: Row): Promise<void> {
  if ((await isFound(world, row)) === false)
    throw new Violation(`A search for a word of page ${row.page_id} does not find it`);
}

/** Null where the page has no such word. */
async function isFound(world: World, row: Row): Promise<boolean | null> {
  const query = /word\d+x\d+/.exec(row.chunks.join(" "))?.[0];
  if (!query) return null;
  const result = await searchDocuments(world.sql, {
    query,
    embedding: null,
    sources: [SOURCE_ID],
    matchCount: 5,
    returnMode: "pages",
    readable: null,
  });
  return result.hits.some((hit) => [hit, ...hit.alsoOn].some(({ pageId }) => pageId === row.page_id));
}

/** After an incremental sync with nothing going on: every edit that Confluence's search can show has arrived. */
export async function checkEditsArrived(world: World, people: People): Promise<void> {
  const rows = await readRows(world.sql);
  for (const page of world.site.pages.values()) {
    if (!people.belongs(page.id) || !people.findableByTime(page.id)) continue;
    const row = rows.get(page.id);
    if (row && !row.is_deleted && row.version === page.version.number && row.title === page.title) continue;
    const stored = row ? `version ${row.version}${row.is_deleted ? ", deleted" : ""}` : "nothing";
    throw new Violation(
      `Page ${page.id} is at version ${page.version.number} of ${page.version.createdAt.toISOString()}; after a sync ${stored} is stored`,
    );
  }
}

/** After two deletion checks with nothing going on: the index is the site. */
export async function checkEqual(world: World, people: People): Promise<void> {
  const rows = await readRows(world.sql);
  for (const page of world.site.pages.values()) {
    const row = rows.get(page.id);
    if (people.belongs(page.id)) checkSame(page, row);
    else if (row && !row.is_deleted && row.version > 0) {
      throw new Violation(
        `Page ${page.id} is not in the space any more (${page.status}) and still in the index`,
      );
    }
  }
  for (const row of rows.values()) {
    if (!row.is_deleted && row.version > 0 && !people.belongs(row.page_id)) {
      throw new Violation(`Page ${row.page_id} is gone from Confluence and still in the index`);
    }
  }
}

function checkSame(page: SitePage, row: Row | undefined): void {
  if (!row || row.is_deleted || row.missing_since) {
    throw new Violation(
      `Page ${page.id} is in the space and not in the index (${row ? "deleted or hidden" : "no row"})`,
    );
  }
  const expected = [
    page.kind,
    page.version.number,
    page.title,
    page.parentId,
    [...page.labels].sort().join(),
  ];
  const stored = [row.kind, row.version, row.title, row.parent_id, [...row.labels].sort().join()];
  if (JSON.stringify(expected) !== JSON.stringify(stored)) {
    throw new Violation(
      `Page ${page.id} should be ${JSON.stringify(expected)} and is ${JSON.stringify(stored)}`,
    );
  }
  if (row.sync_error)
    throw new Violation(`Page ${page.id} is stored and has an error: ${JSON.stringify(row.sync_error)}`);
  const text = row.chunks.join("\n");
  for (const word of page.storage.match(/word\d+x\d+/g) ?? []) {
    if (!text.includes(word)) throw new Violation(`Page ${page.id} lacks ${word} of its present version`);
  }
}

/** Nothing is left to do: no operation, no work, no lease, no event, no message. */
export async function checkNothingLeft(world: World): Promise<void> {
  const [left] = await world.sql`
    select
      (select count(*)::int from archon_progress where finished_at is null) as operations,
      (select count(*)::int from sync_work where state = 'pending') as work,
      (select count(*)::int from archon_sources where lease_operation_id is not null) as leases,
      (select count(*)::int from event_outbox where sent_at is null) as events`;
  const counts = { ...left, messages: world.queues.size() };
  if (Object.values(counts).some((count) => count !== 0)) {
    throw new Violation(`Work is left over: ${JSON.stringify(counts)}`);
  }
}

/** Counters of the operations of the last hours (older ones' work has been removed) agree with the work that was done. */
export async function checkCounters(sql: postgres.Sql, now: Date): Promise<void> {
  const rows = await sql<{ operation_id: string; counters: Record<string, number>; done: number }[]>`
    select p.operation_id, p.counters, count(w.page_id) filter (where w.kind <> 'comments' and (w.state = 'done' or p.dry_run and w.state = 'planned'))::int as done
    from archon_progress p left join sync_work w using (operation_id)
    where p.status in ('completed', 'completed_with_errors')
      and p.finished_at > ${new Date(now.getTime() - 12 * 3_600_000)}
    group by 1, 2`;
  for (const { operation_id, counters, done } of rows) {
    const settled = ["pages_added", "pages_updated", "pages_deleted", "pages_hidden"].reduce(
      (sum, name) => sum + (counters[name] ?? 0),
      0,
    );
    if (settled > done) {
      throw new Violation(
        `Operation ${operation_id} counts ${settled} pages changed, ${done} were worked on`,
      );
    }
  }
}
