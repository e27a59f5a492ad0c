import { CONTENT_KINDS, PAGE_KINDS, type ContentKind } from "#shared/content-kinds.ts";
import type { NoTextReason } from "#shared/extraction/extracted-file.ts";
import type { Sql } from "#shared/db/connect.ts";
import type { RenderedMissing } from "./rendered-missing.ts";
import { containsPattern } from "#shared/db/contains-pattern.ts";

export const PAGE_STATUSES = ["current", "hidden", "deleted", "failed", "pending"] as const;
export type PageStatus = (typeof PAGE_STATUSES)[number];

/** A page as lists return it. */
export type PageEntry = {
  pageId: string;
  kind: ContentKind;
  sourceId: string;
  title: string;
  url: string;
  status: PageStatus;
  version: number;
  /** The last known status in Confluence; for a deleted page the reason, if that is a Confluence status. */
  confluenceStatus: string;
  parentId: string | null;
  containerId: string | null;
  file: {
    media_type?: string | null;
    bytes?: number | null;
    result?: "text" | NoTextReason;
    message?: string | null;
  } | null;
  labels: string[];
  chunkCount: number;
  modifiedAt: Date | null;
  lastSyncedAt: Date | null;
  missingSince: Date | null;
  isDeleted: boolean;
  deletedAt: Date | null;
  deletedReason: string | null;
  textLost: string | null;
  renderedMissing: RenderedMissing | null;
  error: { code: string; message: string; attempts?: number } | null;
};

/** By the names of the API's query parameters. */
export type PageFilter = {
  /** `failed`: also pages that have older content. */
  status?: PageStatus | undefined;
  /** Pages and blog posts unless set; of what `failed`, and of what is on a page, all kinds. */
  kind?: ContentKind | undefined;
  fileResult?: string | undefined;
  /** The code of its error, or why it was deleted. */
  reason?: string | undefined;
  /** What is on this page: its comments and files. */
  containerId?: string | undefined;
  /** Part of the title, or the whole id. */
  q?: string | undefined;
  /** The last page id of the previous list. */
  after: string | null;
  limit: number;
};

/** Deletion reasons that are statuses of a page in Confluence. */
const DELETED_STATUSES = ["trashed", "deleted", "archived"];

/** Pages of a source by id, the one order that no edit changes: continuing a list neither misses nor repeats a page. */
export async function listPagesOfSource(
  sql: Sql,
  sourceId: string,
  { status, kind, fileResult, reason, containerId, q, after, limit }: PageFilter,
): Promise<PageEntry[]> {
  return sql<PageEntry[]>`
    ${entryOf(sql)}
    where source_id = ${sourceId}
      ${after === null ? sql`` : sql`and page_id > ${after}`}
      ${q === undefined ? sql`` : sql`and (title ilike ${containsPattern(q)} or page_id = ${q})`}
      and kind = any(${kind === undefined ? kindsWith({ status, containerId }) : [kind]}::text[])
      ${fileResult === undefined ? sql`` : sql`and file ->> 'result' = ${fileResult}`}
      ${reason === undefined ? sql`` : sql`and (sync_error ->> 'code' = ${reason} or is_deleted and deleted_reason = ${reason})`}
      ${containerId === undefined ? sql`` : sql`and container_id = ${containerId}`}
      ${status === undefined ? sql`` : statusIs(sql, status)}
    order by page_id limit ${limit}`;
}

/** One of them, of any kind and status; null: the source has none of this id. */
export async function findPageOfSource(
  sql: Sql,
  sourceId: string,
  pageId: string,
): Promise<PageEntry | null> {
  const [page] = await sql<PageEntry[]>`
    ${entryOf(sql)} where source_id = ${sourceId} and page_id = ${pageId}`;
  return page ?? null;
}

function entryOf(sql: Sql) {
  return sql`
    select page_id as "pageId", kind, source_id as "sourceId", title, url, version,
      case when is_deleted and deleted_reason = any(${DELETED_STATUSES}) then deleted_reason else status end as "confluenceStatus",
      page_status(p) as status,
      parent_id as "parentId", container_id as "containerId", file, labels, chunk_count as "chunkCount", modified_at as "modifiedAt",
      last_synced_at as "lastSyncedAt", missing_since as "missingSince", is_deleted as "isDeleted",
      deleted_at as "deletedAt", deleted_reason as "deletedReason", text_lost as "textLost", rendered_missing as "renderedMissing", sync_error as error
    from confluence_pages p`;
}

/** What failed is named whatever it is, because warnings count it all; and on a page are no pages. */
function kindsWith({ status, containerId }: Pick<PageFilter, "status" | "containerId">): ContentKind[] {
  return status === "failed" || containerId !== undefined ? [...CONTENT_KINDS] : [...PAGE_KINDS];
}

function statusIs(sql: Sql, status: PageStatus) {
  const conditions = {
    current: sql`and is_findable(p)`,
    hidden: sql`and not is_deleted and missing_since is not null`,
    deleted: sql`and is_deleted`,
    failed: sql`and not is_deleted and sync_error is not null`,
    pending: sql`and is_visible(p) and version = 0 and sync_error is null`,
  };
  return conditions[status];
}
