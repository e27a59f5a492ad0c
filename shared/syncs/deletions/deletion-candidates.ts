import type { PageKind } from "#shared/content-kinds.ts";
import type { Sql } from "#shared/db/connect.ts";
import {
  deletePages,
  hidePages,
  type ChangedPage,
  type DeletedPage,
} from "#shared/documents/delete-pages.ts";
import { fetchVisible } from "./fetch-visible.ts";
import { recordMoved, type FilesOfGone } from "./files-of-gone.ts";
import { FILES_BATCH, judgeFiles } from "./judge-files.ts";
import {
  judgeCandidate,
  type Candidate,
  type DeletionOutcomes,
  type JudgedCandidate,
} from "./deletion-rules.ts";
import type { Operation } from "#shared/syncs/operations/operation.ts";
import { OPERATIONS } from "#shared/syncs/operations/operation-types.ts";
import { refreshIncludersOf } from "#shared/syncs/refreshes/refresh-includers.ts";
import type { StepContext } from "#shared/syncs/operations/step.ts";

/** Ids requested in one call: the limit of the v2 listing. */
export const CONFIRM_BATCH = 250;
/** Pages deleted in one transaction: bounded, so that searches and swaps do not wait long. */
export const APPLY_BATCH = 100;

/**
 * Records every stored page that this operation did not list as a candidate; returns their number. Only of the kinds that it
 * listed: a listing of pages says nothing about blog posts.
 */
export async function collectCandidates(tx: Sql, operation: Operation, now: Date): Promise<number> {
  const kinds = operation.listedKinds.length === 0 ? ["page"] : operation.listedKinds;
  const files = ["attachment"];
  const pages = kinds.filter((kind) => !files.includes(kind));
  await insertCandidates(tx, operation, { only: null, kinds: pages, reason: "not listed", now });
  // After the pages: a file on a page that may go is decided with it.
  if (kinds.length > pages.length)
    await insertCandidates(tx, operation, { only: null, kinds: files, reason: "not listed", now });
  const [row] = await tx<{ count: number }[]>`
    select count(*)::int as count from sync_work
    where operation_id = ${operation.operationId} and state = 'candidate'`;
  return row?.count ?? 0;
}

/** Records these of the stored pages as candidates of an operation that lists nothing; returns those that were none before. */
export async function addCandidates(
  tx: Sql,
  operation: Operation,
  pageIds: readonly string[],
  now: Date,
): Promise<string[]> {
  const added = await insertCandidates(tx, operation, {
    only: pageIds,
    kinds: null,
    reason: "announced as changed",
    now,
  });
  return added.map((row) => row.page_id);
}

function insertCandidates(
  tx: Sql,
  operation: Operation,
  {
    only,
    kinds,
    reason,
    now,
  }: { only: readonly string[] | null; kinds: readonly string[] | null; reason: string; now: Date },
) {
  return tx<{ page_id: string }[]>`
    insert into sync_work as w (operation_id, source_id, kind, page_id, title, state, reason, state_revision, updated_at)
    select ${operation.operationId}, p.source_id, case p.kind when 'attachment' then p.kind else 'page' end, p.page_id, p.title, 'candidate', ${reason},
      p.state_revision, ${now}
    from confluence_pages p
    where p.source_id = ${operation.sourceId} and not p.is_deleted and p.kind <> 'comments'
      ${kinds === null ? tx`` : tx`and p.kind = any(${kinds as string[]}::text[])`}
      and not exists (
        select from confluence_pages c left join sync_work cw
          on cw.operation_id = ${operation.operationId} and cw.page_id = c.page_id and cw.state = 'candidate'
        where c.source_id = p.source_id and c.page_id = p.container_id and (c.missing_since is not null or cw.page_id is not null))
      ${only === null ? tx`` : tx`and p.page_id = any(${only as string[]}::text[])`}
    on conflict (operation_id, page_id) do update
      set state = 'candidate', outcome = null, reason = excluded.reason, state_revision = excluded.state_revision, claimed_until = null
      -- Work because of what it shows says nothing about the page itself.
      where w.refreshes and w.listed_version is null
    returning page_id`;
}

/** Whether what is not visible was announced only: also a check in place of announcements, which may be minutes after another one. */
function isByHint({ type, actor }: Operation): boolean {
  return !OPERATIONS[type].followsListing || (type === "deletion_check" && actor === "hook");
}

