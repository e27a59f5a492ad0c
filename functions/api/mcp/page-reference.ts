import { parseQualifiedId } from "#functions/api/responses/page-id.ts";
import { linkedPage } from "#shared/markdown/old-links.ts";

/** What a client names a document by. `host`: of a URL; null: any site. */
export type PageReference = {
  host: string | null;
  sourceId: string | null;
  /** Of the page; null where the URL names its title instead. */
  pageId: string | null;
  title: { title: string; spaceKey: string } | null;
  /** A file on the page: its id, or its name. */
  file: { id: string } | { name: string } | null;
  commentId: string | null;
};

const ID = /^(?:(?:att|comments-)?\d{1,19})$/;

/**
 * The document that an id (`123`, `att123`, `comments-123`, `SOURCE~123`) or a URL of Confluence means: of a page or blog post in any form,
 * of a page at a comment, of a file in a preview or a download. Null for anything else.
 */
export function pageReference(text: string): PageReference | null {
  const trimmed = text.trim();
  const { pageId, sourceId = null } = parseQualifiedId(trimmed);
  if (ID.test(pageId)) return { ...NOTHING, pageId, sourceId };
  const url = URL.parse(trimmed);
  const reference = url && /^https?:$/.test(url.protocol) ? urlReference(url) : null;
  // Nothing is named so, and Postgres takes no text with it.
  return JSON.stringify(reference).includes("\\u0000") ? null : reference;
}

const NOTHING = { host: null, sourceId: null, pageId: null, title: null, file: null, commentId: null };

function urlReference(url: URL): PageReference | null {
  const { searchParams: query } = url;
  const page = pageOf(url);
  if (!page) return null;
  const commentId = [
    query.get("focusedCommentId"),
    query.get("focusedId"),
    /^#comment-(\d+)$/.exec(url.hash)?.[1],
  ].find((id) => id != null && ID.test(id));
  return { ...NOTHING, host: url.host, commentId: commentId ?? null, file: fileOf(url), ...page };
}

function pageOf(url: URL): Pick<PageReference, "pageId" | "title"> | null {
  const { pathname, searchParams: query } = url;
  const tiny = /\/x\/([\w-]{1,11})\/?$/.exec(pathname)?.[1];
  const preview = /^\/(\d{1,19})\//.exec(query.get("preview") ?? "")?.[1];
  const inPath =
    /\/(?:pages|blog)\/(?:(?:edit-v2|edit|view|create|resumedraft\.action)\/|\d{4}\/\d{2}\/\d{2}\/)?(\d{1,19})(?:\/|$)/.exec(
      pathname,
    )?.[1] ?? /\/download\/(?:attachments|thumbnails)\/(\d{1,19})\//.exec(pathname)?.[1];
  const id =
    inPath ??
    numeric(query.get("pageId")) ??
    numeric(query.get("contentId")) ??
    preview ??
    (tiny && tinyId(tiny));
  if (id) return { pageId: id, title: null };
  const linked = linkedPage(url.pathname + url.search);
  if (!linked) return null;
  return "id" in linked ? { pageId: linked.id, title: null } : { pageId: null, title: linked };
}

/** `?preview=/PAGE/FILE/NAME`, `…/download/attachments/PAGE/NAME?attachmentId=FILE`. */
function fileOf({ pathname, searchParams: query }: URL): PageReference["file"] {
  const previewed = /^\/\d+\/(?:att)?(\d{1,19})(?:\/|$)/.exec(query.get("preview") ?? "")?.[1];
  const id = previewed ?? numeric(query.get("attachmentId")?.replace(/^att/, "") ?? null);
  if (id) return { id: `att${id}` };
  const name = /\/download\/(?:attachments|thumbnails)\/\d+\/([^/]+)$/.exec(pathname)?.[1];
  return name === undefined ? null : { name: decoded(name) };
}

/** The page id in a short link: its bytes, the lowest first, as Base64 with `-` for `/` and `_` for `+`, without the last zeros. */
function tinyId(code: string): string {
  const base64 = code.padEnd(11, "A").replaceAll("-", "/").replaceAll("_", "+");
  return Buffer.from(base64, "base64").readBigUInt64LE().toString();
}

function numeric(value: string | null): string | null {
  return value !== null && /^\d{1,19}$/.test(value) ? value : null;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part.replaceAll("+", " "));
  } catch {
    return part; // A literal "%".
  }
}
