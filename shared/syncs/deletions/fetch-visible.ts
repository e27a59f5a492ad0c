import type { ConfluenceClient, ConfluencePage } from "#shared/confluence/client.ts";
import type { PageKind } from "#shared/content-kinds.ts";

/**
 * Fetches the content of these ids and kinds that the account can see. Missing pages are requested again until a response adds none, because
 * a truncated response looks the same as pages that are not visible; this costs a call only where a page is missing. A page is
 * undecided when the response without it contains an item that was skipped: that item may be the page.
 */
export async function fetchVisible(
  ids: readonly string[],
  client: ConfluenceClient,
  kinds: readonly PageKind[],
): Promise<{ pages: ReadonlyMap<string, ConfluencePage>; isUndecided: (id: string) => boolean }> {
  const pages = new Map<string, ConfluencePage>();
  let skipped = false;
  const fetchMissing = async (kind: PageKind): Promise<number> => {
    const missing = ids.filter((id) => !pages.has(id));
    if (missing.length === 0) return 0;
    const before = client.drift().skipped;
    for (const page of await client.pagesById(kind, missing, { body: null })) pages.set(page.id, page);
    skipped = client.drift().skipped > before;
    return missing.filter((id) => pages.has(id)).length;
  };
  for (const kind of kinds) {
    await fetchMissing(kind);
    while ((await fetchMissing(kind)) > 0);
  }
  return { pages, isUndecided: (id) => skipped && !pages.has(id) };
}
