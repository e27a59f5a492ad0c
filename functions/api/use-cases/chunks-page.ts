import { z } from "zod";
import type { Permitted } from "#shared/access/readers/readable-nodes.ts";
import { estimateTokens } from "#shared/chunking/estimate-tokens.ts";
import { readPageChunks } from "#shared/documents/page-chunks.ts";
import { UserError } from "#shared/errors.ts";
import { requireSource } from "#shared/sources/sources.ts";
import type { listPageChunks } from "#functions/api/contract/pages.ts";
import type { Caller } from "#functions/runtime/caller.ts";
import { pageOf, readCursor } from "#functions/runtime/cursor.ts";
import { permittedReading, requireReadable, type ReadServices } from "./permitted-reading.ts";

const position = z.tuple([z.int32()]);

/**
 * Chunks of one page that the caller, or whom it asks for, may read. Throws `UserError` 404 `source_not_found` and `page_not_found`, also
 * for what the reader may not see, 403 `scope_required` for previous chunks that are not shown to everybody, 400 `invalid_cursor`, and
 * as `permittedReading` does.
 */
export async function chunksPage(
  request: {
    caller: Caller;
    sourceId: string;
    pageId: string;
    query: z.output<(typeof listPageChunks)["query"]>;
  },
  services: ReadServices,
): Promise<z.input<(typeof listPageChunks)["responses"][200]> & { permitted: Permitted }> {
  const { caller, sourceId, pageId, query } = request;
  const { of, limit, cursor, ...asked } = query;
  const list = `chunks-${of}`;
  const after = readCursor(list, position, cursor)?.[0] ?? null;
  const permitted = await permittedReading({ caller, asked, sources: [sourceId] }, services);
  requireReadable(permitted, sourceId);
  await requireSource(services.sql, sourceId);
  const { readable } = permitted;
  if (of === "previous" && readable !== null) throw previousRefused();
  const find = { sourceId, pageId, of, readable, after, limit: limit + 1 };
  const found = await readPageChunks(services.sql, find);
  if (!found) throw new UserError(404, "page_not_found", "Page not found");
  const page = pageOf(list, found.chunks, limit, (chunk) => [chunk.number]);
  return {
    permitted,
    source_id: sourceId,
    page_id: pageId,
    of,
    version: found.version,
    chunks: page.rows.map(({ id, number, headingPath, content, characters, change }) => ({
      chunk_id: id,
      chunk_number: number,
      heading_path: headingPath,
      content,
      tokens: estimateTokens(content),
      characters,
      change,
    })),
    next_cursor: page.nextCursor,
  };
}

/** Who may read the page now might not have been allowed to read what it was. */
function previousRefused(): UserError {
  return new UserError(
    403,
    "scope_required",
    'Previous chunks need visibility "all" (scope search:all), or a source with access "everything": who may read the page now might not have been allowed to read them',
    { details: { scope: "search:all" } },
  );
}
