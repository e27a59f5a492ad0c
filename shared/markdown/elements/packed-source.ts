import { isUtf8 } from "node:buffer";
import { inflateRawSync } from "node:zlib";

/** The longest source of a diagram: a compressed one could otherwise exhaust the memory. */
const MAX_SOURCE_BYTES = 1024 * 1024;

/**
 * A source as apps store it in a parameter, a diagram's for one: URI-encoded, optionally in Base64, optionally deflated; empty for an unknown
 * encoding.
 */
export function packedSource(data: string, isCompressed = false): string {
  const packed = data.trim();
  if (!/^[\w+/=-]{16,}$/.test(packed)) return isCompressed ? "" : uriDecoded(packed);
  const bytes = Buffer.from(packed, "base64");
  if (
    !isCompressed &&
    isUtf8(bytes) &&
    bytes.every((byte) => byte >= 0x20 || (byte >= 0x09 && byte <= 0x0d))
  ) {
    return uriDecoded(bytes.toString("utf8"));
  }
  try {
    return uriDecoded(inflateRawSync(bytes, { maxOutputLength: MAX_SOURCE_BYTES }).toString("utf8"));
  } catch {
    return ""; // An unknown encoding.
  }
}

function uriDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // Not encoded: a literal "%".
  }
}
