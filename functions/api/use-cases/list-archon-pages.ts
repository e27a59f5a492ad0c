import type { Permitted } from "#shared/access/readers/readable-nodes.ts";
import { findStoredPages, type StoredPage } from "#shared/documents/stored-text.ts";
import { requireSource } from "#shared/sources/sources.ts";
import type { Caller } from "#functions/runtime/caller.ts";
import {
  permittedElsewhere,
  permittedReading,
  requireReadable,
  type AskedReader,
  type ReadServices,
} from "./permitted-reading.ts";

/**
 * For clients of Archon, the pages of a source that the caller, or whom it asks for, may see: at most `limit`, by title, and how many
 * there are in all. Throws `UserError` 404 `source_not_found`, and as `permittedReading` does.
 */
export async function listArchonPages(
  request: {
    caller: Caller;
    asked: AskedReader;
    sourceId: string;
    title?: string | undefined;
    limit: number;
  },
  services: ReadServices,
): Promise<{ permitted: Permitted; pages: StoredPage[]; total: number }> {
  const { caller, asked, sourceId, title } = request;
  const permitted = await permittedReading({ caller, asked, sources: [sourceId] }, services);
  requireReadable(permitted, sourceId);
  const source = await requireSource(services.sql, sourceId);
  const { readable: readableElsewhere } = await permittedElsewhere({ caller, asked }, services);
  const { readable } = permitted;
  const find = {
    sourceId: source.sourceId,
    readable,
    readableElsewhere,
    ...(title === undefined ? {} : { title }),
  };
  return { permitted, ...(await findStoredPages(services.sql, find, request.limit)) };
}
