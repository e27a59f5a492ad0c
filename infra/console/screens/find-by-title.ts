import { toApiError } from "#infra/console/api/api-error.ts";
import type { Calls, Page, Source } from "#infra/console/api/types.ts";

/** Pages of one source and kind that are offered. */
const MAX_PAGES = 10;
/** Requests at a time: the lists of a service on AWS share few concurrent executions with other screens. */
const AT_ONCE = 2;

type ListPages = (request: {
  params: Calls["listPages"]["params"];
  query: Calls["listPages"]["query"];
}) => Promise<Calls["listPages"]["result"]>;

export type SearchedSource = Pick<Source, "source_id" | "title">;

export type FoundByTitle = {
  pages: Page[];
  /** A source has more pages that match than were read. */
  isCut: boolean;
  failed: { source: SearchedSource; message: string }[];
};

/** Pages, blog posts and files of these sources whose titles contain the text; a source that cannot be read fails alone. */
export async function findByTitle(
  title: string,
  sources: readonly SearchedSource[],
  list: ListPages,
): Promise<FoundByTitle> {
  const found: FoundByTitle = { pages: [], isCut: false, failed: [] };
  const readEach = await inTurns(sources, AT_ONCE, async (source) => {
    const read = async (kind?: "attachment") =>
      list({ params: { source_id: source.source_id }, query: { q: title, kind, limit: String(MAX_PAGES) } });
    try {
      return { source, lists: [await read(), await read("attachment")] };
    } catch (error) {
      return { source, message: toApiError(error).message };
    }
  });
  for (const read of readEach) {
    if (read.lists === undefined) found.failed.push(read);
    else {
      found.pages.push(...read.lists.flatMap(({ pages }) => pages));
      found.isCut ||= read.lists.some((one) => one.next_cursor !== null);
    }
  }
  return found;
}

/** The one page that is meant; null: none, or several that match. */
export function onlyMatch({ pages, isCut }: FoundByTitle, title: string): Page | null {
  const exact = pages.filter((page) => page.title.toLowerCase() === title.toLowerCase());
  const candidates = exact.length > 0 ? exact : pages;
  const isOne = candidates.length === 1 && (exact.length === 1 || !isCut);
  return isOne ? (candidates[0] ?? null) : null;
}

/** The results of `work`, in order; no more than `atOnce` run at a time. */
async function inTurns<T, R>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const takeTurns = async () => {
    while (next < items.length) {
      const index = next;
      next += 1;
      const item = items[index];
      if (item !== undefined) results[index] = await work(item);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, takeTurns));
  return results;
}
