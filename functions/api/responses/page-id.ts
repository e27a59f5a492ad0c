/** Occurs neither in Confluence's ids nor in source ids, and needs no escaping in paths. */
const SEPARATOR = "~";

/**
 * The id under which `GET /api/pages/{page_id}` finds a page, also for clients that cannot name a source: Confluence's own,
 * after the source's where another site has a page of the same id.
 */
export function qualifiedId(page: { sourceId: string; pageId: string; hasTwin: boolean }): string {
  return page.hasTwin ? `${page.sourceId}${SEPARATOR}${page.pageId}` : page.pageId;
}

/** The parts of such an id. */
export function parseQualifiedId(id: string): { pageId: string; sourceId?: string } {
  const end = id.lastIndexOf(SEPARATOR);
  return end === -1 ? { pageId: id } : { sourceId: id.slice(0, end), pageId: id.slice(end + 1) };
}
