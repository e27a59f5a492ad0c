import type { Permitted } from "#shared/access/readers/readable-nodes.ts";
import { commentsId } from "#shared/content-kinds.ts";
import type { Sql } from "#shared/db/connect.ts";
import { findStoredPages, type StoredPage } from "#shared/documents/stored-text.ts";
import { threadOf } from "#shared/documents/read-in-order/read-document.ts";
import { UserError } from "#shared/errors.ts";
import { onlyPage } from "#functions/api/use-cases/only-page.ts";
import { permittedElsewhere, permittedReading } from "#functions/api/use-cases/permitted-reading.ts";
import { type PageReference, pageReference } from "./page-reference.ts";
import type { ToolContext } from "./tool.ts";

/** Pages of one id, or of one title: more sites than a deployment connects. */
const MAX_CANDIDATES = 100;

/** A document that the reader may see. `threadId`: of its comments only this thread was asked for. */
export type FoundDocument = { page: StoredPage; permitted: Permitted; threadId: string | null };

/**
 * The document that a client names by an id or a URL. Throws `UserError` 404 for what does not exist, and for what the reader may not
 * see, with what to send instead.
 */
export async function findDocument(
  named: string,
  { services, caller, asked }: ToolContext,
): Promise<FoundDocument> {
  const reference = pageReference(named);
  if (!reference) {
    throw new UserError(
      400,
      "invalid_request",
      "`page` is neither an id nor the URL of a page: send a `page_id` or `url` that search_confluence returned, or a page's URL from the browser. To find a page by its title, search for it",
    );
  }
  const sources = reference.sourceId === null ? null : [reference.sourceId];
  const permitted = await permittedReading({ caller, asked, sources }, services);
  const elsewhere = sources === null ? permitted : await permittedElsewhere({ caller, asked }, services);
  const find = { readable: permitted.readable, readableElsewhere: elsewhere.readable };
  const page = await findPage(services.sql, reference, find, permitted);
  const { file, commentId } = reference;
  if (file !== null) {
    const named = "id" in file ? { pageId: file.id } : { containerId: page.pageId, title: file.name };
    const { pages } = await findStoredPages(
      services.sql,
      { ...find, ...named, sourceId: page.sourceId },
      MAX_CANDIDATES,
    );
    const [found] = pages.filter(({ kind }) => kind === "attachment");
    if (found) return { page: found, permitted, threadId: null };
    throw notFound(permitted, `The file is not in the index. The page that it is on is: read ${page.pageId}`);
  }
  if (commentId !== null) {
    const { sourceId, pageId } = page;
    const threadId = await threadOf(services.sql, { sourceId, pageId, commentId });
    const comments = { ...find, sourceId: page.sourceId, pageId: commentsId(page.pageId) };
    const { pages } = await findStoredPages(services.sql, comments, 1);
    if (threadId !== null && pages[0]) return { page: pages[0], permitted, threadId };
    throw notFound(
      permitted,
      `The comment is not in the index. The page that it is on is: read ${page.pageId}`,
    );
  }
  return { page, permitted, threadId: null };
}

async function findPage(
  sql: Sql,
  { host, sourceId, pageId, title }: PageReference,
  find: Pick<Parameters<typeof findStoredPages>[1], "readable" | "readableElsewhere">,
  permitted: Permitted,
): Promise<StoredPage> {
  const named = pageId === null ? (title ?? {}) : { pageId };
  const inSource = sourceId === null ? {} : { sourceId };
  const found = await findStoredPages(sql, { ...find, ...inSource, ...named }, MAX_CANDIDATES);
  const candidates = found.pages.filter(
    ({ baseUrl, kind }) =>
      (host === null || new URL(baseUrl).host === host) &&
      // Comments have the title of what they are on.
      (pageId !== null || kind === "page" || kind === "blogpost"),
  );
  // Of blog posts with the title of a page the URL says their date.
  const pages = pageId === null ? candidates.filter(({ kind }) => kind === "page") : [];
  if (candidates.length > 0) return onlyPage(pages.length > 0 ? pages : candidates);
  throw notFound(
    permitted,
    "Not in the index, or not for you to see. Send a `page_id` or `url` that search_confluence returned",
  );
}

function notFound({ permissions: { withheldSources } }: Permitted, message: string): UserError {
  const { length: withheld } = withheldSources;
  const hint =
    withheld === 0
      ? ""
      : `. ${withheld} spaces show nothing at the moment, because what is known of their permissions is too old`;
  return new UserError(404, "page_not_found", message + hint);
}
