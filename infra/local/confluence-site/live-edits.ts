import { EditRefused } from "./edit-refused.ts";
import { indexContent } from "./search-index.ts";
import type { Site, SitePage } from "./site.ts";

/** Changes the text of a live doc without a version; the setting says whether the search shows that. */
export function editLive(site: Site, id: string, body: string): SitePage {
  const page = requireLive(site, id);
  page.storage = body;
  page.rendered = null;
  delete page.hiddenStorage;
  if (site.settings.live_edits_move_date) page.modifiedAt = site.now();
  indexContent(site, page);
  return page;
}

/** Makes the API show an empty body of a live doc that has text, or show the text again. */
export function hideLiveBody(site: Site, id: string, hidden: boolean): SitePage {
  const page = requireLive(site, id);
  if (hidden && page.hiddenStorage === undefined) {
    page.hiddenStorage = page.storage;
    page.storage = "";
  } else if (!hidden && page.hiddenStorage !== undefined) {
    page.storage = page.hiddenStorage;
    delete page.hiddenStorage;
  }
  return page;
}

function requireLive(site: Site, id: string): SitePage {
  const page = site.pages.get(id);
  if (page?.status !== "current") throw new EditRefused(404, `No page ${id}`);
  if (page.subtype !== "live") throw new EditRefused(400, `Page ${id} is no live doc`);
  return page;
}
