import { extractAttachment } from "#shared/extraction/extract-attachment.ts";
import { extractFile } from "#shared/extraction/extract-file.ts";
import { guardedFetch } from "#shared/confluence/guarded-fetch.ts";

/** Downloads one file from its signed address and extracts its text. No database, no secret, no VPC. */
export const handler = async (event: unknown) =>
  extractAttachment(event, {
    fetch: guardedFetch({ allowLoopback: false }),
    mediaHosts: ["api.media.atlassian.com"],
    allowLoopback: false,
    extractFile,
    timeoutMs: 30_000,
  });
