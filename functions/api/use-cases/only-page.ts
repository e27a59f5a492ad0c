import type { StoredPage } from "#shared/documents/stored-text.ts";
import { UserError } from "#shared/errors.ts";
import { qualifiedId } from "#functions/api/responses/page-id.ts";

/**
 * The page among those of one id or address. One of a site's spaces may still have a page that has moved to another: the newer one is
 * the page. Throws `UserError` 404 `page_not_found` without any, 409 `page_ambiguous` with pages of several sites.
 */
export function onlyPage(candidates: readonly StoredPage[]): StoredPage {
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
