import { renderPage } from "./rendered-body.ts";
import { macroHtml } from "./rendered-macros.ts";
import { pageOf } from "./content.ts";
import type { Site, SiteComment, SitePage } from "./site.ts";
import type { Viewer } from "./visibility.ts";

/**
 * A page's `export_view`: the body that came with it, or one made from the storage as Confluence does it: macros run, mentions
 * and links resolved. Storage that is not well-formed is returned as it is.
 */
export function renderedBody(site: Site, viewer: Viewer, page: SitePage): string {
  if (page.rendered !== null) return page.rendered;
  return renderPage({ site, viewer, page, above: [], macro: macroHtml });
}

/** A comment's `export_view`. */
export function renderedComment(site: Site, viewer: Viewer, comment: SiteComment): string {
  const page = pageOf(site, comment);
  return page ? renderedBody(site, viewer, { ...page, storage: comment.body, rendered: null }) : "";
}