/** Candidates on which was decided: of other kinds than these, and not since. */
type OldVerdicts = { kindsHeld: readonly string[]; before: Date };

/** Pages that the verdicts would remove; `save` records the verdicts. */
export type Confirmed = { gone: string[]; save: (tx: Sql) => Promise<void> };

/**
 * Requests the next candidates by id (`again`: those on which was decided longer ago); returns the verdicts, or null when no candidate is left. Only what
 * a listing of the whole space missed counts towards the two complete listings after which a page that is not visible is deleted.
 */
export async function confirmNext(
  context: StepContext,
  { atMost = CONFIRM_BATCH, again = null }: { atMost?: number; again?: OldVerdicts | null } = {},
): Promise<Confirmed | null> {
  const { operation, services } = context;
  const sorted = await services.sql<Candidate[]>`
    select w.page_id, p.kind, p.container_id,
      case when ${!isByHint(operation)} and p.hidden_by_hint is not true
        -- Shown again since the check that was held, a page has yet to be missed twice.
        and (${operation.approves}::uuid is null or h.outcome = 'deleted' and h.reason = 'not_visible' and h.state_revision = p.state_revision)
        then p.missing_since end as missing_since
    from sync_work w join confluence_pages p on p.source_id = w.source_id and p.page_id = w.page_id
    left join sync_work h on h.operation_id = ${operation.approves} and h.page_id = w.page_id
    where w.operation_id = ${operation.operationId} and w.state = 'candidate'
      and ${again ? isOld(services.sql, again) : services.sql`w.outcome is null`}
    order by p.kind, w.page_id limit ${atMost}`;
  const [first] = sorted;
  if (!first) return null;
  const rows = sorted.filter((row) => row.kind === first.kind);
  const verdicts =
    first.kind === "attachment"
      ? await judgeFiles(context, rows.slice(0, FILES_BATCH))
      : await judgePages(context, first.kind, rows);
  const written = verdicts.map(({ page_id, verdict }) => ({
    page_id,
    state: verdict ? (operation.dryRun ? "planned" : "candidate") : "seen",
    outcome: verdict?.outcome ?? null,
    reason: verdict?.reason ?? "exists although it was not listed, or its format is not supported",
  }));
  const save = async (tx: Sql) => {
    await tx`
      update sync_work w set state = v.state, outcome = v.outcome, reason = v.reason, updated_at = ${services.now()}
      from jsonb_to_recordset(${tx.json(written)}) as v (page_id text, state text, outcome text, reason text)
      where w.operation_id = ${operation.operationId} and w.page_id = v.page_id and w.state = 'candidate'`;
  };
  return { gone: verdicts.filter(({ verdict }) => verdict).map(({ page_id }) => page_id), save };
}

/** Whether a decision is so old that it must be made again. */
export async function hasOldVerdicts(sql: Sql, operation: Operation, again: OldVerdicts): Promise<boolean> {
  const rows = await sql`
    select from sync_work w join confluence_pages p on p.source_id = w.source_id and p.page_id = w.page_id
    where w.operation_id = ${operation.operationId} and w.state = 'candidate' and ${isOld(sql, again)} limit 1`;
  return rows.length > 0;
}

function isOld(sql: Sql, { kindsHeld, before }: OldVerdicts) {
  return sql`w.outcome is not null and w.updated_at < ${before} and p.kind <> all(${kindsHeld as string[]}::text[])`;
}

async function judgePages(
  { client, source }: StepContext,
  kind: PageKind,
  rows: readonly Candidate[],
): Promise<JudgedCandidate[]> {
  const ids = rows.map((row) => row.page_id);
  const { pages, isUndecided } = await fetchVisible(ids, client, [kind]);
  return rows.map(({ page_id, missing_since }) => ({
    page_id,
    verdict: isUndecided(page_id)
      ? null
      : judgeCandidate(pages.get(page_id), { missingSince: missing_since }, source.spaceId),
  }));
}

