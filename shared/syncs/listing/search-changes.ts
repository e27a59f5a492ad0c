import type { ConfluenceClient, ListedComment, ListingPage } from "#shared/confluence/client.ts";
import type { ContentKind } from "#shared/content-kinds.ts";

/** One page of a search for what changed. Comments are asked for only where they are synced: others make the same call as ever. */
export async function searchChanges(
  client: ConfluenceClient,
  kinds: readonly ContentKind[],
  { cql, cursor }: { cql: string; cursor: string | null },
): Promise<ListingPage & { comments: ListedComment[] }> {
  if (kinds.includes("comments")) return client.searchContent(cql, cursor);
  return { ...(await client.searchPages(cql, cursor)), comments: [] };
}
