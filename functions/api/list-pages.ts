import { z } from "zod";
import { listPagesOfSource, type PageEntry } from "#shared/documents/pages-of-source.ts";
import { requireSource } from "#shared/sources/sources.ts";
import { listPages, type pageSchema } from "#functions/api/contract/pages.ts";
import { pageOf, readCursor } from "#functions/runtime/cursor.ts";
import { httpHandler, route } from "#functions/runtime/http.ts";
import { database } from "#functions/runtime/providers/database.ts";

const position = z.tuple([z.string().regex(/^[^\u0000]*$/)]);

/** GET /api/confluence/{source_id}/pages */
export const handler = httpHandler(
  route(listPages)([database], async ({ params, query }, { sql }) => {
    const source = await requireSource(sql, params.source_id);
    const { cursor, limit, file_result: fileResult, ...filter } = query;
    const after = readCursor("pages", position, cursor)?.[0] ?? null;
    const rows = await listPagesOfSource(sql, source.sourceId, {
      ...filter,
      fileResult,
      after,
      limit: limit + 1,
    });
    const page = pageOf("pages", rows, limit, (row) => [row.pageId]);
    return { status: 200, body: { pages: page.rows.map(pageJson), next_cursor: page.nextCursor } };
  }),
);

function pageJson(page: PageEntry): z.input<typeof pageSchema> {
  return {
    page_id: page.pageId,
    kind: page.kind,
    source_id: page.sourceId,
    title: page.title,
    url: page.url,
    status: page.status,
    version: page.version,
    confluence_status: page.confluenceStatus,
    parent_id: page.parentId,
    container_id: page.containerId,
    file: page.file && {
      media_type: page.file.media_type ?? null,
      bytes: page.file.bytes ?? null,
      result: page.file.result ?? null,
      message: page.file.message ?? null,
    },
    labels: page.labels,
    chunk_count: page.chunkCount,
    modified_at: iso(page.modifiedAt),
    last_synced_at: iso(page.lastSyncedAt),
    missing_since: iso(page.missingSince),
    is_deleted: page.isDeleted,
    deleted_at: iso(page.deletedAt),
    deleted_reason: page.deletedReason,
    text_lost: page.textLost,
    rendered_missing: page.renderedMissing && {
      code: page.renderedMissing.code,
      message: page.renderedMissing.message,
      attempts: page.renderedMissing.attempts,
      next_attempt_at: page.renderedMissing.next_attempt_at,
    },
    error: page.error && {
      code: page.error.code,
      message: page.error.message,
      attempts: page.error.attempts ?? null,
    },
  };
}

function iso(date: Date | null): string | null {
  return date === null ? null : date.toISOString();
}
