import type { Calls, Source } from "#infra/console/api/types.ts";

/** Lists of 200 that are read at most. */
const MAX_LISTS = 10;

type ListSources = (query: Calls["listSources"]["query"]) => Promise<Calls["listSources"]["result"]>;

export type AllSources = {
  sources: Source[];
  /** Whether there are more than were read. */
  isCut: boolean;
};

/** The sources of all lists, up to 2,000, one list after another. */
export async function readAllSources(list: ListSources): Promise<AllSources> {
  const sources: Source[] = [];
  let cursor: string | undefined;
  for (let lists = 0; lists < MAX_LISTS; lists += 1) {
    const page = await list({ limit: "200", cursor });
    sources.push(...page.sources);
    if (page.next_cursor === null) return { sources, isCut: false };
    cursor = page.next_cursor;
  }
  return { sources, isCut: true };
}
