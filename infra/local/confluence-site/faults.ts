import { z } from "zod";

const effect = z.discriminatedUnion("effect", [
  /** 429; `retry_after` is sent as it is, or as the HTTP date that many seconds ahead, or not at all. */
  z.strictObject({
    effect: z.literal("rate_limit"),
    retry_after: z
      .union([z.string(), z.number(), z.strictObject({ date_in_seconds: z.number() })])
      .nullable()
      .default(null),
  }),
  /** An error response. */
  z.strictObject({
    effect: z.literal("status"),
    status: z.int().min(400).max(599),
    retry_after: z.union([z.string(), z.number()]).nullable().default(null),
  }),
  /** 401 as Atlassian's gateway sends it for a token that lacks the call's scope: stated in a header, in the body, or in both. */
  z.strictObject({
    effect: z.literal("scope_missing"),
    said_in: z.enum(["header", "body", "both"]).default("both"),
  }),
  /** The first item of a listing has this instead of a field's value. */
  z.strictObject({
    effect: z.literal("odd_item"),
    field: z.enum(["id", "title", "status", "version"]),
    value: z.union([z.string(), z.number(), z.null()]).default(null),
  }),
  /** The right response, late. */
  z.strictObject({ effect: z.literal("slow"), delay_ms: z.int().min(0) }),
  /** No response. */
  z.strictObject({ effect: z.literal("hang") }),
  /** The connection ends. */
  z.strictObject({ effect: z.literal("reset") }),
  /** A listing that ends too early: no `next`. */
  z.strictObject({ effect: z.literal("drop_next") }),
  /** A listing that does not advance: `next` has the cursor that was sent (or one that leads to the beginning). */
  z.strictObject({ effect: z.literal("repeat_cursor") }),
  /** A listing that leads elsewhere: `next` has this cursor. */
  z.strictObject({ effect: z.literal("next_cursor"), cursor: z.string() }),
  /** A `next` on another host. */
  z.strictObject({ effect: z.literal("foreign_next") }),
  /** 200 with nothing in it. */
  z.strictObject({ effect: z.literal("empty_listing") }),
  /** Pages as a replica shows them that trails by this much: versions that are younger have not reached it. */
  z.strictObject({ effect: z.literal("old_version"), behind_seconds: z.number().min(0).default(600) }),
  /** 200 with a web page instead of JSON, as a proxy returns. */
  z.strictObject({ effect: z.literal("not_json") }),
  /** The right response, whose connection ends in the middle of its body. */
  z.strictObject({ effect: z.literal("cut_body") }),
  /** The right response, whose body is repeated without end, and without a stated length. */
  z.strictObject({ effect: z.literal("endless_body") }),
  /** A map by id (`convert-ids-to-types`) that lacks its last entries. */
  z.strictObject({ effect: z.literal("short_map"), lacks: z.int().min(1).default(1) }),
  /** A list, or both lists of a restriction, without the last items, and as if there were no more. */
  z.strictObject({ effect: z.literal("short_list"), lacks: z.int().min(1).default(1) }),
  /** A redirect. */
  z.strictObject({ effect: z.literal("redirect"), location: z.string() }),
]);

/**
 * A fault: what happens, and to which requests. Without `share` to the next ones (`times`, default 1), with it to that share
 * of requests at random (`times`: until so many were hit; default without end).
 */
export const faultSchema = effect.and(
  z.object({
    times: z.int().min(1).optional(),
    share: z.number().gt(0).max(1).optional(),
    /** Only requests whose path and query contain this text. */
    path: z.string().optional(),
    /** So many matching requests pass first. */
    skip: z.int().min(0).default(0),
  }),
);

export type Fault = z.infer<typeof faultSchema>;

/** The fault that hits this request, if any; it is counted. */
export function takeFault(
  site: { faults: Fault[]; readonly random: () => number },
  address: string,
): Fault | null {
  for (const [index, fault] of site.faults.entries()) {
    if (fault.path !== undefined && !address.includes(fault.path)) continue;
    if (fault.skip > 0) {
      fault.skip -= 1;
      continue;
    }
    if (fault.share !== undefined && site.random() >= fault.share) continue;
    const left = fault.times ?? (fault.share === undefined ? 1 : Number.POSITIVE_INFINITY);
    if (left <= 1) site.faults.splice(index, 1);
    else fault.times = left === Number.POSITIVE_INFINITY ? fault.times : left - 1;
    return fault;
  }
  return null;
}
