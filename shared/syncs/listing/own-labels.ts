import { contentByIdCql } from "#shared/confluence/cql.ts";
import { syncedPageKinds } from "#shared/content-kinds.ts";
import { listToEnd } from "./follow-cursor.ts";
import type { StepContext } from "#shared/syncs/operations/step.ts";

/** Ids in one query: longer ones do not fit into a URL. */
const IDS_OF_A_QUERY = 50;

/** The labels of these pages and posts as their own responses give them; without those that the account does not see, or that give none. */
export async function ownLabels(
  { client, source }: StepContext,
  pageIds: readonly string[],
): Promise<{ pageId: string; labels: string[] }[]> {
  const kinds = syncedPageKinds(source.content);
  const found: { pageId: string; labels: string[] }[] = [];
  for (let from = 0; from < pageIds.length; from += IDS_OF_A_QUERY) {
    const cql = contentByIdCql(source.spaceKey, { kinds, ids: pageIds.slice(from, from + IDS_OF_A_QUERY) });
    for await (const { pages } of listToEnd((cursor) => client.searchContent(cql, cursor, kinds)))
      for (const { id, labels } of pages) if (labels !== null) found.push({ pageId: id, labels });
  }
  return found;
}
