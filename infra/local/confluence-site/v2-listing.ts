import { listingPage, v2Error, webBase, type Reply } from "./responses.ts";
import { readListingCursor, writeListingCursor } from "./cursors.ts";
import { numberOf } from "./content.ts";
import type { Site } from "./site.ts";

const DEFAULT_LIMIT = 25;
const MAX_LIMIT = 250;

/** What a listing is asked with; `path` is that of the collection. */
export type ListingRequest = { path: string; query: URLSearchParams };

/** How a listing goes: by a value that each item has, then by id. */
export type ListingOrder<T> = {
  name: string;
  descending: boolean;
  value: (item: T) => string | number;
};

/**
 * One page of a v2 listing after its cursor, which names the last item that was given: what comes or goes in between moves
 * nothing. `next` begins with `/wiki`, and is in the `Link` header too (the router writes that).
 */
export function listingReply<T extends { id: string }>(
  site: Site,
  { path, query }: ListingRequest,
  { items, order, write }: { items: readonly T[]; order: ListingOrder<T>; write: (item: T) => unknown },
): Reply {
  const limit = readLimit(query);
  if (limit === null) return v2Error(400, `limit must be between 1 and ${MAX_LIMIT}`);
  const cursorText = query.get("cursor");
  const cursor = cursorText === null ? null : readListingCursor(cursorText);
  if (cursorText !== null && (!cursor || cursor.contentOrder !== order.name)) {
    return v2Error(400, "The cursor is not valid");
  }
  const compare = (a: { value: string | number; id: string }, b: { value: string | number; id: string }) => {
    const byValue = a.value < b.value ? -1 : a.value > b.value ? 1 : Number(numberOf(a.id) - numberOf(b.id));
    return order.descending ? -byValue : byValue;
  };
  const placed = items.map((item) => ({ item, id: item.id, value: order.value(item) }));
  const after = cursor
    ? placed.filter((place) => compare(place, { id: cursor.id, value: cursor.contentOrderValue }) > 0)
    : placed;
  after.sort(compare);
  const page = after.slice(0, Math.min(limit, site.settings.max_page_size));
  const last = page.at(-1);
  const links: Record<string, string> = { base: webBase(site) };
  if (last && after.length > page.length) {
    const next = new URLSearchParams(query);
    next.set(
      "cursor",
      writeListingCursor({ id: last.id, contentOrder: order.name, contentOrderValue: last.value }),
    );
    links["next"] = `${path}?${next.toString()}`;
  }
  return listingPage(
    page.map(({ item }) => write(item)),
    links,
  );
}

function readLimit(query: URLSearchParams): number | null {
  const limit = Number(query.get("limit") ?? DEFAULT_LIMIT);
  return Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT ? limit : null;
}

/** The order by id, which labels and spaces always have. */
export function byId<T extends { id: string }>(): ListingOrder<T> {
  return { name: "id", descending: false, value: (item) => Number(numberOf(item.id)) };
}

/** The order of comments and files that `sort` names, descending behind a hyphen; null for a name that v2 does not know. */
export function orderByDate<T extends { createdAt: Date; version: { createdAt: Date } }>(
  sort: string,
): ListingOrder<T> | null {
  const descending = sort.startsWith("-");
  const name = descending ? sort.slice(1) : sort;
  if (name === "created-date") return { name, descending, value: (item) => item.createdAt.getTime() };
  if (name === "modified-date")
    return { name, descending, value: (item) => item.version.createdAt.getTime() };
  return null;
}
