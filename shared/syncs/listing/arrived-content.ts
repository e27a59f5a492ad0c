import { UNREADABLE, type Comment, type ListedFile, type ListedPage } from "#shared/confluence/client.ts";
import { commentsOnCql, filesOnCql } from "#shared/confluence/cql.ts";
import { readPageStates } from "#shared/documents/page-states.ts";
import { listToEnd } from "#shared/syncs/listing/follow-cursor.ts";
import type { StepContext } from "#shared/syncs/operations/step.ts";

/** Containers in one query. */
const IDS_OF_A_QUERY = 50;

type Arrived = { comments: Comment[]; files: ListedFile[] };

/**
 * Requests the comments and files on those pages that the index does not have yet, which no query by time finds: a page that came from
 * another space brings them with it, and files were put on a draft before it was published. Comments on a page of version 1 are as young as
 * the page. Replies of which the site calls the parent comment the container follow with the next deletion check.
 */
export async function contentOfArrived(
  { client, source, operation, services }: StepContext,
  pages: readonly Pick<ListedPage, "id" | "status" | "version">[],
): Promise<Arrived> {
  const arrived: Arrived = { comments: [], files: [] };
  const { comments, attachments } = source.content;
  if ((comments === "none" && !attachments) || operation.dryRun) return arrived;
  const readable = pages.filter(({ status }) => status !== UNREADABLE);
  const states = await readPageStates(
    services.sql,
    source.sourceId,
    readable.map(({ id }) => id),
  );
  const unknown = readable.filter(({ id }) => !states.has(id));
  const grown = comments === "none" ? [] : unknown.filter(({ version }) => version > 1);
  for (const ids of groupsOfIds(grown))
    for await (const found of listToEnd((cursor) => client.searchComments(commentsOnCql(ids), cursor)))
      arrived.comments.push(...found.comments);
  for (const ids of groupsOfIds(attachments ? unknown : []))
    for await (const found of listToEnd((cursor) =>
      client.searchContent(filesOnCql(ids), cursor, ["attachment"]),
    ))
      arrived.files.push(...found.files);
  return arrived;
}

function groupsOfIds(pages: readonly { id: string }[]): string[][] {
  const ids = pages.map(({ id }) => id);
  const count = Math.ceil(ids.length / IDS_OF_A_QUERY);
  return Array.from({ length: count }, (_, n) => ids.slice(n * IDS_OF_A_QUERY, (n + 1) * IDS_OF_A_QUERY));
}
