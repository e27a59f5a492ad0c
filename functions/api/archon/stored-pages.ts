import type { z } from "zod";
import type { Sql } from "#shared/db/connect.ts";
import { UserError } from "#shared/errors.ts";
import { requireSource } from "#shared/sources/sources.ts";
import {
  findStoredPages,
  readPageText,
  type PageFinder,
  type StoredPage,
} from "#shared/documents/stored-text.ts";
import {
  getPage,
  getPageByUrl,
  listStoredPages,
  MAX_FULL_CONTENT,
} from "#functions/api/contract/archon-pages.ts";
import { parseQualifiedId, qualifiedId } from "#functions/api/responses/page-id.ts";
import { httpHandler, route } from "#functions/runtime/http.ts";
import { database } from "#functions/runtime/providers/database.ts";

/** Some 250 bytes each: Lambda returns at most 6 MB. Archon's endpoint has no paging. */
const MAX_PAGES = 10_000;
/** Pages of one id, or of one address: more sites than a deployment connects. */
const MAX_CANDIDATES = 100;

/** GET /api/pages and its kin: pages as they are stored, for clients of the knowledge endpoints. */
export const handler = httpHandler(
  route(listStoredPages)([database], async ({ query }, { sql }) => {
    const source = await requireSource(sql, query.source_id);
    const title = query.section === undefined ? {} : { title: query.section };
    const find = { sourceId: source.sourceId, ...title };
    const { pages, total } = await findStoredPages(sql, find, MAX_PAGES);
    return {
      status: 200,
      body: {
        // The position of a page among the others of its source.
        pages: pages.map((page, index) => ({ ...pageJson(page), section_order: index })),
        total,
        source_id: source.sourceId,
      },
    };
  }),
  route(getPageByUrl)([database], async ({ query }, { sql }) => ({
    status: 200,
    body: await fullPage(sql, { url: query.url }),
  })),
  route(getPage)([database], async ({ params, query }, { sql }) => {
    const source = query.source_id === undefined ? {} : { sourceId: query.source_id };
    return { status: 200, body: await fullPage(sql, { ...parseQualifiedId(params.page_id), ...source }) };
  }),
);

async function fullPage(sql: Sql, find: PageFinder): Promise<z.input<(typeof getPage)["responses"][200]>> {
  const page = onlyPage((await findStoredPages(sql, find, MAX_CANDIDATES)).pages);
  const text =
    page.charCount > MAX_FULL_CONTENT
      ? `[The page has ${page.charCount} characters. Read its ${page.chunkCount} chunks: GET /api/knowledge-items/${page.sourceId}/chunks]`
      : await readPageText(sql, page);
  return {
    ...pageJson(page),
    full_content: text,
    metadata: { version: page.version, labels: page.labels, modified_at: iso(page.modifiedAt) },
    created_at: iso(page.modifiedAt),
    updated_at: iso(page.lastSyncedAt),
  };
}

/** One of a site's spaces may still have a page that has moved to another: the newer one is the page. */
function onlyPage(candidates: readonly StoredPage[]): StoredPage {
  const [page, ...others] = candidates.toSorted(
    (a, b) => b.version - a.version || (b.lastSyncedAt?.getTime() ?? 0) - (a.lastSyncedAt?.getTime() ?? 0),
  );
  if (!page) throw new UserError(404, "page_not_found", "Page not found");
  if (others.every((other) => other.baseUrl === page.baseUrl)) return page;
  throw new UserError(
    409,
    "page_ambiguous",
    `Several sites have page ${page.pageId}: read one of ${candidates.map(qualifiedId).join(", ")}, or name its source_id`,
    { details: { source_ids: candidates.map((candidate) => candidate.sourceId) } },
  );
}

function pageJson(page: StoredPage) {
  return {
    id: qualifiedId(page),
    page_id: qualifiedId(page),
    source_id: page.sourceId,
    url: page.url,
    section_title: page.title,
    section_order: 0,
    word_count: page.wordCount,
    char_count: page.charCount,
    chunk_count: page.chunkCount,
  };
}

function iso(date: Date | null): string | null {
  return date === null ? null : date.toISOString();
}
