import type { Reply } from "./responses.ts";
import type { Fault } from "./faults.ts";

/** A listing as the fault leaves it; responses that are no listings, and other faults, change nothing. */
export function spoiledListing(reply: Reply, query: URLSearchParams, fault: Fault | null): Reply {
  if (!reply.listing || !fault) return reply;
  const { results, links } = reply.listing;
  const { next, ...others } = links;
  const withNext = (changed: string): Reply => ({
    ...reply,
    listing: { results, links: { ...others, next: changed } },
  });
  if (fault.effect === "odd_item") {
    const [first, ...rest] = results;
    const odd = typeof first === "object" ? { ...first, [fault.field]: fault.value } : first;
    return { ...reply, listing: { results: results.length > 0 ? [odd, ...rest] : [], links } };
  }
  if (fault.effect === "empty_listing") return { ...reply, listing: { results: [], links: others } };
  if (next === undefined) return reply;
  if (fault.effect === "drop_next") return { ...reply, listing: { results, links: others } };
  if (fault.effect === "foreign_next") return withNext(`https://elsewhere.example${next}`);
  const sent = query.get("cursor");
  const cursor =
    fault.effect === "repeat_cursor" ? sent : fault.effect === "next_cursor" ? fault.cursor : null;
  if (cursor === null) return reply;
  return withNext(next.replace(/cursor=[^&]*/, `cursor=${encodeURIComponent(cursor)}`));
}
