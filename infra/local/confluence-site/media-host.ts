import { createHash } from "node:crypto";
import { failureOf } from "./failed-responses.ts";
import { takeFault } from "./faults.ts";
import { encodePathPart, type SiteRequest, type SiteResponse } from "./responses.ts";
import type { FileVersion, Site } from "./site.ts";

/** Headers that must not leave for another host. */
const CREDENTIALS = ["authorization", "cookie", "proxy-authorization"];

/** The address of a file on the media host, which anyone may open for a while; of a lost file one that leads nowhere. */
export function signedAddress(site: Site, file: FileVersion, name: string): string {
  const seconds = site.settings.media_token_seconds;
  const id = file.lost ? "UNKNOWN_MEDIA_ID" : file.fileId;
  const token = tokenOf(site, id, site.now().getTime() + seconds * 1000);
  return `${site.mediaUrl}/file/${id}/binary?token=${token}&name=${encodePathPart(name)}&max-age=${seconds}`;
}

/**
 * Handles a request to the host that files are downloaded from: 400 or 403 for one with credentials, 403 for an expired token,
 * 404 for a file that it does not have. Faults are those of the site.
 */
export function handleMediaRequest(site: Site, request: SiteRequest): SiteResponse {
  const url = new URL(request.target, site.mediaUrl);
  const credentials = CREDENTIALS.filter((name) => request.headers[name] !== undefined);
  const fault = takeFault(site, `${url.pathname}${url.search}`);
  const headers = { date: site.now().toUTCString(), "content-type": "application/json" };
  const failure = failureOf(site, fault, { path: url.pathname, headers });
  const response: SiteResponse = failure ?? { headers, ...bytesOf(site, url, credentials) };
  site.mediaRequests.push({
    at: site.now().toISOString(),
    path: url.pathname,
    credentials,
    status: response.connection === "hang" || response.connection === "reset" ? 0 : response.status,
  });
  if (fault?.effect === "slow") return { ...response, delayMs: fault.delay_ms };
  if (fault?.effect === "cut_body") return { ...response, connection: "cut" };
  if (fault?.effect === "endless_body") return { ...response, connection: "endless" };
  return response;
}

function bytesOf(
  site: Site,
  url: URL,
  credentials: string[],
): Pick<SiteResponse, "status" | "body"> & {
  headers?: Record<string, string>;
} {
  const failed = (status: number, code: string) => ({ status, body: JSON.stringify({ error: { code } }) });
  if (credentials.length > 0) return failed(site.settings.media_refuses_with, "CREDENTIALS_NOT_EXPECTED");
  const id = /^\/file\/([^/]+)\/binary$/.exec(url.pathname)?.[1] ?? "";
  const token = url.searchParams.get("token") ?? "";
  const expires = Number(token.split(".")[0]);
  if (token !== tokenOf(site, id, expires) || expires < site.now().getTime())
    return failed(403, "TOKEN_INVALID");
  for (const { files } of site.attachments.values()) {
    const file = files.find((version) => version.fileId === id && !version.lost);
    if (file) {
      const headers = { "content-type": file.mediaType, "content-length": String(file.bytes.length) };
      return { status: 200, headers, body: file.bytes };
    }
  }
  return failed(404, "NOT_FOUND");
}

/** When the token ends, and a signature of that and of the file. */
function tokenOf(site: Site, fileId: string, expires: number): string {
  const signed = createHash("sha256").update(`${site.settings.token} ${fileId} ${expires}`);
  return `${expires}.${signed.digest("base64url")}`;
}
