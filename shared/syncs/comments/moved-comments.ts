import { UNREADABLE, type Comment, type ListedPage } from "#shared/confluence/client.ts";
import { commentsOnCql } from "#shared/confluence/cql.ts";
import { readPageStates } from "#shared/documents/page-states.ts";
import { listToEnd } from "#shared/syncs/listing/follow-cursor.ts";
import type { StepContext } from "#shared/syncs/operations/step.ts";

/** Containers in one query. */
const IDS_OF_A_QUERY = 50;

/**
 * Requests the comments on those pages that a search for changes shows for the first time although they are not new: a page that came
 * from another space brings comments that no query by time finds. Comments on a page of version 1 are as young as the page. Replies of
 * which the site calls the parent comment the container follow with the next deletion check.
 */
export async function commentsOfMovedPages(
  { client, source, operation, services }: StepContext,
  pages: readonly ListedPage[],
): Promise<Comment[]> {
  if (source.content.comments === "none" || operation.dryRun) return [];
  const grown = pages.filter(({ status, version }) => status !== UNREADABLE && version > 1);
  const states = await readPageStates(
    services.sql,
    source.sourceId,
    grown.map((page) => page.id),
  );
  const moved = grown.filter((page) => !states.has(page.id)).map((page) => page.id);
  const found: Comment[] = [];
  for (let from = 0; from < moved.length; from += IDS_OF_A_QUERY) {
    const cql = commentsOnCql(moved.slice(from, from + IDS_OF_A_QUERY));
    for await (const { comments } of listToEnd((cursor) => client.searchComments(cql, cursor)))
      found.push(...comments);
  }
  return found;
}
