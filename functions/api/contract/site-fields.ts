import { z } from "zod";
import { NEW_SOURCE_CONTENT } from "#shared/content-kinds.ts";
import { estimate } from "#shared/sites/site.ts";
import { spaceRule } from "#shared/sites/space-rule.ts";
import {
  accessMode,
  apiToken,
  content,
  deletionStrategy,
  email,
  findableSeconds,
  id,
  instant,
  sentInstant,
  syncInterval,
  text,
  unreadableContainers,
  verification,
  verifiesPeople,
} from "./fields.ts";
import { hookHealth } from "./hook-fields.ts";
import { searchLanguage } from "./sources.ts";

export const siteParams = z.object({ site_id: id });

export const rule = spaceRule.meta({
  description:
    "Which spaces become sources: keys or patterns with `*`. `exclude` wins. Personal and archived spaces need their flag, unless their own key is included",
});

export const defaults = z
  .strictObject({
    deletion_strategy: deletionStrategy.default("weekly_reconciliation"),
    sync_interval_minutes: syncInterval.default(1440),
    search_language: searchLanguage.default("english"),
    content: content.default(NEW_SOURCE_CONTENT),
    access: accessMode.default("unrestricted"),
    unreadable_containers: unreadableContainers.default("hide"),
    verify: verification.default("stored"),
  })
  .refine(...verifiesPeople);

export const limits = z
  .strictObject({ max_pages: z.int().min(1).optional(), max_dollars: z.number().positive().optional() })
  .meta({
    description:
      "New spaces whose first syncs are estimated above these (`max_pages`: pages and blog posts) wait for `POST …/discover` with `approve`",
  });

export const tokenExpiry = sentInstant.meta({
  description: "When the API token expires, as Atlassian shows it; a year after it was set unless given",
});

export const clientId = z
  .string()
  .regex(/^[\x21-\x7e]{1,256}$/, "must be 1 to 256 visible ASCII characters")
  .meta({ description: "Of a service account's OAuth 2.0 client credentials" });
export const clientSecret = apiToken.meta({
  description: "Stored encrypted and never returned",
  writeOnly: true,
  example: "ATOAexample",
});

export const firstSyncs = estimate
  .extend({
    dollars: z
      .number()
      .nullable()
      .meta({ description: "By the model's list price; null where it is not known" }),
    minutes: z.int().meta({ description: "At ten pages, blog posts or files a second" }),
  })
  .meta({ id: "FirstSyncEstimate" });

export const warning = z.object({
  code: z.enum([
    "credentials_expired",
    "token_expires",
    "scope_missing",
    "first_syncs_held",
    "discovery_failed",
    "pulse_failing",
  ]),
  message: z.string(),
});

/** Where a site is, and whose credentials are used there. */
export const siteAccess = {
  base_url: text(2000).meta({
    description: "The site, with or without /wiki",
    example: "https://acme.atlassian.net",
  }),
  email: email.optional(),
  api_token: apiToken.optional(),
  client_id: clientId.optional(),
  client_secret: clientSecret.optional(),
};

/** What `siteAccess` must contain: arguments of `refine`. */
export const hasCredentials = [
  ({
    api_token,
    client_id,
    client_secret,
  }: {
    api_token?: unknown;
    client_id?: unknown;
    client_secret?: unknown;
  }) =>
    api_token === undefined
      ? client_id !== undefined && client_secret !== undefined
      : client_id === undefined && client_secret === undefined,
  "needs api_token, or client_id with client_secret",
] as const;

export const siteSchema = z
  .object({
    site_id: id,
    base_url: z.string().meta({ example: "https://acme.atlassian.net" }),
    reached_by: z
      .enum(["site", "gateway"])
      .meta({ description: "Whether the token works at the site or through Atlassian's gateway" }),
    account_id: z.string(),
    credential_kind: z.enum(["api_token", "client_credentials"]),
    email: z.string().nullable(),
    client_id: z.string().nullable(),
    status: z.enum(["active", "credentials_expired"]),
    spaces: rule.nullable().meta({ description: "Null: its sources were added one by one" }),
    defaults,
    limits,
    token_expires_at: tokenExpiry.nullable(),
    paused_until: instant.nullable(),
    pulse: z.boolean().meta({
      description: "Whether all its spaces are asked for changes each minute, by one search",
    }),
    last_pulse_at: instant.nullable(),
    directory_verified_at: instant.nullable().meta({
      description:
        "When the oldest part of the directory of people and groups was read, by which searches for a person go; null before it was read completely",
    }),
    findable_seconds: findableSeconds,
    hooks: z.array(hookHealth).meta({ description: "Who announces edits, and whether they still do" }),
    source_count: z.int(),
    page_count: z.int(),
    space_counts: z
      .object({
        synced: z.int(),
        waiting: z.int(),
        not_included: z.int(),
        out_of_scope: z.int(),
        archived: z.int(),
        gone: z.int(),
      })
      .meta({
        description:
          "`waiting`: included and without a source; `out_of_scope`: with a source and not included any more; `archived` and `gone`: with a source",
      }),
    discovered_at: instant.nullable(),
    first_syncs_held: firstSyncs.nullable(),
    missing_scopes: z.array(
      z.object({ call: z.string(), scope: z.string().nullable(), needed_for: z.string() }),
    ),
    warnings: z.array(warning),
    created_at: instant,
    updated_at: instant,
  })
  .meta({ id: "Site" });

export const plannedSpaces = z
  .object({
    spaces: z.array(
      z.object({
        space_key: z.string(),
        name: z.string(),
        type: z.string(),
        status: z.string(),
        pages: z.int().nullable().meta({
          description:
            "Of the first 100 spaces, which are counted one by one; null: not counted, or Confluence does not say. The estimate counts all",
        }),
      }),
    ),
    not_included: z.int(),
    out_of_scope: z.array(z.object({ source_id: id, space_key: z.string() })),
    estimate: firstSyncs,
  })
  .meta({ id: "PlannedSpaces", description: "What a connection or a rule would add; nothing was stored" });
