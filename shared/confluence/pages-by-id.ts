import { getPages } from "confluence.js/v2";
import { PermanentError } from "#shared/errors.ts";
import type { Caller, ListingPage } from "./call-confluence.ts";
import type { ConfluencePage } from "./client.ts";
import { int64 } from "./int64.ts";
import { pageWithBody, unreadablePage } from "./page-mapping.ts";
import { pageSchema } from "./schemas.ts";
import type { z } from "zod";

/** Every status that a page can be found in by its id. */
const ALL_STATUSES = ["current", "archived", "trashed", "deleted"];

/** Pages of at most one call's ids. Several responses if the site returns fewer at a time. */
async function pagesOfOneCall(
  { askPage, noteDrift }: Caller,
  ids: readonly string[],
  body: "storage" | null,
): Promise<ConfluencePage[]> {
  const pages: ConfluencePage[] = [];
  const seen = new Set<string>();
  let cursor: string | null = null;
  do {
    const page: ListingPage<z.output<typeof pageSchema>> = await askPage(
      pageSchema,
      cursor,
      (client, paging) =>
        getPages(client, {
          id: ids.map(int64),
          status: ALL_STATUSES,
          ...(body ? { bodyFormat: body } : {}),
          ...paging,
        }),
    );
    const sent = [
      ...page.results.map((item) => pageWithBody(item, page.webBase, "storage")),
      ...page.odd.map((id) => ({ ...unreadablePage(id), body: null })),
    ];
    for (const found of sent) {
      if (ids.includes(found.id)) pages.push(found);
      else noteDrift("skipped", 1, `page ${found.id} was not requested`);
    }
    cursor = page.next;
    if (cursor !== null && seen.has(cursor)) {
      throw new PermanentError("invalid_answer", "Pagination loop: Confluence returned a cursor twice");
    }
    if (cursor !== null) seen.add(cursor);
  } while (cursor !== null);
  return pages;
}

/** If a response with bodies is too large to read, its ids are requested in halves; a single one without its body. */
export async function pagesInParts(
  caller: Caller,
  ids: readonly string[],
  body: "storage" | null,
): Promise<ConfluencePage[]> {
  try {
    return await pagesOfOneCall(caller, ids, body);
  } catch (error) {
    if (!body || !(error instanceof PermanentError) || error.code !== "answer_too_large") throw error;
    if (ids.length === 1) {
      return (await pagesOfOneCall(caller, ids, null)).map((page) => ({ ...page, bodyTooLarge: true }));
    }
    const half = Math.ceil(ids.length / 2);
    return [
      ...(await pagesInParts(caller, ids.slice(0, half), body)),
      ...(await pagesInParts(caller, ids.slice(half), body)),
    ];
  }
}
