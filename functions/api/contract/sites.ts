import { z } from "zod";
import { contract } from "#functions/runtime/http-contract.ts";
import { apiToken, email, id, instant, nextCursor, paging } from "./fields.ts";
import {
  clientId,
  clientSecret,
  defaults,
  firstSyncs,
  hasCredentials,
  limits,
  plannedSpaces,
  rule,
  siteAccess,
  siteParams,
  siteSchema,
  tokenExpiry,
} from "./site-fields.ts";
import { siteErrors } from "./sources.ts";

export const connectSite = contract({
  id: "connectSite",
  method: "POST",
  paths: ["/api/confluence/sites"],
  scope: "sources:write",
  tag: "Sites",
  summary: "Connect a site: all its spaces by one token",
  description:
    "Checks the account, lists the spaces and makes a source of each that the rule includes; their first syncs begin ten a minute. `dry_run` returns 200 with the spaces and an estimate, and stores nothing. Sources that the same account has there already join the site.",
  body: z
    .strictObject({
      ...siteAccess,
      spaces: rule.default({ include: ["*"], exclude: [], personal: false, archived: false }),
      defaults: defaults.default({
        deletion_strategy: "weekly_reconciliation",
        sync_interval_minutes: 1440,
        search_language: "english",
        content: { blogposts: true, comments: "open" as const, attachments: true },
        access: "unrestricted",
        unreadable_containers: "hide",
        verify: "stored",
      }),
      limits: limits.default({}),
      pulse: z
        .boolean()
        .default(true)
        .meta({ description: "Ask each minute what changed in all its spaces" }),
      token_expires_at: tokenExpiry.optional(),
      dry_run: z.boolean().default(false),
    })
    .refine(...hasCredentials)
    .meta({ id: "NewSite" }),
  responses: { 200: plannedSpaces, 201: siteSchema },
  errors: ["site_exists", "invalid_base_url", ...siteErrors, "request_in_progress", "idempotency_key_reused"],
  idempotent: true,
  examples: {
    request: {
      base_url: "https://acme.atlassian.net",
      email: "sync@example.com",
      api_token: "ATATT3xFfGF0example",
      spaces: { include: ["*"], exclude: ["TEST*"] },
      limits: { max_dollars: 50 },
    },
  },
});

export const SITE_CHECKS = ["address", "account", "permissions", "spaces"] as const;

export const checkSiteStep = contract({
  id: "checkSiteStep",
  method: "POST",
  paths: ["/api/confluence/sites/check"],
  scope: "sources:write",
  tag: "Sites",
  summary: "Try one thing that connecting a site needs",
  description:
    "Stores nothing and makes only calls that connecting makes. `address`: the host responds as Confluence Cloud does; `account`: it knows the credentials; `permissions`: the token has the scopes of a sync, those that it needs and those that it can do without; `spaces`: the account sees some. What fails is a 200 with `passed` false, with the code and message of the same error of `POST /api/confluence/sites`; its `dry_run` returns the estimate.",
  body: z
    .strictObject({ ...siteAccess, check: z.enum(SITE_CHECKS) })
    .refine(...hasCredentials)
    .meta({ id: "SiteCheck" }),
  responses: {
    200: z
      .object({
        check: z.enum(SITE_CHECKS),
        passed: z.boolean(),
        code: z
          .string()
          .nullable()
          .meta({ description: "An error code of connectSite; null where it passed" }),
        message: z.string(),
        details: z.object({
          base_url: z.string().nullable().meta({ description: "As it is stored" }),
          reached_by: z.enum(["site", "gateway"]).nullable(),
          account_id: z.string().nullable(),
          display_name: z.string().nullable(),
          space_count: z.int().nullable(),
          missing: z
            .array(
              z.object({
                call: z.string(),
                scope: z.string().nullable(),
                needed_for: z.string().meta({
                  description: "What is left out without it; of one that a sync needs, what it is for",
                }),
                need: z
                  .enum(["required", "optional"])
                  .meta({ description: "Without a required one no site connects" }),
              }),
            )
            .meta({ description: "Scopes that the token lacks, one of their calls each" }),
          retry_after_seconds: z.int().nullable(),
        }),
      })
      .meta({ id: "SiteCheckResult" }),
  },
  examples: {
    request: {
      base_url: "https://acme.atlassian.net",
      email: "sync@example.com",
      api_token: "ATATT3xFfGF0example",
      check: "account",
    },
  },
});

