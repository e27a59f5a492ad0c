import type { ConfluenceClient, ConfluencePage } from "#shared/confluence/client.ts";
import { transaction } from "#shared/db/connect.ts";
import type { PageState } from "#shared/documents/page-states.ts";
import type { Source } from "#shared/sources/sources.ts";
import type { ClaimedWork } from "#shared/syncs/operations/work-claims.ts";
import type { SyncServices } from "#shared/syncs/sync-services.ts";
import { hasRights } from "./has-rights.ts";
import { rightsOfPages } from "./listed-rights.ts";
import { hideInUntoldFolders, isInFolder } from "./missing-folders.ts";

/**
 * Reads the rights of fetched pages again whose text is younger than what was listed, and so than the rights that were read then, and hides
 * those in a folder that their rights were read without. Before any of them is stored: who was shut out of a page before it was edited
 * never sees the new text.
 */
export async function readRightsAgain(
  batch: { client: ConfluenceClient; source: Source; services: Pick<SyncServices, "sql" | "now"> },
  works: readonly ClaimedWork[],
  { pages, states }: { pages: ReadonlyMap<string, ConfluencePage>; states: ReadonlyMap<string, PageState> },
): Promise<void> {
  if (!hasRights(batch.source)) return;
  const young = works.filter(({ pageId, listedVersion }) => {
    const page = pages.get(pageId);
    // The text of a live doc changes without a version.
    return (
      page && (page.subtype === "live" || page.version > (listedVersion ?? states.get(pageId)?.version ?? 0))
    );
  });
  const rights = await rightsOfPages(
    batch,
    young.map(({ pageId }) => pageId),
  );
  const current = [...pages.values()].filter(({ status }) => status === "current");
  if (young.length === 0 && !current.some(isInFolder)) return;
  await transaction(batch.services.sql, async (tx) => {
    await rights(tx);
    await hideInUntoldFolders(tx, batch.source, { pages: current, readAt: batch.services.now() });
  });
}
