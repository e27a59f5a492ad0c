import type { ConfluencePage } from "#shared/confluence/client.ts";
import { transaction } from "#shared/db/connect.ts";
import { recordPageError, type PageState } from "#shared/documents/page-states.ts";
import type { ClaimedWork } from "#shared/syncs/operations/work-claims.ts";
import { completePage } from "./complete-page.ts";
import { EMPTY_CONTENT_HASH } from "./confluence-processor.ts";
import type { Batch } from "./page-batch.ts";

/** Error code of a live doc whose stored text is kept although Confluence returned none. */
const EMPTY_LIVE_DOC = "empty_live_doc";

/**
 * An empty body is believed at this fetch in a row: Confluence can return one for a live doc whose text people still see
 * (atlassian-mcp-server issue 192).
 */
const BELIEVED_AT_FETCH = 3;

/** Whether a live doc that is stored with text was returned without any, and not often enough to be believed. */
export function hidesItsText(
  { subtype, version, contentHash }: Pick<ConfluencePage, "subtype" | "version"> & { contentHash: string },
  state: PageState | undefined,
): boolean {
  if (subtype !== "live" || contentHash !== EMPTY_CONTENT_HASH) return false;
  if (!state || state.isDeleted || state.version === 0 || state.contentHash === EMPTY_CONTENT_HASH)
    return false;
  const { syncError } = state;
  const counts = syncError?.code === EMPTY_LIVE_DOC && syncError.version === version;
  return (counts ? syncError.attempts : 0) + 1 < BELIEVED_AT_FETCH;
}

/** Ends the work of a live doc that was returned without text: the stored text stays, and the next sync fetches it again. */
export async function keepText(
  batch: Batch,
  work: ClaimedWork,
  { id, version }: ConfluencePage,
  state: PageState | undefined,
): Promise<void> {
  const { services, operation } = batch;
  const message =
    "Confluence returned this live doc without text: the stored text is kept until the third such response in a row";
  await transaction(services.sql, async (tx) => {
    if (!(await completePage(tx, batch, work, { outcome: "skipped", counters: {}, reason: message }))) return;
    // Attempts that failed for another reason brought no body.
    if (state?.syncError && state.syncError.code !== EMPTY_LIVE_DOC)
      await tx`
        update confluence_pages set sync_error = null where source_id = ${operation.sourceId} and page_id = ${id}`;
    const error = { code: EMPTY_LIVE_DOC, message, permanent: false };
    await recordPageError(tx, {
      sourceId: operation.sourceId,
      pageId: id,
      version,
      error,
      now: services.now(),
    });
  });
}
