import { z } from "zod";
import { NEW_SOURCE_CONTENT } from "#shared/content-kinds.ts";
import { FAILING_WARNINGS } from "#shared/syncs/operations/failing.ts";
import { contract } from "#functions/runtime/http-contract.ts";
import {
  accessMode,
  apiToken,
  content,
  contentChanges,
  deletionStrategy,
  email,
  id,
  instant,
  nextCursor,
  paging,
  sourceParams,
  syncInterval,
  text,
  title,
  unreadableContainers,
  verification,
  verifiesPeople,
} from "./fields.ts";
import { sourceAccess } from "./access-fields.ts";
import { operationStatus, syncMetrics } from "./operations.ts";

const warning = z.object({
  code: z.enum([
    "credentials_expired",
    "space_unavailable",
    "deletions_held",
    "last_sync_failed",
    "pages_failed",
    "scope_missing",
    "optional_call_failing",
    "rendered_missing",
    "access_everything",
    "sweep_overdue",
    "directory_stale",
    "containers_hidden",
    ...FAILING_WARNINGS,
  ]),
  message: z.string(),
});

/** A source as lists and single responses show it: what a dashboard needs, and no secret. */
export const sourceSchema = z
  .object({
    source_id: id,
    title: z.string(),
    base_url: z.string().meta({ example: "https://acme.atlassian.net" }),
    space_key: z.string().meta({ example: "DOCS" }),
    space_id: z.string(),
    space_name: z.string(),
    account_id: z.string().meta({ description: "The Confluence account behind the token" }),
    email: z.string().nullable(),
    status: z.enum(["active", "credentials_expired", "space_unavailable"]),
    sync_status: z
      .union([z.literal("never_synced"), operationStatus])
      .meta({ description: "Of the running operation, else of the last sync" }),
    running_operation_id: z.uuid().nullable(),
    deletion_strategy: deletionStrategy,
    sync_interval_minutes: z.int().nullable(),
    search_language: z.string(),
    content,
    access: sourceAccess,
    embedding_model: z.string(),
    last_sync_timestamp: z
      .string()
      .nullable()
      .meta({ description: "What changed in Confluence after it is fetched by the next sync" }),
    last_sync: z
      .object({
        operation_id: z.uuid(),
        status: operationStatus,
        mode: z.enum(["incremental", "full"]).nullable(),
        created_at: instant,
        finished_at: instant.nullable(),
        error: z.object({ code: z.string(), message: z.string() }).nullable(),
      })
      .nullable(),
    sync_metrics: syncMetrics.partial().nullable().meta({ description: "Of the last finished sync" }),
    last_deletion_check: z.string().nullable(),
    page_count: z.int().meta({ description: "Pages that search finds" }),
    chunk_count: z.int(),
    failed_page_count: z.int(),
    hidden_page_count: z
      .int()
      .meta({ description: "Not visible to the account at the moment: kept, left out of search" }),
    deleted_page_count: z.int(),
    next_sync_at: instant.nullable().meta({ description: "An instant in the past: due now" }),
    next_deletion_check_at: instant.nullable(),
    paused_until: instant.nullable(),
    last_pulse_at: instant.nullable().meta({
      description:
        "When all spaces of the site were last asked for changes, which happens each minute; null: the site is not, and only intervals apply",
    }),
    warnings: z.array(warning),
    drift: z.object({ count: z.int(), last_at: instant, example: z.string() }).nullable().meta({
      description:
        "Responses of Confluence that differed from their description, and listed items that could not be parsed and were skipped; null: none so far",
    }),
    created_at: instant,
    updated_at: instant,
  })
  .meta({ id: "Source" });

const createdSource = sourceSchema
  .extend({
    account: z.object({ account_id: z.string(), display_name: z.string().nullable() }),
    confluence_page_count: z
      .int()
      .nullable()
      .meta({ description: "Pages that the account sees in the space; null when Confluence does not say" }),
  })
  .meta({ id: "CreatedSource" });

/** Postgres' own text search configurations. */
export const searchLanguage = z.enum([
  "simple",
  "arabic",
  "danish",
  "dutch",
  "english",
  "finnish",
  "french",
  "german",
  "greek",
  "hungarian",
  "indonesian",
  "irish",
  "italian",
  "lithuanian",
  "nepali",
  "norwegian",
  "portuguese",
  "romanian",
  "russian",
  "serbian",
  "spanish",
  "swedish",
  "tamil",
  "turkish",
]);

