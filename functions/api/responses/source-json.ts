import type { z } from "zod";
import { lossWithout } from "#shared/confluence/scopes.ts";
import type { SourceOverview } from "#shared/sources/source-overviews.ts";
import { OPTIONAL_CALLS, type OptionalCall, type Refusal } from "#shared/sources/refused-calls.ts";
import { failing, failingWarning } from "#shared/syncs/operations/failing.ts";
import { later } from "#shared/syncs/later.ts";
import { CHECK_INTERVAL_MS, tickOfCheck } from "#shared/syncs/schedules/weekly-check.ts";
import { accessJson, accessWarnings } from "./access-json.ts";
import type { sourceSchema } from "#functions/api/contract/sources.ts";

type SourceJson = z.input<typeof sourceSchema>;

/** A source as the API returns it. Nothing in it changes while nothing happens: what is due keeps the instant at which it became due. */
export function sourceJson(source: SourceOverview): SourceJson {
  const { metadata } = source;
  return {
    source_id: source.sourceId,
    title: source.title,
    base_url: source.baseUrl,
    space_key: source.spaceKey,
    space_id: source.spaceId,
    space_name: source.spaceName,
    account_id: source.accountId,
    email: source.email,
    status: source.status === "deleting" ? "active" : source.status,
    sync_status: source.running?.status ?? source.lastSync?.status ?? "never_synced",
    running_operation_id: source.running?.operationId ?? null,
    deletion_strategy: metadata.deletion_strategy,
    sync_interval_minutes: source.syncIntervalMinutes,
    search_language: source.searchLanguage,
    content: source.content,
    access: accessJson(source),
    embedding_model: source.embeddingModel,
    last_sync_timestamp: metadata.last_sync_timestamp,
    last_sync: source.lastSync && {
      operation_id: source.lastSync.operationId,
      status: source.lastSync.status,
      mode: source.lastSync.mode,
      created_at: source.lastSync.createdAt.toISOString(),
      finished_at: iso(source.lastSync.finishedAt),
      error: source.lastSync.error,
    },
    sync_metrics: metadata.sync_metrics,
    last_deletion_check: metadata.last_deletion_check,
    page_count: source.pageCount,
    chunk_count: source.chunkCount,
    failed_page_count: source.failedPageCount,
    hidden_page_count: source.hiddenPageCount,
    deleted_page_count: source.deletedPageCount,
    next_sync_at: iso(nextSyncAt(source)),
    next_deletion_check_at: iso(nextDeletionCheckAt(source)),
    paused_until: iso(source.pausedUntil),
    last_pulse_at: iso(source.lastPulseAt),
    warnings: warningsOf(source),
    drift: metadata.drift,
    created_at: source.createdAt.toISOString(),
    updated_at: source.updatedAt.toISOString(),
  };
}

function iso(date: Date | null): string | null {
  return date === null ? null : date.toISOString();
}

/** The start of the last sync and the interval; a source that was never synced is due since it was made. */
function nextSyncAt(source: SourceOverview): Date | null {
  if (source.syncIntervalMinutes === null || source.status !== "active") return null;
  if (!source.lastSync) return source.createdAt;
  return new Date(source.lastSync.createdAt.getTime() + source.syncIntervalMinutes * 60_000);
}

/** The daily tick that follows a week after the last check; the next one for a source that was synced and never checked. */
function nextDeletionCheckAt(source: SourceOverview): Date | null {
  const { deletion_strategy, last_deletion_check, last_sync_timestamp } = source.metadata;
  if (deletion_strategy !== "weekly_reconciliation" || last_sync_timestamp === null) return null;
  return tickOfCheck(
    last_deletion_check === null ? source.createdAt : later(new Date(last_deletion_check), CHECK_INTERVAL_MS),
  );
}

/** What a source lacks while a call is refused. */
const WITHOUT: Record<OptionalCall, string> = {
  labels: lossWithout("read:label:confluence"),
  names: lossWithout("read:user:confluence"),
  rendered: "content rendered by macros is missing from pages",
  comments: lossWithout("read:content.metadata:confluence"),
  files: lossWithout("read:attachment:confluence"),
  folders: "breadcrumbs omit folders that are not known yet",
};

function refusedWarning(call: OptionalCall, refusal: Refusal): SourceJson["warnings"][number] {
  if (refusal.code === "scope_missing") {
    const scope = refusal.scope ?? "a scope";
    return {
      code: "scope_missing",
      message: `The API token lacks ${scope}, which ${refusal.call ?? "a call"} needs: ${WITHOUT[call]}. Add the scope to the token`,
    };
  }
  return {
    code: "optional_call_failing",
    message: `${refusal.message} (${refusal.code}, ${refusal.call ?? call}, since ${refusal.since}): ${WITHOUT[call]}. The next sync tries again`,
  };
}

function warningsOf(source: SourceOverview): SourceJson["warnings"] {
  const warnings: SourceJson["warnings"] = [];
  if (source.running?.failing) warnings.push(failingWarning(failing.parse(source.running.failing)));
  if (source.status === "credentials_expired") {
    warnings.push({
      code: "credentials_expired",
      message: "Confluence rejects the API token: PATCH the source with a new api_token",
    });
  }
  if (source.status === "space_unavailable") {
    warnings.push({
      code: "space_unavailable",
      message: `The account can no longer access the space ${source.spaceKey}: check its permissions. No indexed pages were deleted`,
    });
  }
  if (source.metadata.deletions_held) {
    warnings.push({
      code: "deletions_held",
      message:
        "The last deletion check exceeded the deletion limit and is on hold: review GET …/held-deletions, then POST …/held-deletions/approve or …/reject; POST …/deletion-check with force does it all",
    });
  }
  if (source.lastSync?.status === "failed") {
    warnings.push({
      code: "last_sync_failed",
      message: source.lastSync.error?.message ?? "The last sync failed",
    });
  }
  for (const call of OPTIONAL_CALLS) {
    const refusal = source.refusedCalls[call];
    if (refusal) warnings.push(refusedWarning(call, refusal));
  }
  if (source.unrenderedPageCount > 0) {
    warnings.push({
      code: "rendered_missing",
      message: `${source.unrenderedPageCount} pages are stored without the content of their macros, because Confluence did not render it: GET …/pages has the reason in rendered_missing. The next sync tries again`,
    });
  }
  if (source.failedPageCount > 0) {
    warnings.push({
      code: "pages_failed",
      message: `${source.failedPageCount} pages could not be updated (most often ${source.failedPageCode}): GET …/pages?status=failed`,
    });
  }
  return [...warnings, ...accessWarnings(source)];
}
