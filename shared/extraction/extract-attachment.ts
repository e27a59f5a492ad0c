import { z } from "zod";
import type { Fetch } from "#shared/confluence/guarded-fetch.ts";
import { errorCode, errorMessage, PermanentError, TransientError } from "#shared/errors.ts";
import type { ExtractedFile } from "./extracted-file.ts";

/** A file to download and extract. `url` is signed: it needs no credentials and gets none. */
export const attachmentToExtract = z.object({
  url: z.string(),
  name: z.string(),
  media_type: z.string(),
  max_bytes: z.number().int().positive(),
  /** False: without native libraries, one of which crashed on this file. */
  native: z.boolean().optional(),
});
export type AttachmentToExtract = z.infer<typeof attachmentToExtract>;

/** `native`: whether native libraries may be used. */
export type ExtractFile = (file: {
  name: string;
  mediaType: string;
  bytes: Uint8Array;
  native: boolean;
}) => Promise<ExtractedFile>;

export type ExtractAttachmentDeps = {
  /** A fetch that connects to public addresses only. */
  fetch: Fetch;
  /** Hosts that serve files: exact names. */
  mediaHosts: readonly string[];
  /** The local runner only: `http` on this machine is allowed too. */
  allowLoopback: boolean;
  extractFile: ExtractFile;
  /** Time that the download may take; default 30 s. */
  timeoutMs?: number;
};

const DOWNLOAD_TIMEOUT_MS = 30_000;

/**
 * Downloads a file from its signed address and extracts its text. Throws `PermanentError` for an address that is not allowed or
 * a file that is not there, `TransientError` for what may pass; what the file itself is to blame for is a result.
 */
export async function extractAttachment(
  attachment: AttachmentToExtract,
  deps: ExtractAttachmentDeps,
): Promise<ExtractedFile> {
  const { name, media_type: mediaType, native = true } = attachment;
  const bytes = await download(attachment, deps);
  if (bytes !== null) return deps.extractFile({ name, mediaType, bytes, native });
  return {
    result: "too_large",
    extractor: "none",
    message: `The file is larger than ${attachment.max_bytes} bytes, the most that is read`,
  };
}

/** The file's bytes; null if they are more than `max_bytes`, whatever its header says. */
async function download(
  { url, max_bytes }: AttachmentToExtract,
  { fetch, mediaHosts, allowLoopback, timeoutMs = DOWNLOAD_TIMEOUT_MS }: ExtractAttachmentDeps,
): Promise<Uint8Array | null> {
  checkAddress(url, { mediaHosts, allowLoopback });
  const stopped = new AbortController();
  const signal = AbortSignal.any([stopped.signal, AbortSignal.timeout(timeoutMs)]);
  try {
    const response = await fetch(url, { method: "GET", headers: {}, redirect: "manual", signal });
    checkStatus(response.status);
    if (Number(response.headers.get("content-length") ?? 0) > max_bytes) return null;
    const parts: Uint8Array[] = [];
    let size = 0;
    for await (const part of response.body ?? []) {
      size += part.length;
      if (size > max_bytes) return null;
      parts.push(part);
    }
    return Buffer.concat(parts);
  } catch (error) {
    if (error instanceof PermanentError || error instanceof TransientError) throw error;
    if (errorCode(error) === "address_refused") throw refused(errorMessage(error));
    // The address is a credential while it lasts: no message of another's may quote it.
    throw new TransientError("download_failed", "The file could not be downloaded from the media host", {
      cause: error,
    });
  } finally {
    // Closes the connection of a body that was not read to its end.
    stopped.abort();
  }
}

function checkAddress(url: string, policy: { mediaHosts: readonly string[]; allowLoopback: boolean }): void {
  if (!URL.canParse(url)) throw refused("The file's address is not an absolute URL");
  const { protocol, hostname, username, password } = new URL(url);
  const local = policy.allowLoopback && (hostname === "127.0.0.1" || hostname === "localhost");
  if (protocol !== "https:" && !(local && protocol === "http:")) {
    throw refused(`The file's address must use https, not ${protocol}`);
  }
  if (username !== "" || password !== "") throw refused("The file's address contains credentials");
  if (!local && !policy.mediaHosts.includes(hostname)) {
    throw refused(`${hostname} is not among MEDIA_HOSTS: ${policy.mediaHosts.join(", ")}`);
  }
}

function checkStatus(status: number): void {
  if (status === 200) return;
  if (status >= 300 && status < 400)
    throw refused(`The media host redirects (${status}), which is not followed`);
  // 400 and 404: a lost file. 401 and 403: the signature has expired; a new one is the caller's to fetch.
  if (status === 401 || status === 403) {
    throw new TransientError("signed_url_expired", `The media host refuses the signed address (${status})`);
  }
  if (status >= 400 && status < 500 && status !== 408 && status !== 429) {
    throw new PermanentError("file_not_found", `The media host does not have the file (${status})`);
  }
  throw new TransientError("download_failed", `The media host returns ${status}`);
}

function refused(message: string): PermanentError {
  return new PermanentError("address_refused", message);
}
