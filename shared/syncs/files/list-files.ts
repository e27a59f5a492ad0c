import type { ListedFile } from "#shared/confluence/client.ts";
import type { Sql } from "#shared/db/connect.ts";
import {
  filesToPlan,
  followContainers,
  leftContainers,
  outdatedFiles,
  outdateFilesWithoutOcr,
  recordFiles,
  type FileToRecord,
  type OutdatedFile,
} from "#shared/documents/files.ts";
import { FILE_REVISION } from "#shared/extraction/file-revision.ts";
import { OCR_TYPES } from "#shared/extraction/read-types.ts";
import { reportRestored } from "#shared/syncs/listing/report-restored.ts";
import type { StepContext } from "#shared/syncs/operations/step.ts";
import { addWork, type WorkItem } from "#shared/syncs/operations/work.ts";
import { refreshIncludersOf, refreshListsOfFiles } from "#shared/syncs/refreshes/refresh-includers.ts";

/** Of an incremental sync: only what listings said is outdated, not what an older extraction made. */
const ANY_REVISION = 1;

/** Options of `recordListedFiles` for what changed, as far as a listing says. */
export const LISTED_BY_TIME = { everything: false, keepSeen: false };

/**
 * Records listed files, and makes work of those that the index does not have like this. Version numbers decide, and the file's name and
 * page, which change without a version. A file on a page that is not stored (yet) waits for it. `keepSeen`: a deletion check looks
 * for those that were not listed. A dry run plans what it would store.
 */
export async function recordListedFiles(
  tx: Sql,
  context: StepContext,
  listed: readonly ListedFile[],
  { everything, keepSeen }: { everything: boolean; keepSeen: boolean },
): Promise<{ files_listed: number }> {
  const { operation, source, services } = context;
  const { sourceId } = operation;
  // Listed twice while the search was paged: the newer one.
  const files = [
    ...new Map(
      listed
        .toSorted((a, b) => a.version - b.version)
        .flatMap((file) => named(file).map((one) => [one.id, one])),
    ).values(),
  ];
  const ids = files.map((file) => file.id);
  const now = services.now();
  const revision = everything ? FILE_REVISION : ANY_REVISION;
  if (operation.dryRun) {
    // Of a page that is not stored the listing may tell later; of a blog post it does not where those are not synced.
    const options = { revision, onUnknownPages: source.content.blogposts };
    await queueFiles(tx, operation, await filesToPlan(tx, operation, files, options), now);
  } else {
    const left = await leftContainers(tx, sourceId, files);
    await recordFiles(tx, sourceId, files);
    await refreshListsOfFiles(tx, operation, left, now);
    const shown = await followContainers(tx, sourceId, { ids, now });
    await refreshIncludersOf(tx, operation, shown, { isGone: false, now });
    if (shown.length > 0) reportRestored(context)(shown);
    await queueFiles(tx, operation, await outdatedFiles(tx, sourceId, { ids, revision }), now);
  }
  if (keepSeen) await addWork(tx, operation, files.map(seen), now);
  return { files_listed: listed.length };
}

/** Without its page a file has no place; the next listing has it again. */
function named({ containerId, ...file }: ListedFile): FileToRecord[] {
  return containerId === null ? [] : [{ ...file, containerId }];
}

function seen(file: FileToRecord): WorkItem {
  const { id: pageId, title, version: listedVersion } = file;
  return { kind: "attachment", pageId, title, state: "seen", outcome: null, reason: "listed", listedVersion };
}

/** Makes outdated files work of the operation, which a dry run only plans. */
export async function queueFiles(
  tx: Sql,
  operation: { operationId: string; sourceId: string; dryRun: boolean },
  files: readonly OutdatedFile[],
  now: Date,
): Promise<void> {
  const work = files.map(({ pageId, title, version, isStored }): WorkItem => ({
    kind: "attachment",
    pageId,
    title,
    state: operation.dryRun ? "planned" : "pending",
    outcome: isStored ? "updated" : "added",
    reason: isStored ? "the file, its name or its page changed" : "new file",
    listedVersion: version,
  }));
  await addWork(tx, operation, work, now);
}

/**
 * Files whose work was lost with an operation that failed or was cancelled, or that waited for their page; `everything`: also those that
 * an older extraction or chunker made, or an extraction without the OCR that is on now.
 */
export async function queueOutdatedFiles(
  tx: Sql,
  { operation, source, services }: StepContext,
  { everything }: { everything: boolean },
): Promise<void> {
  if (!source.content.attachments) return;
  if (everything && !operation.dryRun && services.env.OCR === "local")
    await outdateFilesWithoutOcr(tx, source.sourceId, OCR_TYPES);
  const revision = everything ? FILE_REVISION : ANY_REVISION;
  await queueFiles(tx, operation, await outdatedFiles(tx, source.sourceId, { revision }), services.now());
}
