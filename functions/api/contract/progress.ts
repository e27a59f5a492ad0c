import { z } from "zod";
import { CONTENT_KINDS } from "#shared/content-kinds.ts";
import { CHANGE_OUTCOMES } from "#shared/syncs/operations/changes.ts";
import { contract } from "#functions/runtime/http-contract.ts";
import { DEFAULT_LIMIT, id, instant, MAX_LIMIT, nextCursor, operationParams, paging } from "./fields.ts";
import {
  count,
  operationError,
  operationSchema,
  operationStatus,
  operationType,
  plannedChange,
} from "./operations.ts";

/**
 * `/api/progress` is Archon's: its clients treat a response with a truthy `error` as a failed request, and know of these statuses
 * what runs and what has ended. The exact status and the error's code are beside them. `GET …/status` has neither.
 */
export const progressSchema = operationSchema
  .extend({
    status: z.enum(["processing", "completed", "failed", "cancelled"]).meta({
      description: "For clients of Archon: `processing` while it runs, `failed` also when it is held",
    }),
    operation_status: operationStatus.meta({ description: "The status itself" }),
    error: z
      .string()
      .nullable()
      .meta({ description: "Why it failed or is held; null when it was cancelled" }),
    error_details: operationError.nullable(),
    pages_crawled: count.meta({ description: "The same as `pages_processed`" }),
    total_pages: count.meta({ description: "`pages_processed` and `pages_to_process`" }),
    documents_created: count.meta({ description: "Pages added or updated" }),
  })
  .meta({ id: "Progress" });

const listedProgress = progressSchema.omit({ planned_changes: true }).meta({ id: "ListedProgress" });

const common = { scope: "sources:read", tag: "Operations", errorShape: "detail" } as const;

export const listProgress = contract({
  ...common,
  id: "listProgress",
  method: "GET",
  paths: ["/api/progress"],
  summary: "Operations, newest first",
  description: `Without any parameter only operations that run, at most ${MAX_LIMIT}, which is what Archon's clients expect of \`/api/progress/\`; with a parameter also those that have ended. What follows a \`next_cursor\` is of the same kind.`,
  query: z.strictObject({
    ...paging,
    limit: paging.limit
      .unwrap()
      .optional()
      .meta({ description: `1 to ${MAX_LIMIT} entries; ${DEFAULT_LIMIT} unless set` }),
    source_id: id.optional(),
    operation_type: operationType.optional(),
    running: z.enum(["true", "false"]).optional().meta({ description: "true: only those that run" }),
  }),
  responses: {
    200: z.object({ operations: z.array(listedProgress), count, next_cursor: nextCursor }),
  },
  errors: ["invalid_cursor"],
});

export const getProgress = contract({
  ...common,
  id: "getProgress",
  method: "GET",
  paths: ["/api/progress/{operation_id}", "/api/crawl-progress/{operation_id}"],
  summary: "One operation",
  description: "`X-Poll-Interval`: milliseconds after which asking again makes sense; 0: it has ended.",
  params: operationParams,
  responses: { 200: progressSchema },
  errors: ["operation_not_found"],
});

export const listPlannedChanges = contract({
  ...common,
  id: "listPlannedChanges",
  method: "GET",
  paths: ["/api/progress/{operation_id}/planned-changes"],
  summary: "What a dry run would do, and what a held deletion check would delete or hide",
  description: "By outcome and page id, each page with its reason. Empty for any other operation.",
  params: operationParams,
  query: z.strictObject(paging),
  responses: {
    200: z.object({
      operation_id: operationParams.shape.operation_id,
      planned_changes: z.array(plannedChange),
      next_cursor: nextCursor,
    }),
  },
  errors: ["operation_not_found", "invalid_cursor"],
});

export const changeSchema = z
  .object({
    page_id: z.string(),
    kind: z.enum(CONTENT_KINDS),
    title: z.string(),
    url: z.string(),
    outcome: z.enum(CHANGE_OUTCOMES),
    reason: z.string().nullable().meta({ description: "Why it was worked on, deleted or hidden" }),
    error: operationError.nullable().meta({ description: "Of what failed" }),
    chunks_added: count,
    chunks_kept: count,
    chunks_removed: count,
    embeddings_created: count,
    at: instant,
  })
  .meta({ id: "Change" });

export const listChanges = contract({
  ...common,
  id: "listChanges",
  method: "GET",
  paths: ["/api/progress/{operation_id}/changes"],
  summary: "What an operation changed",
  description: `By page id, each page, file and document of comments with its outcome; what was found unchanged is not listed, and a dry run changes nothing. Kept for 7 days after the operation's end, or as many as CHANGE_RETENTION_DAYS says; what failed as long as the operation.`,
  params: operationParams,
  query: z.strictObject({
    ...paging,
    outcome: z.enum(CHANGE_OUTCOMES).optional(),
    kind: z.enum(CONTENT_KINDS).optional(),
  }),
  responses: {
    200: z.object({
      operation_id: operationParams.shape.operation_id,
      changes: z.array(changeSchema),
      next_cursor: nextCursor,
    }),
  },
  errors: ["operation_not_found", "invalid_cursor"],
});
