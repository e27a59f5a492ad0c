import { z } from "zod";
import { CONTENT_KINDS } from "#shared/content-kinds.ts";
import { operationStatuses } from "#shared/operation-statuses.ts";
import { ofEachMetric } from "#shared/sync-metrics.ts";
import { FAILING_WARNINGS } from "#shared/syncs/operations/failing.ts";
import { operationTypes } from "#shared/syncs/operations/operation-types.ts";
import { contract } from "#functions/runtime/http-contract.ts";
import { confluenceId, findableSeconds, id, instant, nextCursor, paging, sourceParams } from "./fields.ts";

export const operationStatus = z.enum(operationStatuses).meta({ id: "OperationStatus" });

export const operationType = z.enum(operationTypes);

export const count = z.int().nonnegative();

export const syncMetrics = z
  .object({
    ...ofEachMetric(() => count),
    duration: z.number().nonnegative().meta({ description: "Seconds" }),
    duration_ms: z.number().nonnegative(),
  })
  .meta({ id: "SyncMetrics" });

export const plannedChange = z
  .object({
    page_id: z.string(),
    kind: z.enum(CONTENT_KINDS).meta({ description: "`page` also for a blog post that is not stored yet" }),
    title: z.string(),
    url: z.string().meta({ description: "Where people read it; empty while it is not known" }),
    outcome: z.enum(["added", "updated", "moved", "restored", "deleted", "hidden"]),
    reason: z.string(),
  })
  .meta({ id: "PlannedChange" });

export const operationError = z.object({ code: z.string(), message: z.string() });

/**
 * What an operation has done. The camelCase fields say the same to clients of Archon's progress endpoint; seconds passed or
 * left are not among them, because a response changes only when something happened.
 */
export const operationSchema = z
  .object({
    operation_id: z.uuid(),
    source_id: id,
    operation_type: operationType,
    status: operationStatus,
    stage: z.string().meta({ description: "What it is doing, for people" }),
    mode: z.enum(["incremental", "full"]).nullable(),
    dry_run: z.boolean(),
    actor: z.string().meta({ description: "api, schedule, pulse, manual, after_sync, hook" }),
    percent: z.number().min(0).max(100).meta({ description: "Never decreases; 100 once it has completed" }),
    pages_listed: count,
    pages_to_process: count.meta({ description: "Waiting or being worked on" }),
    pages_processed: count,
    chunks_per_second: z.number().nullable(),
    eta: instant.nullable().meta({ description: "When it should end at its speed so far" }),
    sync_metrics: syncMetrics,
    failed_pages: z
      .array(z.object({ page_id: z.string(), title: z.string(), code: z.string(), message: z.string() }))
      .meta({ description: "The first 50; all of them: `GET …/pages?status=failed`" }),
    planned_changes: z.array(plannedChange).meta({
      description:
        "What a dry run would do, or what a held deletion check would delete or hide. The first 50; all of them: `GET /api/progress/{operation_id}/planned-changes`",
    }),
    log: z
      .array(z.object({ at: instant, message: z.string() }))
      .meta({ description: "The last events, oldest first" }),
    error: operationError.nullable(),
    warnings: z
      .array(z.object({ code: z.enum(FAILING_WARNINGS), message: z.string() }))
      .meta({ description: "Why it makes no progress, and when the next attempt is" }),
    created_at: instant,
    started_at: instant.nullable(),
    finished_at: instant.nullable(),
    progressId: z.uuid(),
    progress: z.number(),
    message: z.string(),
    currentStep: z.string(),
    logs: z.array(z.string()),
    details: z.object({
      totalPages: count,
      processedPages: count,
      embeddingsCreated: count,
      chunksPerSecond: z.number().nullable(),
    }),
  })
  .meta({ id: "Operation" });

const started = z.object({ operation_id: z.uuid() }).meta({ id: "StartedOperation" });

const startedExample = { operation_id: "0b6f2c1e-6d0a-4a3f-9a50-8f8d0f0f7a11" };

export const triggerSync = contract({
  id: "triggerSync",
  method: "POST",
  paths: ["/api/confluence/{source_id}/sync"],
  scope: "sources:write",
  tag: "Operations",
  summary: "Start a sync",
  description:
    "`incremental` fetches what changed since the last sync; `full` lists the whole space and also finds moves and labels. `dry_run` lists and reports what would be done.",
  params: sourceParams,
  body: z.strictObject({
    mode: z.enum(["incremental", "full"]).default("incremental"),
    dry_run: z.boolean().default(false),
  }),
  responses: { 202: started },
  errors: ["source_not_found", "operation_running", "request_in_progress", "idempotency_key_reused"],
  idempotent: true,
  examples: { request: { mode: "incremental" }, responses: { 202: startedExample } },
});

export const syncPage = contract({
  id: "syncPage",
  method: "POST",
  paths: ["/api/confluence/{source_id}/pages/{page_id}/sync"],
  scope: "sources:write",
  tag: "Operations",
  summary: "Bring one page up to date now",
  description:
    "Asks Confluence for the page by its id and compares versions. If the page, its comments or files on it failed before, they are tried again, however often they failed. A page that is trashed, archived, moved or not visible goes by the rules of a deletion check. While another operation of the source runs the response is 409, and the page has its turn when that ends.",
  params: sourceParams.extend({ page_id: confluenceId }),
  responses: { 202: started },
  errors: ["source_not_found", "operation_running", "request_in_progress", "idempotency_key_reused"],
  idempotent: true,
  examples: { responses: { 202: startedExample } },
});

