import { transaction } from "#shared/db/connect.ts";
import { keepText, readText } from "#shared/documents/attachment-texts.ts";
import { documentEmbedder } from "#shared/documents/embed-pages.ts";
import {
  noteFileGone,
  readFileToStore,
  type FileOutcome,
  type FileToStore,
} from "#shared/documents/files.ts";
import type { PageState } from "#shared/documents/page-states.ts";
import { errorCode, PermanentError } from "#shared/errors.ts";
import type { ExtractedFile } from "#shared/extraction/extracted-file.ts";
import { isReadByOcr, MOST_BYTES, unreadType } from "#shared/extraction/read-types.ts";
import { EXTRACTION_REVISION, FILE_REVISION } from "#shared/extraction/file-revision.ts";
import type { ClaimedWork } from "#shared/syncs/operations/work-claims.ts";
import { completePage } from "#shared/syncs/pages/complete-page.ts";
import type { Batch } from "#shared/syncs/pages/page-batch.ts";
import { SOURCE_CODES } from "#shared/syncs/pages/page-failure.ts";
import type { PreparedPage } from "#shared/syncs/pages/prepare-page.ts";
import { chunkFile } from "./file-chunks.ts";

/**
 * Makes the document of a file from its kept text, else downloads it and has its text extracted. What is wrong with the file itself is
 * its outcome, and the file is found by its name. Null when nothing is to be stored: it is stored already, gone, or search does not find
 * what it is on (any more).
 */
export async function prepareFile(
  batch: Batch,
  work: ClaimedWork,
  state: PageState | undefined,
): Promise<PreparedPage | null> {
  const { services, source } = batch;
  const { sourceId } = source;
  const end = async (outcome: "skipped" | "unchanged", reason?: string) => {
    await completePage(services.sql, batch, work, { outcome, counters: {}, ...(reason ? { reason } : {}) });
    return null;
  };
  if (!source.content.attachments) return end("skipped", "This kind of content was switched off");
  const file = await readFileToStore(services.sql, sourceId, work.pageId);
  if (!file) return end("skipped", "What the file is on is not stored, or not visible");
  if (state && isStored(state, file)) return end("unchanged");
  if (state?.isDeleted && (await isGone(batch, work.pageId))) {
    await transaction(services.sql, async (tx) => {
      await noteFileGone(tx, { sourceId, pageId: work.pageId }, state.stateRevision);
      const reason = "The file is not in Confluence any more";
      await completePage(tx, batch, work, { outcome: "skipped", counters: {}, reason });
    });
    return null;
  }
  const text = await textOf(batch, work.pageId, file);
  const model = documentEmbedder(services.embedder, source.embeddingModel);
  const { chunks, contentHash } = chunkFile(file.title, text, model);
  return {
    work,
    state,
    containerId: file.containerId,
    file: outcomeOf(text, services.env.OCR === "local"),
    page: {
      sourceId,
      pageId: work.pageId,
      kind: "attachment",
      title: file.title,
      version: file.version,
      representationRevision: FILE_REVISION,
      status: "current",
      parentId: null,
      parentType: null,
      url: file.url,
      labels: file.labels,
      contentHash,
      modifiedAt: file.modifiedAt,
      textLost: text.result === "text" && text.warnings.length > 0 ? text.warnings.join("\n") : null,
      renderedMissing: null,
      chunks,
    },
  };
}

function isStored(state: PageState, file: FileToStore): boolean {
  if (state.isDeleted || state.missingSince || state.syncError) return false;
  return state.version >= file.version && state.representationRevision >= FILE_REVISION;
}

function outcomeOf(text: ExtractedFile, ocr: boolean): FileOutcome {
  const { result, extractor } = text;
  return { result, extractor, ocr, message: text.result === "text" ? null : text.message };
}

/** The search index lags: a file that was deleted here may be listed once more. Without an answer the listing counts. */
async function isGone({ calls, client }: Batch, id: string): Promise<boolean> {
  const attempt = await calls.attempt("files", () => client.attachment(id), { retryTransient: true });
  return attempt.ok && attempt.value?.status !== "current";
}

async function textOf(batch: Batch, id: string, file: FileToStore): Promise<ExtractedFile> {
  const { sql, now, env } = batch.services;
  const ocr = env.OCR === "local";
  const byOcr = ocr && [file.title, file.mediaType ?? ""].some(isReadByOcr);
  const key = { sourceId: batch.source.sourceId, id, version: file.version, revision: EXTRACTION_REVISION };
  const kept = await readText(sql, { ...key, byOcr });
  if (kept) return kept;
  const unread = unreadType(file.title, file.mediaType, ocr);
  if (unread) return { result: "unsupported_type", extractor: "none", message: unread };
  if ((file.bytes ?? 0) > MOST_BYTES) {
    const message = `The file has ${file.bytes} bytes; the most that is read is ${MOST_BYTES}`;
    return { result: "too_large", extractor: "none", message };
  }
  const text = await extract(batch, id, file);
  // Before it is embedded: what fails afterwards must not download the file again.
  await keepText(sql, { ...key, ocr, now: now() }, text);
  return text;
}

async function extract(batch: Batch, id: string, file: FileToStore): Promise<ExtractedFile> {
  const { extractor } = batch.services;
  if (!extractor) throw new Error("This worker has no extractor of files");
  const run = async () =>
    extractor({
      url: await addressOf(batch, id, file),
      name: file.title,
      media_type: file.mediaType ?? "application/octet-stream",
      max_bytes: MOST_BYTES,
    });
  try {
    return await run();
  } catch (error) {
    // The address lasts for less than an hour, and what it leads to may have waited.
    if (errorCode(error) === "signed_url_expired") return run();
    throw ofThisFile(error);
  }
}

async function addressOf({ calls, client }: Batch, id: string, file: FileToStore): Promise<string> {
  const { containerId, version } = file;
  const attempt = await calls.attempt("files", () => client.attachmentAddress({ containerId, id, version }), {
    retryTransient: true,
  });
  if (attempt.ok) return attempt.value;
  throw attempt.error;
}

/** A token that may not download files, or an address that is not allowed, is no reason to stop a sync of pages. */
function ofThisFile(error: unknown): unknown {
  if (!(error instanceof PermanentError) || !SOURCE_CODES.has(error.code)) return error;
  return new PermanentError("file_refused", error.message, { cause: error });
}
