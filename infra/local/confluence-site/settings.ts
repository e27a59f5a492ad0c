import { z } from "zod";

const timeZone = z.string().refine(isTimeZone, "not an IANA time zone");

/** How the site behaves as a whole: switched while it runs, by `POST /admin/settings` with the fields to change. */
export const settingsSchema = z.strictObject({
  /** The token that every e-mail address signs in with. */
  token: z.string().min(1).default("demo-token"),
  /** What credentials with another token get: 401, or what anyone sees (some sites raise no challenge). */
  wrong_token: z.enum(["reject", "anonymous"]).default("reject"),
  /** What the token as Bearer, without e-mail, gets. */
  bearer: z.enum(["accept", "reject", "anonymous"]).default("accept"),
  /** The secret of the client `demo-client`, which it exchanges for the token. */
  client_secret: z.string().min(1).default("demo-secret"),
  /** Where the token works: a scoped one only through Atlassian's gateway (`/ex/confluence/{cloudId}`). */
  token_works_at: z.enum(["site", "gateway"]).default("site"),
  /** Whether people who are not signed in see spaces. */
  anonymous_access: z.boolean().default(false),
  /** Every request counts as anonymous, whatever its credentials; `anonymous_access` decides what that shows. */
  answer_as_anonymous: z.boolean().default(false),
  /** The account's zone: CQL literals are read in it. */
  time_zone: timeZone.default("Europe/Berlin"),
  /** `user/current` does not return the zone. */
  time_zone_hidden: z.boolean().default(false),
  /** How long after a change the search shows it. */
  index_lag_seconds: z.number().min(0).default(0),
  /** How a search continues: after the last hit, or after so many hits (which skips some when hits move meanwhile). */
  search_paging: z.enum(["keyset", "offset"]).default("keyset"),
  /** What the container of a reply is to v1: the page, or the comment that it replies to. */
  reply_container: z.enum(["page", "comment"]).default("page"),
  /** Resolving a thread moves its last modification in the search. */
  resolving_moves_date: z.boolean().default(false),
  /** Renaming a file, or moving it to another page, moves its last modification in the search. */
  file_properties_move_date: z.boolean().default(false),
  /** A live doc's text that changes without a version moves its last modification in the search. */
  live_edits_move_date: z.boolean().default(true),
  /** Renaming a folder moves its last modification in the search. */
  folder_names_move_date: z.boolean().default(true),
  /** Types that the search does not know: a query that names one gets 400. */
  unsupported_types: z.array(z.string()).default([]),
  /** What the signed address of a file is good for. */
  media_token_seconds: z.number().min(0).default(2940),
  /** How the media host refuses a request with credentials. */
  media_refuses_with: z.union([z.literal(400), z.literal(403)]).default(400),
  /** Whether the map of ids to types names the type of content that is in the trash, or null. */
  types_of_trashed: z.boolean().default(false),
  /** What a search does whose `expand` names what a kind among its hits does not have: leave it out, or 400. */
  unknown_expands: z.enum(["tolerate", "reject"]).default("tolerate"),
  /** Whether the account is a Confluence administrator, who may ask what others may see. */
  administrator: z.boolean().default(true),
  /** How far the site is with roles of spaces; `none`: it does not know the calls for them. */
  role_mode: z.enum(["none", "PRE_ROLES", "ROLES_TRANSITION", "ROLES"]).default("PRE_ROLES"),
  /** What v1 names above content: folders and the like too, or pages only. */
  ancestors_are: z.enum(["all", "pages"]).default("all"),
  /** Whether what others may see can be asked of a folder, whiteboard, database or embed. */
  folder_checks: z.boolean().default(true),
  /** The most hits of a search that expands restrictions; larger limits are silently reduced. */
  restrictions_page_size: z.int().min(1).max(250).default(100),
  /** How many users, and groups, of a restriction come with a search. */
  embedded_principals: z.int().min(1).max(200).default(25),
  /** How a list of users that is cut says so; one of groups never has a link. */
  cut_lists_have: z.enum(["next", "size"]).default("next"),
  /** Whether accounts and groups that were deleted still have their id where a restriction names them. */
  deleted_principals: z.enum(["named", "unnamed"]).default("named"),
  /** Larger limits are silently reduced to this. */
  max_page_size: z.int().min(1).max(250).default(250),
  /** Rate limit headers on every response. */
  rate_limit: z
    .strictObject({ limit: z.int(), remaining: z.int(), near_limit: z.boolean(), reset_in_seconds: z.int() })
    .nullable()
    .default(null),
  /** Whether edits fire the registered REST hooks; a hook may also be lost at any time. */
  rest_hooks_fire: z.boolean().default(true),
  /** Added to the clock. */
  clock_offset_seconds: z.number().default(0),
});

export type SiteSettings = z.infer<typeof settingsSchema>;

export function defaultSettings(): SiteSettings {
  return settingsSchema.parse({});
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions();
    return true;
  } catch {
    return false;
  }
}
