import type { StoredPage } from "#shared/documents/stored-text.ts";
import { UserError } from "#shared/errors.ts";
import { qualifiedId } from "#functions/api/responses/page-id.ts";

/**
 * The page among those of one id, title or address. One of a site's spaces may still have a page that has moved to another: the newer one
 * is the page. Throws `UserError` 404 `page_not_found` without any, 409 `page_ambiguous` with pages of several sites or ids.
 */
export function onlyPage(candidates: readonly StoredPage[]): StoredPage {
  const [page, ...others] = candidates.toSorted(
    (a, b) => b.version - a.version || (b.lastSyncedAt?.getTime() ?? 0) - (a.lastSyncedAt?.getTime() ?? 0),
  );
  if (!page) throw new UserError(404, "page_not_found", "Page not found");
  const isOneId = others.every(({ pageId }) => pageId === page.pageId);
  if (isOneId && others.every(({ baseUrl }) => baseUrl === page.baseUrl)) return page;
  const ids = [...new Set(candidates.map(qualifiedId))].join(", ");
  throw new UserError(
    409,
    "page_ambiguous",
    isOneId
      ? `Several sites have page ${page.pageId}: read one of ${ids}, or name its source_id`
      : `Several pages have this title or address: read one of ${ids}`,
    { details: { source_ids: candidates.map((candidate) => candidate.sourceId) } },
  );
}