export const siteErrors = [
  "email_required",
  "credentials_rejected",
  "credentials_forbidden",
  "scope_missing",
  "not_confluence",
  "address_refused",
  "space_not_found",
  "confluence_unreachable",
  "confluence_rate_limited",
] as const;

export const createSource = contract({
  id: "createSource",
  method: "POST",
  paths: ["/api/confluence/sources"],
  scope: "sources:write",
  tag: "Sources",
  summary: "Add a Confluence space",
  description:
    "Asks Confluence for the account and the space first: what is stored works. What the token may not do beside that (labels, names, folders) is listed in `warnings`. The first sync is started by `POST …/sync`, or within a minute when an interval is set.",
  body: z
    .strictObject({
      base_url: text(2000).meta({
        description: "The site, with or without /wiki",
        example: "https://acme.atlassian.net",
      }),
      email: email.optional(),
      api_token: apiToken,
      space_key: text(255)
        .regex(/^[A-Za-z0-9._~-]+$/, "is not a space key")
        .meta({ example: "DOCS" }),
      title: title.optional().meta({ description: "The space's name unless set" }),
      deletion_strategy: deletionStrategy.default("weekly_reconciliation"),
      sync_interval_minutes: syncInterval.optional(),
      content: content.default(NEW_SOURCE_CONTENT),
      access: accessMode.default("unrestricted"),
      unreadable_containers: unreadableContainers.default("hide"),
      verify: verification.default("stored"),
      search_language: searchLanguage.default("english").meta({
        description:
          "Whose word forms are found alike; `simple`: none, for languages that are not listed, such as Chinese, Japanese, Korean, Thai",
      }),
    })
    .refine(...verifiesPeople)
    .meta({ id: "NewSource" }),
  responses: { 201: createdSource },
  errors: [
    "source_exists",
    "invalid_base_url",
    ...siteErrors,
    "request_in_progress",
    "idempotency_key_reused",
  ],
  idempotent: true,
  examples: {
    request: {
      base_url: "https://acme.atlassian.net",
      email: "sync@example.com",
      api_token: "ATATT3xFfGF0example",
      space_key: "DOCS",
      deletion_strategy: "weekly_reconciliation",
      sync_interval_minutes: 30,
    },
  },
});

export const listSources = contract({
  id: "listSources",
  method: "GET",
  paths: ["/api/confluence/sources"],
  scope: "sources:read",
  tag: "Sources",
  summary: "List sources",
  query: z.strictObject({ ...paging }),
  responses: { 200: z.object({ sources: z.array(sourceSchema), next_cursor: nextCursor }) },
  errors: ["invalid_cursor"],
});

export const getSource = contract({
  id: "getSource",
  method: "GET",
  paths: ["/api/confluence/{source_id}"],
  scope: "sources:read",
  tag: "Sources",
  summary: "One source",
  params: sourceParams,
  responses: { 200: sourceSchema },
  errors: ["source_not_found"],
});

export const updateSource = contract({
  id: "updateSource",
  method: "PATCH",
  paths: ["/api/confluence/{source_id}"],
  scope: "sources:write",
  tag: "Sources",
  summary: "Change title, token, strategy, interval, access",
  description:
    "A new token (or e-mail) is tried before it is stored, and makes a source with expired credentials active again. A token of another account is accepted and changes `account_id`: that account may see other pages.",
  params: sourceParams,
  body: z
    .strictObject({
      title: title.optional(),
      email: email.nullable().optional(),
      api_token: apiToken.optional(),
      deletion_strategy: deletionStrategy.optional(),
      sync_interval_minutes: syncInterval.optional(),
      content: contentChanges.optional(),
      access: accessMode.optional(),
      unreadable_containers: unreadableContainers.optional(),
      verify: verification.optional(),
    })
    .meta({ id: "SourceChanges" }),
  responses: { 200: sourceSchema },
  errors: ["source_not_found", ...siteErrors, "space_changed", "token_missing"],
  examples: { request: { api_token: "ATATT3xFfGF0rotated", sync_interval_minutes: 60 } },
});

export const deleteSource = contract({
  id: "deleteSource",
  method: "DELETE",
  paths: ["/api/confluence/{source_id}"],
  scope: "sources:write",
  tag: "Sources",
  summary: "Delete a source with its pages and chunks",
  description:
    "Every endpoint stops showing the source at once, its token is deleted and the space can be added again; its rows are removed in the background. If its site has a rule for spaces, the space is excluded from it, so that discovery does not add it again: take its key out of `exclude` to have it back.",
  params: sourceParams,
  responses: { 204: null },
  errors: ["source_not_found"],
});
