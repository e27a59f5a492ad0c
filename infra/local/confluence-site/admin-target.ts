import { EditRefused } from "./edit-refused.ts";
import { spaceByKey, type Site } from "./site.ts";

/** The id of a page by itself, or by its title among pages of any status, the current one first. */
export function idOf(
  site: Site,
  page: { id?: string | undefined; space?: string | undefined; title?: string | undefined },
): string {
  if (page.id !== undefined) return page.id;
  const space = page.space === undefined ? undefined : spaceByKey(site, page.space);
  const named = [...site.pages.values()].filter(
    (item) => item.title === page.title && (page.space === undefined || item.spaceId === space?.id),
  );
  const found = named.find((item) => item.status === "current") ?? named[0];
  if (!found) throw new EditRefused(404, "No such page: give id, or title (and space)");
  return found.id;
}
