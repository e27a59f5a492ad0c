import type { z } from "zod";
import type { Sql } from "#shared/db/connect.ts";
import type { Permitted } from "#shared/access/readers/readable-nodes.ts";
import { findStoredPages, readPageText, type PageFinder } from "#shared/documents/stored-text.ts";
import {
  getPage,
  getPageByUrl,
  listStoredPages,
  MAX_FULL_CONTENT,
} from "#functions/api/contract/archon-pages.ts";
import { listArchonPages } from "#functions/api/use-cases/list-archon-pages.ts";
import {
  permittedElsewhere,
  permittedReading,
  withheldHeaders,
} from "#functions/api/use-cases/permitted-reading.ts";
import { onlyPage } from "#functions/api/use-cases/only-page.ts";
import { parseQualifiedId } from "#functions/api/responses/page-id.ts";
import { storedPageJson } from "#functions/api/responses/stored-page-json.ts";
import { httpHandler, route } from "#functions/runtime/http.ts";
import { database } from "#functions/runtime/providers/database.ts";

/** Archon's endpoint has no paging. */
const MAX_PAGES = 10_000;
/** Lambda returns at most 6 MB: most pages have some 250 bytes, those with long titles in other scripts five times as many. */
const MAX_BYTES = 5_500_000;
/** Pages of one id, or of one address: more sites than a deployment connects. */
const MAX_CANDIDATES = 100;

/** GET /api/pages and its kin: pages as they are stored, for clients of the knowledge endpoints. */
export const handler = httpHandler(
  route(listStoredPages)([database], async ({ query, caller }, services) => {
    const { source_id: sourceId, section: title, ...asked } = query;
    const request = { caller, asked, sourceId, title, limit: MAX_PAGES };
    const { permitted, pages, total } = await listArchonPages(request, services);
    return {
      status: 200,
      headers: withheldHeaders(permitted),
      body: {
        pages: firstOfSize(pages.map(storedPageJson), MAX_BYTES),
        total,
        source_id: sourceId,
      },
    };
  }),
  route(getPageByUrl)([database], async ({ query, caller }, services) => {
    const permitted = await permittedReading({ caller, asked: query, sources: null }, services);
    return fullPage(services.sql, { url: query.url }, permitted);
  }),
  route(getPage)([database], async ({ params, query, caller }, services) => {
    const { pageId, ...inId } = parseQualifiedId(params.page_id);
    const { sourceId } = query.source_id === undefined ? inId : { sourceId: query.source_id };
    const sources = sourceId === undefined ? null : [sourceId];
    const permitted = await permittedReading({ caller, asked: query, sources }, services);
    const { readable: readableElsewhere } =
      sources === null ? permitted : await permittedElsewhere({ caller, asked: query }, services);
    const named = { pageId, readableElsewhere, ...(sourceId === undefined ? {} : { sourceId }) };
    return fullPage(services.sql, named, permitted);
  }),
);

/** As many of the entries as have room in a body of this size, as Lambda counts it: a text within JSON. */
function firstOfSize<T>(entries: readonly T[], maxBytes: number): T[] {
  let size = 0;
  const tooMany = entries.findIndex((entry) => {
    size += Buffer.byteLength(JSON.stringify(JSON.stringify(entry)));
    return size > maxBytes;
  });
  return tooMany === -1 ? [...entries] : entries.slice(0, tooMany);
}

async function fullPage(
  sql: Sql,
  of: Omit<PageFinder, "readable">,
  permitted: Permitted,
): Promise<{
  status: 200;
  headers: Record<string, string>;
  body: z.input<(typeof getPage)["responses"][200]>;
}> {
  const { readable } = permitted;
  const find = { ...of, readable };
  const page = onlyPage((await findStoredPages(sql, find, MAX_CANDIDATES)).pages);
  const text =
    page.charCount > MAX_FULL_CONTENT
      ? `[The page has ${page.charCount} characters. Read its ${page.chunkCount} chunks: GET /api/knowledge-items/${page.sourceId}/chunks]`
      : await readPageText(sql, { ...page, readable });
  return {
    status: 200,
    headers: withheldHeaders(permitted),
    body: {
      ...storedPageJson(page),
      full_content: text,
      metadata: { version: page.version, labels: page.labels, modified_at: iso(page.modifiedAt) },
      created_at: iso(page.modifiedAt),
      updated_at: iso(page.lastSyncedAt),
    },
  };
}

function iso(date: Date | null): string | null {
  return date === null ? null : date.toISOString();
}
