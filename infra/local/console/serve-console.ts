import { createHash } from "node:crypto";
import { matchesEtag } from "#functions/runtime/etag.ts";
import { bundleConsole, type ConsoleFile } from "./bundle.ts";

/**
 * Scripts, styles and requests of this host only, nothing inline, and no text may become HTML: `require-trusted-types-for` makes the
 * browser refuse it.
 */
export const CONSOLE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

export type ConsoleResponse = {
  statusCode: number;
  headers: Record<string, string>;
  body?: string;
  isBase64Encoded?: boolean;
};

let built: Promise<ConsoleFile[]> | null = null;

/**
 * The console at `/console` and what it loads; null for any other path. Built at the first request. It holds no data, so it needs
 * no key.
 */
export async function serveConsole(path: string, ifNoneMatch = ""): Promise<ConsoleResponse | null> {
  if (path === "/console/") return { statusCode: 308, headers: { location: "/console" } };
  if (path !== "/console" && !path.startsWith("/console/")) return null;
  built ??= bundleConsole();
  const files = await built.catch((error: unknown) => {
    built = null;
    throw error;
  });
  const file = files.find((one) => one.path === path);
  if (!file) return null;
  const etag = `"${createHash("sha256").update(file.bytes).digest("base64url")}"`;
  const headers = {
    etag,
    // Asked for again each time: a new release shows at once.
    "cache-control": "no-cache",
    "content-security-policy": CONSOLE_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
  };
  if (matchesEtag(ifNoneMatch, etag)) return { statusCode: 304, headers };
  return {
    statusCode: 200,
    headers: { ...headers, "content-type": file.type },
    body: file.bytes.toString("base64"),
    isBase64Encoded: true,
  };
}
