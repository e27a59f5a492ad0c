import type { ContentKind } from "#shared/content-kinds.ts";
import type { Json, Sql } from "#shared/db/connect.ts";
import type { RenderedMissing } from "./rendered-missing.ts";
import type { StoredRendering } from "./renderings.ts";

/** Why a page could not be stored; kept on its row until a swap or a deletion clears it. */
export type PageError = {
  code: string;
  message: string;
  /** A retry would fail in the same way. */
  permanent: boolean;
  /** Consecutive syncs that failed so. */
  attempts: number;
  /** The version that could not be stored; 0 if unknown. */
  version: number;
  /** ISO-8601, UTC. */
  at: string;
};

/** The stored state of a page, for comparison with what Confluence lists. Version 0: listed, but never stored. */
export type PageState = {
  kind: ContentKind;
  version: number;
  representationRevision: number;
  isDeleted: boolean;
  missingSince: Date | null;
  stateRevision: number;
  syncError: PageError | null;
  title: string;
  parentId: string | null;
  parentType: string | null;
  /** `live`: a live doc; null: not known. */
  subtype: string | null;
  contentHash: string | null;
  labels: string[];
  url: string;
  renderedMissing: RenderedMissing | null;
  /** Whether the stored body shows what is not the page's own; null: not known. */
  showsOthers: boolean | null;
  /** Null: the stored body shows nothing of other content. */
  rendering: StoredRendering | null;
};

/** The stored pages among `pageIds`, deleted ones included, by page id. */
export async function readPageStates(
  sql: Sql,
  sourceId: string,
  pageIds: readonly string[],
): Promise<Map<string, PageState>> {
  if (pageIds.length === 0) return new Map();
  const rows = await sql<(Omit<PageState, "rendering"> & StoredRendering & { pageId: string })[]>`
    select p.page_id as "pageId", kind, version, representation_revision as "representationRevision", is_deleted as "isDeleted",
      missing_since as "missingSince", state_revision as "stateRevision", sync_error as "syncError", title,
      parent_id as "parentId", parent_type as "parentType", subtype, content_hash as "contentHash", labels, url,
      rendered_missing as "renderedMissing", shows_others as "showsOthers", r.rendered_revision as revision, r.rendered_at as at,
      r.shown_revision as "shownRevision", r.shows_gone as "showsGone"
    from confluence_pages p left join lateral (
      select * from page_renderings r where r.source_id = p.source_id and r.page_id = p.page_id offset 0) r on true
    where p.source_id = ${sourceId} and p.page_id = any(${[...pageIds]}::text[])`;
  return new Map(rows.map(({ pageId, ...row }) => [pageId, withRendering(row)]));
}

function withRendering({
  revision,
  at,
  shownRevision,
  showsGone,
  ...state
}: Omit<PageState, "rendering"> & Partial<StoredRendering>): PageState {
  const isRendered = revision != null && at != null && shownRevision != null && showsGone != null;
  return { ...state, rendering: isRendered ? { revision, at, shownRevision, showsGone } : null };
}

/**
 * Records why a page could not be stored and counts consecutive attempts (from 1 for another `version`). A page without a row
 * gets one of version 0, which no search and no count of pages includes. Chunks are not changed.
 */
export async function recordPageError(
  tx: Sql,
  failure: {
    sourceId: string;
    pageId: string;
    title?: string;
    /** The version that failed, when known. */
    version?: number;
    error: Pick<PageError, "code" | "message" | "permanent">;
    now: Date;
  },
): Promise<void> {
  const { sourceId, pageId, version = null, now } = failure;
  const error: Json = {
    // jsonb refuses U+0000, and upstream messages may contain it.
    code: failure.error.code,
    message: failure.error.message.replaceAll("\u0000", ""),
    permanent: failure.error.permanent,
    at: now.toISOString(),
  };
  await tx`
    insert into confluence_pages as p (source_id, page_id, title, sync_error)
    values (${sourceId}, ${pageId}, ${failure.title ?? ""},
      ${tx.json(error)} || jsonb_build_object('attempts', 1, 'version', coalesce(${version}::int, 0)))
    on conflict (source_id, page_id) do update set sync_error = ${tx.json(error)} || jsonb_build_object(
      'version', coalesce(${version}::int, (p.sync_error ->> 'version')::int, 0),
      'attempts', case
        when ${version}::int is distinct from (p.sync_error ->> 'version')::int and ${version}::int is not null then 1
        when (p.sync_error ->> 'permanent')::boolean is distinct from ${failure.error.permanent} then 1
        else coalesce((p.sync_error ->> 'attempts')::int, 0) + 1 end)`;
}
