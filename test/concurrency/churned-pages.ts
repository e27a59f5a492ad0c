import type { TestPage } from "#test/support/stored-pages.ts";

/**
 * Pages that are replaced over and over. Of each version the first chunk is the same (so it is kept), the others name page,
 * version and how many there are: a reader can tell from what it finds whether it saw one whole version.
 */
export function churnedPage(page: number, version: number): TestPage {
  const parts = partsOf(page, version);
  return {
    pageId: `p${page}`,
    title: `Churned ${page}`,
    version,
    chunks: [
      `What stays on page ${page}.`,
      ...Array.from(
        { length: parts },
        (_, part) => `${`${tokenOf(page)} `.repeat(12)}version=${version} part=${part + 1} of=${parts}`,
      ),
    ],
  };
}

/** A word that stands in every changing chunk of the page and nowhere else. */
export const tokenOf = (page: number) => `token${String(page)}x`;

const partsOf = (page: number, version: number) => 2 + ((page + version) % 3);

export type Sighting = "whole" | "none" | "mixed" | "duplicate" | "incomplete";

/** What a search for a page's token saw, judged by the contents it returned and by how many copies of them it merged. */
export function judge(contents: readonly string[], merged = 0): Sighting {
  const parts = contents.flatMap((content) => {
    const match = /version=(\d+) part=(\d+) of=(\d+)/.exec(content);
    return match ? [{ version: match[1], part: match[2], of: Number(match[3]) }] : [];
  });
  const [first] = parts;
  if (!first) return "none";
  if (parts.some((part) => part.version !== first.version)) return "mixed";
  if (merged > 0 || new Set(parts.map((part) => part.part)).size !== parts.length) return "duplicate";
  return parts.length === first.of ? "whole" : "incomplete";
}