export const listSites = contract({
  id: "listSites",
  method: "GET",
  paths: ["/api/confluence/sites"],
  scope: "sources:read",
  tag: "Sites",
  summary: "List sites",
  query: z.strictObject({ ...paging }),
  responses: { 200: z.object({ sites: z.array(siteSchema), next_cursor: nextCursor }) },
  errors: ["invalid_cursor"],
});

export const getSite = contract({
  id: "getSite",
  method: "GET",
  paths: ["/api/confluence/sites/{site_id}"],
  scope: "sources:read",
  tag: "Sites",
  summary: "One site",
  params: siteParams,
  responses: { 200: siteSchema },
  errors: ["site_not_found"],
});

export const listSiteSpaces = contract({
  id: "listSiteSpaces",
  method: "GET",
  paths: ["/api/confluence/sites/{site_id}/spaces"],
  scope: "sources:read",
  tag: "Sites",
  summary: "The site's spaces, with their sources",
  description: "As the last complete listing showed them, by key.",
  params: siteParams,
  query: z.strictObject({ ...paging }),
  responses: {
    200: z.object({
      spaces: z.array(
        z.object({
          space_id: z.string(),
          space_key: z.string(),
          name: z.string(),
          type: z.string(),
          state: z.enum(["synced", "waiting", "not_included", "out_of_scope", "archived", "gone"]),
          renamed_from: z.string().nullable(),
          gone_since: instant.nullable(),
          source_id: id.nullable(),
        }),
      ),
      next_cursor: nextCursor,
    }),
  },
  errors: ["site_not_found", "invalid_cursor"],
});

export const updateSite = contract({
  id: "updateSite",
  method: "PATCH",
  paths: ["/api/confluence/sites/{site_id}"],
  scope: "sources:write",
  tag: "Sites",
  summary: "Rotate the token; change rule, defaults, limits",
  description:
    "A new token is tried first, then holds for all sources of the site. A changed rule adds sources at the next discovery (daily, or `POST …/discover`) and deletes none. `dry_run` needs `spaces`, returns what that rule would add and stores nothing. Defaults concern sources that are made later.",
  params: siteParams,
  body: z
    .strictObject({
      email: email.nullable().optional(),
      api_token: apiToken.optional(),
      client_id: clientId.optional(),
      client_secret: clientSecret.optional(),
      token_expires_at: tokenExpiry.nullable().optional(),
      spaces: rule.optional(),
      defaults: defaults.optional(),
      limits: limits.optional(),
      pulse: z.boolean().optional(),
      dry_run: z.boolean().default(false),
    })
    .refine(
      ({ api_token, client_id, client_secret }) =>
        (client_id === undefined || client_secret !== undefined) &&
        (api_token === undefined || client_secret === undefined),
      "needs client_secret with client_id, and no api_token beside them",
    )
    .refine(({ dry_run, spaces }) => !dry_run || spaces !== undefined, "needs spaces with dry_run")
    .meta({ id: "SiteChanges" }),
  responses: { 200: z.union([siteSchema, plannedSpaces]) },
  errors: ["site_not_found", "site_exists", ...siteErrors, "token_missing"],
  examples: { request: { api_token: "ATATT3xFfGF0rotated", token_expires_at: "2027-03-01T00:00:00.000Z" } },
});

export const discoverSite = contract({
  id: "discoverSite",
  method: "POST",
  paths: ["/api/confluence/sites/{site_id}/discover"],
  scope: "sources:write",
  tag: "Sites",
  summary: "Look for new spaces now",
  description: "`approve` makes sources also of spaces above the site's limits.",
  params: siteParams,
  body: z.strictObject({ approve: z.boolean().default(false) }),
  responses: {
    200: z.object({
      spaces_listed: z.int(),
      sources_added: z.array(id),
      first_syncs_held: firstSyncs.nullable(),
    }),
  },
  errors: ["site_not_found", ...siteErrors, "token_missing"],
  examples: { request: { approve: true } },
});

export const deleteSite = contract({
  id: "deleteSite",
  method: "DELETE",
  paths: ["/api/confluence/sites/{site_id}"],
  scope: "sources:write",
  tag: "Sites",
  summary: "Delete a site with all its sources",
  description: "Returns what goes. `dry_run=true` deletes nothing. Rows are removed in the background.",
  params: siteParams,
  query: z.strictObject({ dry_run: z.stringbool().default(false) }),
  responses: {
    200: z.object({ deleted: z.boolean(), source_count: z.int(), page_count: z.int(), chunk_count: z.int() }),
  },
  errors: ["site_not_found"],
});
