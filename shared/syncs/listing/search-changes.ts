import type { ConfluenceClient, ContentPage } from "#shared/confluence/client.ts";
import type { ContentKind } from "#shared/content-kinds.ts";

/** One page of a search for what changed. Comments and files are asked for only where they are synced: others make the same call as ever. */
export async function searchChanges(
  client: ConfluenceClient,
  kinds: readonly ContentKind[],
  { cql, cursor }: { cql: string; cursor: string | null },
): Promise<ContentPage> {
  if (kinds.includes("comments") || kinds.includes("attachment")) return client.searchContent(cql, cursor);
  return { ...(await client.searchPages(cql, cursor)), comments: [], files: [] };
}
