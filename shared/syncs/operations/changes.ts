import type { ContentKind } from "#shared/content-kinds.ts";
import type { Sql } from "#shared/db/connect.ts";

/** What an operation changes in the index; `failed`: it should have, and the page keeps what it had. */
export const CHANGE_OUTCOMES = [
  "added",
  "updated",
  "moved",
  "restored",
  "deleted",
  "hidden",
  "failed",
] as const;
export type ChangeOutcome = (typeof CHANGE_OUTCOMES)[number];

/** A page, file or document of comments that an operation changed, or could not. */
export type Change = {
  pageId: string;
  kind: ContentKind;
  title: string;
  url: string;
  outcome: ChangeOutcome;
  /** Why it was worked on, or deleted; null of what failed. */
  reason: string | null;
  /** Of what failed. */
  error: { code: string; message: string } | null;
  chunksAdded: number;
  chunksKept: number;
  chunksRemoved: number;
  embeddingsCreated: number;
  at: Date;
};

/**
 * What an operation changed, by page id, after `after`; nothing of a dry run. Work that found nothing to change is not in it. What is a row
 * `seen` with an outcome was changed by the listing itself: it needed no body.
 */
export async function listChanges(
  sql: Sql,
  operationId: string,
  page: {
    outcome?: ChangeOutcome | undefined;
    kind?: ContentKind | undefined;
    after: string | null;
    limit: number;
  },
): Promise<Change[]> {
  const { outcome, kind, after, limit } = page;
  const outcomes = outcome === undefined ? CHANGE_OUTCOMES : [outcome];
  const counter = (name: string) => sql`coalesce((w.counters ->> ${name}::text)::int, 0)`;
  return sql<Change[]>`
    select w.page_id as "pageId", coalesce(p.kind, w.kind) as kind, coalesce(nullif(w.title, ''), p.title, '') as title,
      coalesce(p.url, '') as url, case w.state when 'failed' then 'failed' else w.outcome end as outcome,
      case when w.state <> 'failed' then w.reason end as reason,
      case when w.state = 'failed' then
        jsonb_build_object('code', coalesce(w.outcome, 'internal_error'), 'message', coalesce(w.reason, '')) end as error,
      ${counter("chunks_added")} as "chunksAdded", ${counter("chunks_kept")} as "chunksKept",
      ${counter("chunks_removed")} as "chunksRemoved", ${counter("embeddings_created")} as "embeddingsCreated", w.updated_at as at
    from sync_work w left join confluence_pages p on p.source_id = w.source_id and p.page_id = w.page_id
    where w.operation_id = ${operationId}
      and (w.state in ('done', 'seen') and w.outcome = any(${outcomes as string[]}::text[])
        or w.state = 'failed' and 'failed' = any(${outcomes as string[]}::text[]))
      ${kind === undefined ? sql`` : sql`and coalesce(p.kind, w.kind) = ${kind}`}
      ${after === null ? sql`` : sql`and w.page_id > ${after}`}
    order by w.page_id limit ${limit}`;
}
