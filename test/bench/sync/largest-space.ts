import type { Site, Space } from "#infra/local/confluence-site/site.ts";

/** The space of a site with the most pages. Throws where there is none. */
export function largestSpace({ pages, spaces }: Site): Space {
  const sizes = Map.groupBy(pages.values(), (page) => page.spaceId);
  const [largest] = [...spaces.values()].sort(
    (a, b) => (sizes.get(b.id)?.length ?? 0) - (sizes.get(a.id)?.length ?? 0),
  );
  if (!largest) throw new Error("The folder has no pages");
  return largest;
}
