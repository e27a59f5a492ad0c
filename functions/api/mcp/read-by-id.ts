import { UserError } from "#shared/errors.ts";
import type { DocumentPart } from "./text/document-text.ts";
import type { ToolContext, ToolLog } from "./tool.ts";
import { readConfluencePage } from "./tools/read-confluence-page.ts";

/** Of one part: most documents have one. */
const MAX_TOKENS = 12_000;

/** Between an id and the cursor of a part that is not the first. */
const CURSOR = "?cursor=";

/** What is wrong with the id: the caller can only send another. */
const ABOUT_THE_ID = new Set(["page_not_found", "invalid_request", "invalid_cursor"]);

/**
 * A part of a document, for tools that name one by a single text: an id, a URL, or the `nextId` of the part before. Throws `UserError` 404
 * `page_not_found` with this remedy.
 */
export async function readById(
  named: string,
  remedy: string,
  context: ToolContext,
): Promise<{ part: DocumentPart; nextId: string | null; log: ToolLog }> {
  const at = named.lastIndexOf(CURSOR);
  const of =
    at === -1 ? { page: named } : { page: named.slice(0, at), cursor: named.slice(at + CURSOR.length) };
  try {
    const { structured: part, log = {} } = await readConfluencePage.run(
      { ...of, max_tokens: MAX_TOKENS },
      context,
    );
    const { page_id: id, next_cursor: cursor } = part;
    return { part, nextId: cursor === null ? null : id + CURSOR + cursor, log };
  } catch (error) {
    if (!(error instanceof UserError && ABOUT_THE_ID.has(error.code))) throw error;
    const message = `Not in the index, or not to be seen by this reader: ${remedy}`;
    throw new UserError(404, "page_not_found", message, { cause: error });
  }
}