/** Pages of the source that are stored and not deleted: about as many as the listing should show. */
export async function countStoredPages(sql: Sql, sourceId: string): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    select count(*)::int as count from confluence_pages
    where source_id = ${sourceId} and not is_deleted and version > 0 and kind <> 'comments'`;
  return row?.count ?? 0;
}

/** What the operation would delete or hide, by kind of content; only kinds of which it would. */
export async function countOutcomes(sql: Sql, operation: Operation): Promise<DeletionOutcomes[]> {
  return sql<DeletionOutcomes[]>`
    select decided.*, (select count(*)::int from confluence_pages p
      where p.source_id = ${operation.sourceId} and p.kind = decided.kind and not p.is_deleted and p.version > 0) as pages
    from (
      select p.kind,
        (count(*) filter (where not (w.outcome = 'deleted' and w.reason = 'not_visible')))::int as "firstTime",
        (count(*) filter (where w.outcome = 'deleted' and w.reason = 'not_visible'))::int as "secondTime"
      from sync_work w join confluence_pages p on p.source_id = w.source_id and p.page_id = w.page_id
      where w.operation_id = ${operation.operationId} and w.state in ('candidate', 'planned')
        and w.outcome in ('deleted', 'hidden')
      group by p.kind) decided
    order by decided.kind`;
}

/** The result of one batch; `settled` 0: nothing is left. */
export type AppliedBatch = { settled: number; deleted: DeletedPage[]; hidden: ChangedPage[]; at: Date };

/** Which confirmed pages are next: nothing of `kindsHeld`, and only what was confirmed at `since` or later. */
type Batch = { kindsHeld?: readonly string[]; since?: Date | null };

/** The confirmed pages that `applyNext` would delete or hide. */
export function nextToApply(
  sql: Sql,
  { operationId }: Operation,
  { kindsHeld = [], since = null }: Batch,
): Promise<{ page_id: string; outcome: string; reason: string; state_revision: number }[]> {
  return sql<{ page_id: string; outcome: string; reason: string; state_revision: number }[]>`
    select w.page_id, w.outcome, w.reason,
      -- The release before noted it among the counters; a check that it began is finished here.
      coalesce(w.state_revision, (w.counters ->> 'state_revision')::int) as state_revision
    from sync_work w join confluence_pages p on p.source_id = w.source_id and p.page_id = w.page_id
    where w.operation_id = ${operationId} and w.state = 'candidate' and w.outcome is not null
      and p.kind <> all(${kindsHeld as string[]}::text[]) and (${since}::timestamptz is null or w.updated_at >= ${since})
    order by w.page_id limit ${APPLY_BATCH}`;
}

/**
 * Deletes or hides the next confirmed pages. A page that was stored again since it became a candidate (another
 * `state_revision`) is left unchanged: the next check decides on it. `files`: where the files on the pages are, if that was asked for.
 */
export async function applyNext(
  tx: Sql,
  context: StepContext,
  { files = null, ...batch }: Batch & { files?: FilesOfGone | null } = {},
): Promise<AppliedBatch> {
  const { operation, source, services } = context;
  const now = services.now();
  await recordMoved(tx, context, files);
  const rows = await nextToApply(tx, operation, batch);
  if (rows.length === 0) return { settled: 0, deleted: [], hidden: [], at: now };
  const of = (outcome: string) =>
    rows
      .filter((row) => row.outcome === outcome)
      .map((row) => ({ pageId: row.page_id, reason: row.reason, expectedStateRevision: row.state_revision }));
  const request = {
    sourceId: source.sourceId,
    now,
    actor: operation.actor,
    operationId: operation.operationId,
    goneFiles: files && files.gone,
  };
  const deleted = await deletePages(tx, { ...request, pages: of("deleted") });
  const hidden = await hidePages(tx, { ...request, pages: of("hidden"), byHint: isByHint(operation) });
  const settled = [...deleted, ...hidden].map((row) => row.pageId);
  await refreshIncludersOf(tx, operation, settled, { isGone: true, now });
  await tx`
    update sync_work set updated_at = ${now},
      state = case when page_id = any(${settled}) then 'done' else 'seen' end,
      outcome = case when page_id = any(${settled}) then outcome end
    where operation_id = ${operation.operationId} and page_id = any(${rows.map((row) => row.page_id)})`;
  return { settled: rows.length, deleted, hidden, at: now };
}

/** Only for what was committed: a batch that was rolled back deleted nothing. */
export function logApplied({ deleted, hidden, at }: AppliedBatch, context: StepContext): void {
  const { operation, source, services } = context;
  const fixed = { source_id: source.sourceId, operation_id: operation.operationId };
  for (const { pageId, title, reason } of deleted) {
    services.log.info("page.deleted", {
      ...fixed,
      page_id: pageId,
      title,
      deletion_timestamp: at.toISOString(),
      reason,
      actor: operation.actor,
    });
  }
  for (const page of hidden) services.log.info("page.hidden", { ...fixed, page_id: page.pageId });
}
