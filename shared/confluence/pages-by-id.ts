import { getBlogPosts, getPages } from "confluence.js/v2";
import type { PageKind } from "#shared/content-kinds.ts";
import { PermanentError } from "#shared/errors.ts";
import type { Caller, ListingPage } from "./call-confluence.ts";
import type { ConfluencePage } from "./client.ts";
import { int64 } from "./int64.ts";
import { pageWithBody, unreadablePage } from "./page-mapping.ts";
import { pageSchema } from "./schemas.ts";
import type { z } from "zod";

/** Every status that content can be found in by its id, and the call that finds it. A blog post is never archived. */
const BY_ID = {
  page: { call: getPages, status: ["current", "archived", "trashed", "deleted"] },
  blogpost: { call: getBlogPosts, status: ["current", "trashed", "deleted"] },
} satisfies Record<PageKind, unknown>;

/** Pages of at most one call's ids. Several responses if the site returns fewer at a time. */
async function* pagesOfOneCall(
  { askPage, noteDrift }: Caller,
  kind: PageKind,
  ids: readonly string[],
  body: "storage" | null,
): AsyncGenerator<ConfluencePage[]> {
  const seen = new Set<string>();
  let cursor: string | null = null;
  do {
    const page: ListingPage<z.output<typeof pageSchema>> = await askPage(
      pageSchema,
      cursor,
      (client, paging) =>
        BY_ID[kind].call(client, {
          id: ids.map(int64),
          status: BY_ID[kind].status,
          ...(body ? { bodyFormat: body } : {}),
          ...paging,
        }),
    );
    const sent = [
      ...page.results.map((item) => pageWithBody(kind, item, page.webBase, "storage")),
      ...page.odd.map((id) => ({ ...unreadablePage(kind, id), body: null })),
    ];
    const requested = sent.filter((found) => ids.includes(found.id));
    for (const found of sent)
      if (!requested.includes(found)) noteDrift("skipped", 1, `page ${found.id} was not requested`);
    yield requested;
    cursor = page.next;
    if (cursor !== null && seen.has(cursor)) {
      throw new PermanentError("invalid_answer", "Pagination loop: Confluence returned a cursor twice");
    }
    if (cursor !== null) seen.add(cursor);
  } while (cursor !== null);
}

/**
 * Pages of at most one call's ids, one response after the other: the next is requested when the one before is done with. If a
 * response with bodies is too large to read, its ids are requested in halves; a single one without its body.
 */
export async function* pagesInParts(
  caller: Caller,
  kind: PageKind,
  ids: readonly string[],
  body: "storage" | null,
): AsyncGenerator<ConfluencePage[]> {
  const read = new Set<string>();
  try {
    for await (const pages of pagesOfOneCall(caller, kind, ids, body)) {
      for (const page of pages) read.add(page.id);
      yield pages;
    }
  } catch (error) {
    if (!body || !(error instanceof PermanentError) || error.code !== "answer_too_large") throw error;
    const left = ids.filter((id) => !read.has(id));
    if (left.length === 0) return;
    if (left.length === 1) {
      for await (const pages of pagesOfOneCall(caller, kind, left, null))
        yield pages.map((page) => ({ ...page, bodyTooLarge: true }));
      return;
    }
    const half = Math.ceil(left.length / 2);
    yield* pagesInParts(caller, kind, left.slice(0, half), body);
    yield* pagesInParts(caller, kind, left.slice(half), body);
  }
}
