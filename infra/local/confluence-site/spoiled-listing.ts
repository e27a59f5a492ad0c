import { z } from "zod";
import type { Reply } from "./responses.ts";
import type { Fault } from "./faults.ts";

const mapSchema = z.strictObject({ results: z.record(z.string(), z.unknown()) });

/** A listing or a map as the fault leaves it; responses that are neither, and other faults, change nothing. */
export function spoiledListing(reply: Reply, query: URLSearchParams, fault: Fault | null): Reply {
  if (fault?.effect === "short_map") return withoutLast(reply, fault.lacks);
  if (fault?.effect === "short_list") return withoutLastItems(reply, fault.lacks);
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

function withoutLast(reply: Reply, lacks: number): Reply {
  const parsed = mapSchema.safeParse(reply.json);
  if (!parsed.success) return reply;
  const results = Object.fromEntries(Object.entries(parsed.data.results).slice(0, -lacks));
  return { ...reply, json: { results } };
}

const listSchema = z.looseObject({ results: z.array(z.unknown()) });
const restrictionSchema = z.looseObject({
  restrictions: z.looseObject({ user: listSchema, group: listSchema }),
});

function withoutLastItems(reply: Reply, lacks: number): Reply {
  const short = (results: readonly unknown[]) => results.slice(0, Math.max(0, results.length - lacks));
  if (reply.listing) {
    const { next: _next, ...links } = reply.listing.links;
    return { ...reply, listing: { results: short(reply.listing.results), links } };
  }
  const { data } = restrictionSchema.safeParse(reply.json);
  if (!data) return reply;
  const { user, group } = data.restrictions;
  const lists = {
    user: { ...user, results: short(user.results), _links: {} },
    group: { ...group, results: short(group.results) },
  };
  return { ...reply, json: { ...data, restrictions: { ...data.restrictions, ...lists } } };
}