export const checkDeletions = contract({
  id: "checkDeletions",
  method: "POST",
  paths: ["/api/confluence/{source_id}/deletion-check"],
  scope: "sources:write",
  tag: "Operations",
  summary: "Start a deletion check",
  description:
    "Lists the whole space, asks for each missing page by id and deletes or hides what is gone. `force` resumes where a check was held because it exceeded the deletion limit.",
  params: sourceParams,
  body: z.strictObject({ dry_run: z.boolean().default(false), force: z.boolean().default(false) }),
  responses: { 202: started },
  errors: ["source_not_found", "operation_running", "request_in_progress", "idempotency_key_reused"],
  idempotent: true,
  examples: { request: { dry_run: true }, responses: { 202: startedExample } },
});

export const cancelSync = contract({
  id: "cancelSync",
  method: "POST",
  paths: ["/api/confluence/{source_id}/cancel"],
  scope: "sources:write",
  tag: "Operations",
  summary: "Cancel the running operation",
  description: "What was stored stays; pages not reached keep their former content.",
  params: sourceParams,
  responses: { 202: started },
  errors: ["source_not_found", "no_operation_running"],
});

export const getStatus = contract({
  id: "getStatus",
  method: "GET",
  paths: ["/api/confluence/{source_id}/status"],
  scope: "sources:read",
  tag: "Operations",
  summary: "The running operation of a source, else its last one",
  description: "`X-Poll-Interval`: milliseconds after which asking again makes sense; 0: it has ended.",
  params: sourceParams,
  responses: {
    200: z.union([
      operationSchema.extend({ findable_seconds: findableSeconds }).meta({ id: "SourceStatus" }),
      z
        .object({ source_id: id, operation_id: z.null(), status: z.literal("never_synced") })
        .meta({ id: "NeverSynced" }),
    ]),
  },
  errors: ["source_not_found"],
});

export const listHeldDeletions = contract({
  id: "listHeldDeletions",
  method: "GET",
  paths: ["/api/confluence/{source_id}/held-deletions"],
  scope: "sources:read",
  tag: "Operations",
  summary: "What the held deletion check of a source would delete or hide",
  description:
    "Of the last deletion check, when it was held because it exceeded the deletion limit, without what was approved or rejected since. `POST …/deletion-check` with `force` does it all. `operation_id` is null when nothing is held.",
  params: sourceParams,
  query: z.strictObject(paging),
  responses: {
    200: z.object({
      source_id: id,
      operation_id: z.uuid().nullable(),
      held_at: instant.nullable(),
      held_deletions: z.array(plannedChange),
      held_comments: count.meta({
        description:
          "Comments that it would take away: they are not listed, and only a deletion check with `force` does it",
      }),
      next_cursor: nextCursor,
    }),
  },
  errors: ["source_not_found", "invalid_cursor"],
});

const decision = z.strictObject({
  operation_id: z.uuid().meta({ description: "The held check, as the list of held deletions names it" }),
  page_ids: z
    .array(id)
    .min(1)
    .max(1000)
    .optional()
    .meta({ description: "All that are undecided unless set; ids that are not held are ignored" }),
});

const decisionExample = { operation_id: startedExample.operation_id, page_ids: ["98306", "98309"] };

export const approveDeletions = contract({
  id: "approveDeletions",
  method: "POST",
  paths: ["/api/confluence/{source_id}/held-deletions/approve"],
  scope: "sources:write",
  tag: "Operations",
  summary: "Delete or hide what a held deletion check would",
  description:
    "Starts an operation that asks Confluence for each of these pages, blog posts and files again and deletes or hides it by the rules of a deletion check; one that is back stays. A page takes its comments and files with it. What is neither approved nor rejected stays held, as does what is approved until it is done: when the operation fails or is cancelled, approve again. Held comments are decided by `POST …/deletion-check` with `force` alone.",
  params: sourceParams,
  body: decision,
  responses: { 202: started },
  errors: [
    "source_not_found",
    "nothing_held",
    "operation_running",
    "request_in_progress",
    "idempotency_key_reused",
  ],
  idempotent: true,
  examples: { request: decisionExample, responses: { 202: startedExample } },
});

export const rejectDeletions = contract({
  id: "rejectDeletions",
  method: "POST",
  paths: ["/api/confluence/{source_id}/held-deletions/reject"],
  scope: "sources:write",
  tag: "Operations",
  summary: "Keep what a held deletion check would delete or hide",
  description:
    "These pages stay as they are until the next deletion check, which asks for them again. When nothing is left to decide the hold ends. Of what is being deleted, whatever is rejected in time stays too. Repeated, the response is the same.",
  params: sourceParams,
  body: decision,
  responses: {
    200: z.object({
      rejected: count.meta({ description: "How many of them are rejected" }),
      held: count.meta({ description: "How many listed deletions are left to decide" }),
    }),
  },
  errors: ["source_not_found", "nothing_held"],
  examples: { request: decisionExample, responses: { 200: { rejected: 2, held: 9 } } },
});
