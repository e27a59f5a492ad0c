import type { ConfluenceClient } from "#shared/confluence/client.ts";
import { contentInSpacesCql } from "#shared/confluence/cql.ts";
import { syncedKinds, type ContentKind, type ContentOptions } from "#shared/content-kinds.ts";

/** Spaces that are counted one by one, so that a site of thousands is counted within one request. */
const COUNTED_ONE_BY_ONE = 100;
/** Keys of one query: it goes into an address. */
const MAX_KEYS = 100;
const MAX_KEY_CHARACTERS = 2000;
const COUNTED_AT_ONCE = 6;

/**
 * How much there is of each kind; kinds that are not synced are 0. `isComplete`: false where Confluence did not say how much some of the
 * spaces contain, which counts nothing.
 */
export type ContentCounts = Record<ContentKind, number> & { isComplete: boolean };

/** The pages of each of the first `COUNTED_ONE_BY_ONE` of these spaces; null where Confluence does not say. */
export async function countPerSpace(
  client: ConfluenceClient,
  keys: readonly string[],
): Promise<Map<string, number | null>> {
  const counts = new Map<string, number | null>();
  await each(keys.slice(0, COUNTED_ONE_BY_ONE), async (key) => {
    counts.set(key, await client.countPages(contentInSpacesCql([key], ["page"])));
  });
  return counts;
}

/** What all of these spaces contain, in one call for some hundred of them and each kind. */
export async function countInSpaces(
  client: ConfluenceClient,
  keys: readonly string[],
  content: ContentOptions,
): Promise<ContentCounts> {
  const counts: ContentCounts = { page: 0, blogpost: 0, comments: 0, attachment: 0, isComplete: true };
  const groups = inGroups(keys);
  const queries = syncedKinds(content).flatMap((kind) => groups.map((group) => ({ kind, group })));
  await each(queries, async ({ kind, group }) => {
    const count = await client.countPages(contentInSpacesCql(group, [kind]));
    counts[kind] += count ?? 0;
    if (count === null) counts.isComplete = false;
  });
  return counts;
}

function inGroups(keys: readonly string[]): string[][] {
  const groups: string[][] = [];
  let characters = Infinity;
  for (const key of keys) {
    characters += key.length;
    if (characters > MAX_KEY_CHARACTERS || groups.at(-1)?.length === MAX_KEYS) {
      groups.push([]);
      characters = key.length;
    }
    groups.at(-1)?.push(key);
  }
  return groups;
}

async function each<T>(items: readonly T[], run: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const next = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await run(item);
  };
  await Promise.all(Array.from({ length: COUNTED_AT_ONCE }, next));
}
