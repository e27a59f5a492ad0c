import type { Site } from "./site.ts";

/** A request as the site takes it, from a socket or from a caller in the same process. */
export type SiteRequest = {
  method: string;
  /** Path and query, as in a request line. */
  target: string;
  /** By lower-case name. */
  headers: Readonly<Record<string, string | undefined>>;
  body: string;
};

/** The response, and what the connection does besides. */
export type SiteResponse = {
  status: number;
  headers: Record<string, string>;
  body: string | Uint8Array;
  /** Sent after this many milliseconds. */
  delayMs?: number;
  /** No response at all: the connection stays open, or ends; it ends in the middle of the body, or the body never ends. */
  connection?: "hang" | "reset" | "cut" | "endless";
};

/** A response whose body is text, as all are but those of the media host. */
export type JsonResponse = SiteResponse & { body: string };

/** What an endpoint gives: a status and a JSON value; a listing's items and links are separate, because faults spoil them. */
export type Reply = {
  status: number;
  json: unknown;
  headers?: Record<string, string>;
  listing?: { results: unknown[]; links: Record<string, string> };
};

export function ok(json: unknown): Reply {
  return { status: 200, json };
}

/** One page of a listing; `more` are fields beside results and links. */
export function listingPage(results: unknown[], links: Record<string, string>, more: object = {}): Reply {
  return { status: 200, json: more, listing: { results, links } };
}

/** The JSON value to send. */
export function bodyOf({ json, listing }: Reply): unknown {
  if (!listing || typeof json !== "object") return json;
  return { ...json, results: listing.results, _links: listing.links };
}

/** An error as v2 writes it. */
export function v2Error(status: number, title: string, detail: string | null = null): Reply {
  return { status, json: { errors: [{ status, code: V2_CODES[status] ?? "ERROR", title, detail }] } };
}

const V2_CODES: Record<number, string> = {
  400: "INVALID_REQUEST_PARAMETER",
  401: "UNAUTHORIZED",
  403: "FORBIDDEN",
  404: "NOT_FOUND",
};

/** An error as v1 writes it. */
export function v1Error(statusCode: number, message: string): Reply {
  return {
    status: statusCode,
    json: {
      statusCode,
      data: { authorized: statusCode !== 403, valid: true, errors: [], successful: false },
      message,
    },
  };
}

/** The address that people see, with the context that the API calls `base`. */
export function webBase(site: Site): string {
  return `${site.url}/wiki`;
}

/** Percent-encoded; half a surrogate pair, which has no UTF-8, as U+FFFD. */
export function encodePathPart(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

/** A page's short path: its id in base64, as Confluence writes it (`-` for `/`, `_` for `+`: not as base64url). */
export function tinyPath(id: string): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(id));
  const text = bytes
    .toString("base64")
    .replace(/[A=]+$/, "")
    .replaceAll("/", "-")
    .replaceAll("+", "_");
  return `/x/${text}`;
}
