import { z } from "zod";
import {
  findPageOfSource,
  listPagesOfSource,
  type PageEntry,
  type PageFilter,
} from "#shared/documents/pages-of-source.ts";
import { readPreviousChunks } from "#shared/documents/previous-chunks.ts";
import { UserError } from "#shared/errors.ts";
import { requireSource } from "#shared/sources/sources.ts";
import { getSourcePage, listPageChunks, listPages, type pageSchema } from "#functions/api/contract/pages.ts";
import { chunksPage } from "#functions/api/use-cases/chunks-page.ts";
import { withheldHeaders } from "#functions/api/use-cases/permitted-reading.ts";
import { cursorText, pageOf, readCursor } from "#functions/runtime/cursor.ts";
import { httpHandler, route } from "#functions/runtime/http.ts";
import { database } from "#functions/runtime/providers/database.ts";

const position = z.tuple([cursorText]);

/** `never` for a parameter that `PageFilter` lacks: the spread below would accept it, and the list ignore it. */
type Filters<Parameters> = {
  [Name in keyof Parameters]: Name extends keyof PageFilter ? Parameters[Name] : never;
};

/** GET /api/confluence/{source_id}/pages, one of them, and its chunks. */
export const handler = httpHandler(
  route(listPages)([database], async ({ params, query }, { sql }) => {
    const source = await requireSource(sql, params.source_id);
    const { cursor, limit, file_result: fileResult, container_id: containerId, ...filter } = query;
    const after = readCursor("pages", position, cursor)?.[0] ?? null;
    const rows = await listPagesOfSource(sql, source.sourceId, {
      ...(filter satisfies Filters<typeof filter>),
      fileResult,
      containerId,
      after,
      limit: limit + 1,
    });
    const page = pageOf("pages", rows, limit, (row) => [row.pageId]);
    return { status: 200, body: { pages: page.rows.map(pageJson), next_cursor: page.nextCursor } };
  }),
  route(getSourcePage)([database], async ({ params }, { sql }) => {
    const { sourceId } = await requireSource(sql, params.source_id);
    const page = await findPageOfSource(sql, sourceId, params.page_id);
    if (!page) throw new UserError(404, "page_not_found", `Page ${params.page_id} not found`);
    const previous = await readPreviousChunks(sql, page);
    return {
      status: 200,
      body: {
        ...pageJson(page),
        previous: previous && {
          version: previous.version,
          replaced_at: previous.replacedAt.toISOString(),
          chunk_count: previous.chunkCount,
        },
      },
    };
  }),
  route(listPageChunks)([database], async ({ params, query, caller }, services) => {
    const { source_id: sourceId, page_id: pageId } = params;
    const { permitted, ...body } = await chunksPage({ caller, sourceId, pageId, query }, services);
    return { status: 200, headers: withheldHeaders(permitted), body };
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
