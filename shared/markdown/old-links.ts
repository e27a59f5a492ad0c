/** A page as named by a URL in one of Confluence's old forms. */
export type LinkedPage = { id: string } | { title: string; spaceKey: string };

/**
 * The page that `/pages/viewpage.action?pageId=1`, `…?spaceKey=A&title=B` or `/display/A/B` leads to, on any site; null
 * for any other URL.
 */
export function linkedPage(href: string): LinkedPage | null {
  const [path = "", query = ""] = (href.split("#", 1)[0] ?? "").split("?");
  if (path.endsWith("/pages/viewpage.action")) {
    const parameters = new URLSearchParams(query);
    const id = parameters.get("pageId");
    if (id !== null) return /^\d{1,19}$/.test(id) ? { id } : null;
    const title = parameters.get("title");
    return title ? { title, spaceKey: parameters.get("spaceKey") ?? "" } : null;
  }
  const [, spaceKey, title] = /\/display\/([^/]+)\/([^/]+)$/.exec(path) ?? [];
  return spaceKey && title ? { title: decoded(title), spaceKey: decoded(spaceKey) } : null;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment.replaceAll("+", " "));
  } catch {
    return segment; // A literal "%".
  }
}
