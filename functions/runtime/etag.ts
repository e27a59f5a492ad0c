import { createHash } from "node:crypto";

/** A strong entity tag over the bytes sent (RFC 9110, 8.8.3). */
export function etagOf(body: string): string {
  return `"${createHash("sha256").update(body, "utf8").digest("base64url")}"`;
}

/**
 * Whether If-None-Match names this tag: a list of tags, compared weakly (`W/` counts for nothing: RFC 9110, 13.1.2), or `*`.
 * What is not a tag matches nothing.
 */
export function matchesEtag(ifNoneMatch: string, etag: string): boolean {
  if (ifNoneMatch.trim() === "*") return true;
  const tags = ifNoneMatch.matchAll(/(?:^|,)\s*(?:W\/)?("[\x21\x23-\x7e\x80-\xff]*")\s*(?=,|$)/g);
  return [...tags].some((match) => match[1] === etag);
}
