import { listingPage, webBase, type Reply } from "./responses.ts";
import type { Site } from "./site.ts";

export type Offsets = { start: number; limit: number };

/** `start` and `limit` of a v1 list, the limit silently reduced; null when one of them is no number. */
export function offsetsOf(
  query: URLSearchParams,
  { limit: usual, most }: { limit: number; most: number },
): Offsets | null {
  const start = Number(query.get("start") ?? 0);
  const limit = Number(query.get("limit") ?? usual);
  const areCounts = [start, limit].every((count) => Number.isInteger(count) && count >= 0);
  return areCounts ? { start, limit: Math.min(limit, most) } : null;
}

/** The part of a v1 list that was asked for, with a link to the next. */
export function offsetListing<T>(
  site: Site,
  { path, query, offsets: { start, limit } }: { path: string; query: URLSearchParams; offsets: Offsets },
  { items, write }: { items: readonly T[]; write: (item: T) => unknown },
): Reply {
  const part = items.slice(start, start + limit);
  const links: Record<string, string> = { base: webBase(site), context: "/wiki" };
  if (items.length > start + part.length) {
    const next = new URLSearchParams(query);
    next.set("start", String(start + part.length));
    next.set("limit", String(limit));
    links["next"] = `${path.replace(/^\/wiki/, "")}?${next.toString()}`;
  }
  return listingPage(part.map(write), links, { start, limit, size: part.length });
}
