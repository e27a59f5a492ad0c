import { PAGE_TYPES, type ReadContent } from "#shared/access/sweeps/apply-rights.ts";
import type { ConfluenceClient } from "#shared/confluence/client.ts";
import type { ContentRights } from "#shared/confluence/content-rights.ts";
import { contentByIdCql } from "#shared/confluence/cql.ts";
import { syncedPageKinds } from "#shared/content-kinds.ts";
import type { Sql } from "#shared/db/connect.ts";
import { PermanentError } from "#shared/errors.ts";
import type { Source } from "#shared/sources/sources.ts";
import { listToEnd } from "#shared/syncs/listing/follow-cursor.ts";
import { withoutUntoldFolders } from "./missing-folders.ts";
import { ofSpace, readCutRestrictions, readRestriction } from "./read-restriction.ts";

/** Ids in one query: as many as one response holds. */
const IDS_OF_A_QUERY = 100;
/** Restrictions that a step reads one by one; content with further ones is hidden until a sweep has read them. */
const MOST_READ_ALONE = 100;

export type RightsReader = {
  client: ConfluenceClient;
  source: Source;
  services: { now: () => Date; sql: Sql };
};

/** `found`: what was read now; `known`: as given; `hidden`: content of which it is not known whom its new text may be shown to. */
export type ChangedRights = { found: ReadContent[]; known: ReadContent[]; hidden: string[] };

/**
 * Reads the rights of this content and of all that is above it and above what is `known`, which the listing contained. Content is hidden if
 * it, or something above it, could not be read now: what an earlier reading says holds for its old text only.
 */
export async function readChangedRights(
  reader: RightsReader,
  { asked, known: listed }: { asked: readonly string[]; known: readonly ContentRights[] },
): Promise<ChangedRights> {
  const isAsked = new Set(asked);
  const known = listed.filter(({ id }) => !isAsked.has(id));
  try {
    return await readAll(reader, asked, known);
  } catch (error) {
    // Where rights may not be read, that stops no sync.
    if (!(error instanceof PermanentError)) throw error;
    return { found: [], known: [], hidden: [...asked, ...known.map(({ id }) => id)] };
  }
}

async function readAll(
  reader: RightsReader,
  asked: readonly string[],
  known: readonly ContentRights[],
): Promise<ChangedRights> {
  const { client } = reader;
  const changed = await search(reader, asked);
  const aboveIds = [...pagesAbove(changed, []), ...pagesAbove(known, [...changed, ...known])];
  const above = await search(reader, aboveIds);
  const readNow = new Set([...changed, ...above].map(({ id }) => id));
  const told = await withoutUntoldFolders(reader, [...changed, ...above, ...known]);
  const { contents } = await readCutRestrictions(client, told, MOST_READ_ALONE);
  // Archived pages, drafts and the like: no search finds them.
  const unlisted = unlistedAbove(told, (id) => aboveIds.includes(id) && !readNow.has(id));
  const all = [...contents, ...(await readAlone(client, unlisted, reader.services.now()))];
  const unread = new Set(all.filter(isUnread).map(({ id }) => id));
  const isDoubtful = ({ id, ancestors }: ReadContent) =>
    ancestors === null || [id, ...ancestors.map((one) => one.id)].some((one) => unread.has(one));
  const isChanged = new Set([...changed, ...known].map(({ id }) => id));
  const doubtful = all.filter((content) => isChanged.has(content.id) && isDoubtful(content));
  const isLeftOut = new Set([...unread, ...doubtful.map(({ id }) => id)]);
  const certain = all.filter(({ id }) => !isLeftOut.has(id));
  const isKnown = new Set(known.map(({ id }) => id));
  return {
    found: certain.filter(({ id }) => !isKnown.has(id)),
    known: certain.filter(({ id }) => isKnown.has(id)),
    hidden: [...asked.filter((id) => !readNow.has(id)), ...doubtful.map(({ id }) => id)],
  };
}

function isUnread({ restriction }: ReadContent): boolean {
  return restriction === "failed" || restriction === "later";
}

/** Ids of the pages above this content, except those of `without`. */
function pagesAbove(contents: readonly ContentRights[], without: readonly ContentRights[]): string[] {
  const except = new Set([...contents, ...without].map(({ id }) => id));
  const ids = contents.flatMap(({ ancestors }) =>
    (ancestors ?? []).flatMap(({ id, type }) => (PAGE_TYPES.has(type) && !except.has(id) ? [id] : [])),
  );
  return [...new Set(ids)];
}

type Unlisted = Pick<ReadContent, "id" | "ancestors">;

/** Such content above this one, where what is below it says that it is. */
function unlistedAbove(contents: readonly ContentRights[], isUnlisted: (id: string) => boolean): Unlisted[] {
  const found = new Map<string, Unlisted>();
  for (const { ancestors } of contents)
    for (const [index, { id }] of (ancestors ?? []).entries())
      if (isUnlisted(id) && !found.has(id))
        found.set(id, { id, ancestors: (ancestors ?? []).slice(0, index) });
  return [...found.values()];
}

async function readAlone(
  client: ConfluenceClient,
  unlisted: readonly Unlisted[],
  placedAt: Date,
): Promise<ReadContent[]> {
  const contents: ReadContent[] = [];
  for (const [index, content] of unlisted.entries()) {
    const restriction = index < MOST_READ_ALONE ? await readRestriction(client, content.id) : "later";
    contents.push({ ...content, placedAt, restriction });
  }
  return contents;
}

async function search(
  { client, source }: RightsReader,
  contentIds: readonly string[],
): Promise<ContentRights[]> {
  const ids = [...new Set(contentIds)].filter((id) => /^\d+$/.test(id));
  const found = new Map<string, ContentRights>();
  for (let from = 0; from < ids.length; from += IDS_OF_A_QUERY) {
    const kinds = syncedPageKinds(source.content);
    const cql = contentByIdCql(source.spaceKey, { kinds, ids: ids.slice(from, from + IDS_OF_A_QUERY) });
    for await (const { contents } of listToEnd((cursor) => client.searchRights(cql, cursor)))
      for (const content of ofSpace(contents, source.spaceKey)) found.set(content.id, content);
  }
  return [...found.values()];
}
